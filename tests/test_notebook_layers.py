"""Lesson 04, run in a real kernel: on few texts for its form, in full for what its prose says."""

import re

import pytest

from idspam_lab.lessons import results_table_of
from tests.test_notebooks import execute, folder, in_full, number, pictures_of, text_of  # noqa: F401

LESSON = "04_layer_curve"


def check(notebook, blocks=6):
    text = text_of(notebook)
    assert text.count("Not yet: it returns nothing yet") == 3  # the exercises, as they are given
    saved = [int(share) for share in re.findall(r"shared: (\d+)% saved", text)]
    assert len(saved) == 3 and all(33 < share < 50 for share in saved)  # "more than a third, but never half"
    assert number(r"the best of  1: ([\d.]+) %", text) == 75
    assert 2.5 < number(r"the best of  6: ([\d.]+) %", text) - 75 < 3.5  # "three points out of nothing"
    picks = re.findall(r"^ +\d+ +(\d) +[\d.]+ +[\d.]+$", text, re.MULTILINE)  # seed, layer, validation, test
    assert picks and all(int(layer) < blocks for layer in picks)
    chosen = int(number(r"Block (\d) \(the first is 0\) was chosen of 6", text))
    best = int(number(r"the best on the validation texts: block (\d)", text))
    assert 0 <= chosen < blocks and best <= int(number(r"the one-error rule: block (\d)", text))
    return text


def test_on_few_texts_and_a_second_time(folder):  # noqa: F811
    path = folder / f"{LESSON}.ipynb"
    first, again = execute(path, IDSPAM_QUICK="1"), execute(path, IDSPAM_QUICK="1")
    text = check(first)
    assert "12 runs on 60 texts, tested on 60" in text and pictures_of(first) >= 1
    lines = [[line for line in text_of(one).splitlines() if "%" in line] for one in (first, again)]
    bars = [[line for line in part if line.startswith("training:")] for part in lines]
    assert bars[0] and not bars[1]  # read back, not trained again
    assert [line for line in lines[0] if line not in bars[0]] == lines[1]


def test_the_prose_on_the_measured_curves_is_theirs():
    mrpc, sst2 = (
        table[(table["method"] == "ID-SPAM") & table["layer"].notna()]
        for table in (results_table_of(f"curve_{task}.csv") for task in ("mrpc", "sst2"))
    )
    third = mrpc["layer"] == 3
    assert mrpc[third]["score"].min() > mrpc[~third]["score"].max()
    assert list(sst2.groupby("layer")["score"].mean().sort_values().index)[1] == 3


def test_solutions_pass_their_checks(folder):  # noqa: F811
    assert text_of(execute(folder / "solutions" / f"{LESSON}.ipynb")).count("Right: ") == 3


@pytest.mark.slow
@in_full
def test_in_full(folder):  # noqa: F811
    notebook = execute(folder / f"{LESSON}.ipynb")
    text = check(notebook)
    assert "18 runs on 600 texts, tested on 853" in text
