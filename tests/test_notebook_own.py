"""Lesson 08, run in a real kernel: on few texts for its form, in full for what its prose says."""

import re
import shlex

import pytest

from idspam_lab.cli.grammar import parser
from tests.test_notebooks import execute, folder, in_full, number, text_of  # noqa: F401

LESSON = "08_your_own"


def check(notebook):
    text = text_of(notebook)
    assert text.count("Not yet: it returns nothing yet") == 2  # the exercises, as they are given
    assert "has no text column that can be guessed: name one (text=...) of 'opinion', 'verdict'" in text
    assert "Texts are read from column 'opinion', labels from column 'verdict' (0 = fresh, 1 = rotten)." in text
    assert "There is no test split, so 10 % " in text
    assert re.search(r"a comma without quotation marks: .* has 3 values on line \d+, but 2 columns", text)
    assert re.search(r"no label: .* has no label .* in row \d+", text)
    assert re.search(r"nothing but blanks: .* has no text in column 'opinion' of row \d+", text)
    assert "another class: read, with the classes Rotten, fresh, rotten" in text  # "the last one is read"
    copied = number(r"(\d+) of the [\d,]+ rows of divided/test are among the training rows", text)
    assert copied in (4, 20)  # on few texts, in full
    lazy = re.search(r"always the majority class: accuracy ([\d.]+)%, macro F1 ([\d.]+)%", text)
    assert float(lazy.group(1)) == pytest.approx(80, abs=3) and float(lazy.group(2)) < 50

    files = dict(re.findall(r"^(\S+) +([\d,]+) bytes$", text, re.MULTILINE))
    assert set(files) == {"README.md", "adapter.safetensors", "config.json"}
    size = int(files["adapter.safetensors"].replace(",", ""))
    assert size == pytest.approx(4 * 590_594, rel=0.01) and size / 1e6 == pytest.approx(2, abs=0.5)  # "2 MB"
    assert number(r"the probabilities differ by ([\d.e+-]+)", text) < 1e-6
    assert re.search(r"^(fresh|rotten)\t0\.\d{3}\tdull and clumsy \.$", text, re.MULTILINE)  # the command line
    assert "my-decoder: gpt2, 4 blocks, n = 64; the head reads the last token" in text
    assert re.search(r"The adapter was trained on 'minilm' .* but the backbone given is 'my-decoder'", text)
    return text


def test_on_few_texts_and_a_second_time(folder):  # noqa: F811
    path = folder / f"{LESSON}.ipynb"
    first = check(execute(path, IDSPAM_QUICK="1"))
    again = check(execute(path, IDSPAM_QUICK="1"))
    for line in (r"ID-SPAM: accuracy .*", r"; the loss was .*", r"fingerprint .*"):
        assert re.search(line, first).group() == re.search(line, again).group()  # read back, or the same


def test_its_command_lines_parse(folder):  # noqa: F811
    source = (folder / "source" / f"{LESSON}.py").read_text()
    lines = re.findall(r"^#? ?(idspam-lab .+)$", source, re.MULTILINE)
    assert len(lines) == 5
    for line in lines:
        assert callable(parser().parse_args(shlex.split(line)[1:]).run)


def test_solutions_pass_their_checks(folder):  # noqa: F811
    assert text_of(execute(folder / "solutions" / f"{LESSON}.ipynb")).count("Right: ") == 2


@pytest.mark.slow
@in_full
def test_in_full_it_shows_what_its_prose_says(folder):  # noqa: F811
    text = check(execute(folder / f"{LESSON}.ipynb"))
    lazy = number(r"always the majority class: accuracy [\d.]+%, macro F1 ([\d.]+)%", text)
    assert number(r"ID-SPAM: accuracy .* macro F1 ([\d.]+)%", text) > lazy
    assert "SmolLM2" in text
