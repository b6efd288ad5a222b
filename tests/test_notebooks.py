"""The lessons: fresh, without outputs, and run top to bottom in a real kernel, with the numbers that they speak of."""

import json
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from idspam_lab.demo import run_demo

LESSONS = ("00_start_here", "01_id_spam_from_scratch")


@pytest.fixture
def folder(tmp_path, request):
    """A copy of the lessons, so that what they write (runs/) does not stay."""
    return shutil.copytree(request.config.rootpath / "notebooks", tmp_path / "notebooks")


def execute(path, **environment):
    """Runs a notebook as a student would; returns it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MPLBACKEND", raising=False)  # in a kernel, pictures are shown below their cell
        for name, value in environment.items():
            patch.setenv(name, value)
        NotebookClient(
            notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": path.parent}}
        ).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            assert "Traceback" not in output.get("text", "")
    return notebook


def text_of(notebook):
    """Everything that the cells printed or returned as text."""
    parts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            parts += [output.get("text", ""), data.get("text/plain", ""), data.get("text/markdown", "")]
    return "\n".join(parts)


def pictures_of(notebook):
    return sum("image/png" in o.get("data", {}) for cell in notebook.cells for o in cell.get("outputs", []))


def number(pattern, text):
    return float(re.search(pattern, text).group(1))


def check_first(notebook):
    text = text_of(notebook)
    assert "Ready." in text and "[01 ID-SPAM from scratch](01_id_spam_from_scratch.ipynb)" in text
    assert "majority class" in text and "linear head" in text and "ID-SPAM" in text
    assert "50.0" in text  # "the texts are half positive, half negative"
    assert pictures_of(notebook) == 1


def check_second(notebook):
    text = text_of(notebook)
    assert text.count("Not yet: it returns nothing yet") == 3  # the exercises, as they are given
    assert "c = 34: 2,064,384   <- Table 12" in text
    assert number(r"weight on padding in the second sentence: (\d+)%", text) > 20  # "a good part of the weight"
    assert number(r"alone and in the batch differ by ([\d.e+-]+)", text) < 1e-5
    assert number(r"difference to torch's attention, then the mean: ([\d.e+-]+)", text) < 1e-5
    assert number(r"prompts differ by ([\d.e+-]+)", text) < 1e-5
    assert number(r"the prompt changes by ([\d.e+-]+)", text) < 1e-5
    assert number(r"what the model reads by ([\d.e+-]+)", text) > 0.1
    assert pictures_of(notebook) == 3


def test_notebooks_are_what_their_sources_give(request):
    build = request.config.rootpath / "notebooks" / "build.py"
    done = subprocess.run([sys.executable, str(build), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_stale_notebook_is_noticed_and_a_build_repeats_itself(folder):
    build = [sys.executable, str(folder / "build.py")]
    target = folder / "00_start_here.ipynb"
    before = target.read_bytes()
    target.write_text(target.read_text().replace("Start here", "Start there"))
    stale = subprocess.run([*build, "--check"], capture_output=True, text=True)
    assert stale.returncode == 1 and "00_start_here.ipynb is not what its source gives" in stale.stdout
    subprocess.run(build, check=True)
    assert target.read_bytes() == before


def test_no_notebook_carries_outputs_and_every_link_leads_somewhere(folder):
    for path in [*folder.glob("*.ipynb"), *folder.glob("solutions/*.ipynb")]:
        content = json.loads(path.read_text())
        assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in content["cells"])
        for link in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
            assert link.startswith("https://") or (path.parent / link).is_file(), (path.name, link)


def test_start_here_with_the_demos_result(folder):
    run_demo(folder.parent / "runs" / "demo", limit=40, epochs=1, reviews=10, say=lambda line: None)
    notebook = execute(folder / "00_start_here.ipynb")
    check_first(notebook)
    assert "the result of `make demo` on this machine" in text_of(notebook)


def test_from_scratch_on_few_texts(folder):
    check_second(execute(folder / "01_id_spam_from_scratch.ipynb", IDSPAM_QUICK="1"))


def test_solutions_pass_their_checks(folder):
    assert text_of(execute(folder / "solutions" / "01_id_spam_from_scratch.ipynb")).count("Right: ") == 3


@pytest.mark.slow
def test_start_here_without_a_result_makes_a_small_one(folder):
    notebook = execute(folder / "00_start_here.ipynb")
    check_first(notebook)
    assert "600 texts are trained on now" in text_of(notebook)


@pytest.mark.slow
def test_from_scratch_in_full_and_a_second_time(folder):
    path = folder / "01_id_spam_from_scratch.ipynb"
    first = text_of(execute(path))
    check_second(execute(path))  # after a kernel restart: the run is read back
    assert re.search(r"590,594 trained parameters, \d+ s, kept epoch [12]", first)
    seconds = [number(r"trained parameters, (\d+) s", text) for text in (first, text_of(execute(path)))]
    assert seconds[0] == seconds[1]  # the same run's time, not a new one's
