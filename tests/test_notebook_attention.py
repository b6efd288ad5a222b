"""Lesson 03, run in a real kernel: on few texts for its form, in full for what its prose says."""

import re

import pytest

from tests.test_notebooks import execute, folder, in_full, number, pictures_of, text_of  # noqa: F401

LESSON = "03_token_attention"


def check(notebook):
    text = text_of(notebook)
    assert text.count("Not yet: it returns nothing yet") == 2  # the exercises, as they are given
    assert number(r"sum of the weights ([\d.]+)", text) == 1
    assert "unforgettable" in text and "function word" in text  # words; kinds of words
    assert re.search(r"from the prompt +from the model +from both\n(\S+ +([\d.]+% *){4}\n){4}", text)
    assert len(re.findall(r"the cues are \w+ and \w+$", text, re.MULTILINE)) == 2  # of pair; place has one
    assert "more than erasing random ones" in text and "Integrated gradients miss their sum" in text
    assert pictures_of(notebook) == 7
    return text


def test_on_few_texts(folder):  # noqa: F811
    check(execute(folder / f"{LESSON}.ipynb", IDSPAM_QUICK="1"))


def test_solutions_pass_their_checks(folder):  # noqa: F811
    assert text_of(execute(folder / "solutions" / f"{LESSON}.ipynb")).count("Right: ") == 2


@pytest.mark.slow
@in_full
def test_in_full_it_shows_what_its_prose_says(folder):  # noqa: F811
    text = check(execute(folder / f"{LESSON}.ipynb"))
    assert re.search(r"^Held: ", text, re.MULTILINE)
    measured = text[text.rindex("Beside the rarest") :]  # of the study that is kept
    assert float(re.search(r"it is ([-\d.]+)\s+points", measured).group(1)) > 0
    for kind, finds in (("pair", True), ("place", False)):
        found = re.search(rf"{kind}: accuracy ([\d.]+)%, AUROC [\d.]+ before training, ([\d.]+) after", text)
        accuracy, auroc = float(found.group(1)), float(found.group(2))
        assert accuracy > 85  # "right about nearly every text"
        assert auroc > 0.95 if finds else abs(auroc - 0.5) < 0.08
