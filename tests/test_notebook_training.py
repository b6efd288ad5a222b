"""Lesson 02, run in a real kernel: on few texts for its form, in full for what its prose says."""

import re

import pytest

from tests.test_notebooks import execute, folder, in_full, number, pictures_of, text_of  # noqa: F401

LESSON = "02_training"


def rows_of(text, heading):
    """A printed table's rows, by name: the numbers of each. `heading` is a pattern for its first line."""
    lines = re.search(rf"^ *{heading}.*\n((?:.*\S.*\n?)+)", text, re.MULTILINE).group(1)
    found = re.findall(r"^(\S.*?) {2,}([-\d. ]+)$", lines, re.MULTILINE)
    return {name: [float(value) for value in values.split()] for name, values in found}


def check(notebook):
    text = text_of(notebook)
    assert text.count("Not yet: it returns nothing yet") == 2  # the exercises, as they are given
    assert re.search(r"^Device: .*, because .*\nPrecision: (fp32|bf16)", text, re.MULTILINE)
    assert "1 + 0.001 in bf16: 1.0" in text  # "would be lost"
    assert "[1.0, 1.0, 1.0078125, 300.0] 0.0078125" in text  # "neighbours lie 1/128 apart"

    table = rows_of(text, "trained +gradients")
    full, low, middle, high = (table[name] for name in ("full fine-tuning", *(f"ID-SPAM, m = {m}" for m in (0, 3, 5))))
    assert full[0] / low[0] == pytest.approx(38, abs=0.5)  # "38 times as many"
    for numbers, gradients, moments, _ in (full, low, middle, high):
        assert gradients == pytest.approx(4 * numbers / 1e6, abs=0.06)
        assert moments == pytest.approx(8 * numbers / 1e6, abs=0.06)
    assert full[3] > low[3] > middle[3] > high[3]  # needs less, the further up the prompt joins

    assert len(re.findall(r"states kept +[\d.]+ +\d+\.0$", text, re.MULTILINE)) == 2
    tokens, said, kept = re.search(r"([\d,]+) tokens x 384 x 4 bytes = ([\d.]+) MB; kept: ([\d.]+) MB", text).groups()
    assert float(said) == pytest.approx(int(tokens.replace(",", "")) * 384 * 4 / 1e6, abs=0.05)
    assert 0.9 * float(said) < float(kept) <= float(said)
    assert "epochs after the cut: 1, in the end: 3" in text
    assert number(r"the weights differ by ([\d.e+-]+)", text) == 0  # "the same"

    assert "idspam-lab train sst2" in text and re.search(r"ID-SPAM +84\.3% of 872 sentences right", text)
    assert "'a gripping , funny and unexpectedly moving film .': 'positive'" in text
    assert "LiveTraining" in text or "VBox" in text
    assert pictures_of(notebook) == 2
    return text


def test_on_few_texts_and_a_second_time(folder):  # noqa: F811
    path = folder / f"{LESSON}.ipynb"
    first = check(execute(path, IDSPAM_QUICK="1"))
    again = text_of(execute(path, IDSPAM_QUICK="1"))
    assert "epochs after the cut: 3, in the end: 3" in again  # no epoch is left to cut
    heading = "epoch  train_loss  validation_accuracy"
    assert re.search(rf" {heading}[^:]*\n\n", first).group() == re.search(rf" {heading}[^:]*\n\n", again).group()


def test_solutions_pass_their_checks(folder):  # noqa: F811
    assert text_of(execute(folder / "solutions" / f"{LESSON}.ipynb")).count("Right: ") == 2


@pytest.mark.slow
@in_full
def test_in_full_it_shows_what_its_prose_says(folder):  # noqa: F811
    text = check(execute(folder / f"{LESSON}.ipynb"))
    seconds = {name: values[0] for name, values in rows_of(text, r"seconds a step +texts a second(?=\nfull)").items()}
    assert seconds["ID-SPAM, m = 5, states kept"] < seconds["ID-SPAM, m = 5"] < seconds["full fine-tuning"] / 2
    assert number(r"(\d+) of 300 predictions change", text) <= 6
    best = max(map(float, re.findall(r"^\d +\d +[\d.]+ +([\d.]+) ", text, re.MULTILINE)))
    assert best > 0.7  # well above the majority class
