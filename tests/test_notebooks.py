"""The lessons: fresh, without outputs, and run top to bottom in a real kernel, with the numbers that they speak of."""

import json
import os
import re
import shutil
import subprocess
import sys
from decimal import ROUND_HALF_UP, Decimal

import nbformat
import pytest
import torch
from nbclient import NotebookClient

from idspam_lab.demo import run_demo
from idspam_lab.training.device import computes_bf16

in_full = pytest.mark.skipif(
    not computes_bf16(torch.device("cpu")) and not os.environ.get("IDSPAM_FULL"),
    reason="in full the lessons take an hour on a processor that cannot multiply bf16; IDSPAM_FULL=1 runs them there",
)
LESSONS = ("00_start_here", "01_id_spam_from_scratch", "06_compare_methods", "07_ablations_and_audit")


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
    """Everything that the cells printed or returned as text; a cell's own lines stay together."""
    parts = []
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        # a busy kernel sends what a cell prints in several pieces, perhaps with a warning in between
        for stream in ("stdout", "stderr"):
            parts.append("".join(output.text for output in outputs if output.get("name") == stream))
        for data in (output.get("data", {}) for output in outputs):
            parts += [data.get("text/plain", ""), data.get("text/markdown", "")]
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


COUNTED = r"^(LPT|LoRA|mean pooling) +(\d+) +(\d+) +(\d+) +\d"
LEAD = r"^\d+ +(\S.*?) +(-?[\d.]+) +-?[\d.]+ +-?[\d.]+ +5 +(?:True|False)$"  # a row of pairwise
TOLD_APART = LEAD.replace("(?:True|False)", "True")


def check_comparison(notebook):
    text = text_of(notebook)
    assert text.count("Not yet: it returns nothing yet") == 2
    assert re.search(r"prompt tuning +7,680\n", text)  # "7,680 numbers in all"
    sizes = re.findall(r"^(\S.*?) +([\d,]+)$", text, re.MULTILINE)[:13]
    assert sizes[0][0] == "linear head" and sizes[-1][0] == "fine-tuning" and sizes[-2][0] == "prefix tuning"
    assert "5 of 8: LPT, seed 0" in text  # two seeds of four methods
    assert "idspam-lab compare --task rotten_tomatoes" in text
    told_apart = dict(re.findall(TOLD_APART, text, re.MULTILINE))
    better = {method for method, difference in told_apart.items() if float(difference) < 0}
    assert better == {"fine-tuning"} and told_apart.keys() - better == {"linear head"}
    leads = dict(re.findall(LEAD, text, re.MULTILINE))
    assert float(leads["prefix tuning"]) == pytest.approx(-1.2, abs=0.05)
    assert 0 < float(leads["prompt tuning"]) < 0.5
    assert re.search(r"DePT .* 73\.8 ", text)
    assert pictures_of(notebook) == 1


