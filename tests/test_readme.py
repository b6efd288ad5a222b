"""What the README says is so: its commands parse, its code runs, its numbers come from data/results."""

import re
import shlex

import pytest

from idspam_lab.cli.grammar import parser
from idspam_lab.experiments.summary import as_markdown, read_results, summarize


@pytest.fixture(scope="module")
def readme(request):
    return (request.config.rootpath / "README.md").read_text(encoding="utf-8")


def test_every_command_line_parses(readme):
    lines = re.findall(r"^(idspam-lab [^#\n]+)", readme, re.MULTILINE)
    assert len(lines) >= 6
    for line in lines:
        assert callable(parser().parse_args(shlex.split(line)[1:]).run)


def test_results_are_those_of_the_csv_files(readme, request):
    blocks = re.findall(r"<!-- idspam-lab summary (\S+) -->\n(.*?)\n<!-- end -->", readme, re.DOTALL)
    assert blocks
    for path, table in blocks:
        found = as_markdown(summarize(read_results(request.config.rootpath / path)))
        assert table == found, f"run: idspam-lab summary {path}"


@pytest.mark.slow
def test_the_python_example_runs(readme, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    names = {}
    exec(code.replace("load_task(", "load_task(limit=200, what="), names)
    assert names["run"].best["validation_accuracy"] > 0.5
    assert names["clf"].predict(["a gripping , funny film"])[0] in ("pos", "neg")
    size = (tmp_path / "my-adapter" / "adapter.safetensors").stat().st_size
    assert f"{size / 1e6:.1f} MB" in code


def test_whether_to_use_it_is_said_as_the_results_page_says_it(readme, request):
    page = (request.config.rootpath / "data" / "results" / "RESULTS.md").read_text(encoding="utf-8")
    section = page.split("### ID-SPAM is ahead of LoRA.")[1].split("###")[0]
    ahead, leads, behind = re.search(r"In all (\d+) of (\d+) leads count, and (\d+) the other way", section).groups()
    words = " ".join(readme.split())
    assert f"{ahead} of {leads} leads of ID-SPAM over LoRA counts, and {behind} count the other way" in words