def check_audit(notebook):
    text = text_of(notebook)
    assert text.count("Not yet: it returns nothing yet") == 3
    assert number(r"untrained prompt that are exactly 0: (\d+)%", text) > 30
    assert number(r"without the outer ReLU: (\d+)%", text) == 0
    told_apart = dict(re.findall(TOLD_APART, text, re.MULTILINE))
    assert told_apart.keys() == {"ID-SPAM (positions=true)", "linear head"}
    leads = dict(re.findall(LEAD, text, re.MULTILINE))
    assert abs(float(leads["mean pooling"])) < 0.05
    assert float(leads["ID-SPAM (lora=8)"]) == pytest.approx(-1.5, abs=0.05)
    assert text.count("| rotten_tomatoes, 4 epochs, reads the mean | ID-SPAM") == 11  # looked into
    of_films = r"^\| rotten_tomatoes, \d+ epochs, .*\| ([+-][\d.]+) \(.* \| ([+-][\d.]+) \("
    looked = re.findall(of_films, text, re.MULTILINE)
    assert len(looked) == 13 and all(lead.startswith("-") for row in looked for lead in row)  # "behind both"
    of_pairs = r"^\| qqp, (\d+ epochs), reads the mean \| (.*?) \| .*\| .*? \| (.*?) \((.*?) to (.*?)\) \|$"
    pairs = re.findall(of_pairs, text, re.MULTILINE)
    told = {row[:2]: (float(row[2]), (float(row[3]) > 0) - (float(row[4]) < 0)) for row in pairs}
    assert len(told) == 13 and told.pop(("4 epochs", "ID-SPAM (lora=8), block 3"))[1] == 0
    assert {sign for _, sign in told.values()} == {-1} and max(lead for lead, _ in told.values()) < -4
    best = re.findall(r"^\| rotten_tomatoes, 4 epochs.*?\| (.*?) \| [\d.]+ \| ([\d.]+) \|", text, re.MULTILINE)
    assert max(best, key=lambda row: float(row[1]))[0] == "ID-SPAM, block 1"
    told = r"lead over LPT is (\S+ \(.*?\)) after 2,500 .* and (\S+ \(.*?\)) after 65,349"
    few, many = re.search(told, text).groups()
    (few, _, few_high), (many, many_low, _) = (map(float, re.findall(r"[+-][\d.]+", lead)) for lead in (few, many))
    assert (few, many) == (-1.3, 0.8) and few_high > 0 and many_low > 0  # "not told apart", "which is"
    counts = {name: list(map(int, found)) for name, *found in re.findall(COUNTED, text, re.MULTILINE)}
    assert counts.keys() == {"LPT", "LoRA", "mean pooling"}
    ahead, behind, leads = counts.pop("LoRA")
    assert 0.4 < (ahead + behind) / leads < 0.5 and behind > 2 * ahead  # "nearly half", "most of these are LoRA's"
    for ahead, behind, leads in counts.values():  # "most ... are not told apart"
        assert 2 * (ahead + behind) < leads
    without, with_positions = re.findall(r"the two prompts differ by ([\d.e+-]+)", text)
    assert float(without) < 1e-5 < 1e-4 < float(with_positions)
    assert "39 printed means; the furthest is off by 0.050" in text  # "none is wrong"
    assert "6 means lie half way; 6 are printed with an even last digit" in text
    halves = re.findall(r" (\d\d\.\d5) +(\d\d\.\d)$", text, re.MULTILINE)
    up = [str(Decimal(mean).quantize(Decimal("0.1"), ROUND_HALF_UP)) for mean, _ in halves]
    assert len(halves) == 6 and sum(mine != printed for mine, (_, printed) in zip(up, halves, strict=True)) == 4
    gains = re.findall(r"printed +([\d.]+)%   mean of the gains ([\d.]+)%   gain of the mean ([\d.]+)%", text)
    assert [[f"{float(found):.{len(row[0].partition('.')[2])}f}" == row[0] for found in row[1:]] for row in gains] == [
        [True, False], [False, True], [True, True], [False, True]
    ]  # fmt: skip
    assert number(r"over LPT +printed +2.3%   mean of the gains ([\d.]+)%", text) == pytest.approx(3.1, abs=0.05)
    assert "saves 6.81% of LPT's time; LPT takes 7.31% longer" in text
    assert "15 of 16 pass; of all numbers with one decimal 83% would" in text
    assert re.search(r"roberta-base +Fine-tuning +RTE +82\.5", text)
    assert re.search(r"ID-SPAM +6\n", text) and "all methods but ID-SPAM: 2 of 41 pairs are equal" in text
    assert re.search(r"yes +97\nno +10\nperhaps +5\n", text)
    shown = re.findall(r"^Table (\d+), .*: does not add up$", text, re.MULTILINE)
    assert len(shown) == 10 and sum(table in ("12", "13") for table in shown) == 8  # "eight of the ten are counts"
    too_much = re.findall(r"too much: +([\d.]+) M   LoRA: +([\d.]+) M", text)
    assert len(too_much) == 5 and all(difference == lora for difference, lora in too_much)


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


def test_code_is_no_wider_than_a_projector_shows(folder):
    for path in [*folder.glob("*.ipynb"), *folder.glob("solutions/*.ipynb")]:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                assert max(map(len, cell.source.split("\n"))) <= 100, (path.name, cell.source)


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


def test_the_audit(folder):
    check_audit(execute(folder / "07_ablations_and_audit.ipynb"))


def test_comparison_on_few_texts_and_a_second_time(folder):
    path = folder / "06_compare_methods.ipynb"
    first = execute(path, IDSPAM_QUICK="1")
    check_comparison(first)
    again = execute(path, IDSPAM_QUICK="1")
    rows = [re.findall(r"^rotten_tomatoes .*$", text_of(notebook), re.MULTILINE) for notebook in (first, again)]
    assert rows[0] == rows[1]  # read back, to the last millisecond


@pytest.mark.parametrize(
    ("lesson", "exercises"), [("01_id_spam_from_scratch", 3), ("06_compare_methods", 2), ("07_ablations_and_audit", 3)]
)
def test_solutions_pass_their_checks(folder, lesson, exercises):
    assert text_of(execute(folder / "solutions" / f"{lesson}.ipynb")).count("Right: ") == exercises


@pytest.mark.slow
def test_start_here_without_a_result_makes_a_small_one(folder):
    notebook = execute(folder / "00_start_here.ipynb")
    check_first(notebook)
    assert "600 texts are trained on now" in text_of(notebook)


@pytest.mark.slow
@in_full
def test_from_scratch_in_full_and_a_second_time(folder):
    path = folder / "01_id_spam_from_scratch.ipynb"
    first = text_of(execute(path))
    check_second(execute(path))  # after a kernel restart: the run is read back
    assert re.search(r"590,594 trained parameters, \d+ s, kept epoch [12]", first)
    seconds = [number(r"trained parameters, (\d+) s", text) for text in (first, text_of(execute(path)))]
    assert seconds[0] == seconds[1]  # the same run's time, not a new one's
