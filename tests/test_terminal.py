"""What is printed: bars, percentages, tables; and that no token can act on the terminal."""

import re

import numpy as np
import pytest

from idspam_lab.errors import BadInput
from idspam_lab.terminal import columns_of, duration, percent, show_weights, table, token_weights, visible


def explanation(tokens, weights=None, label="positive"):
    weights = [1 / len(tokens)] * len(tokens) if weights is None else weights
    return {"tokens": tokens, "weights": weights, "label": label, "probabilities": {label: 0.903, "other": 0.097}}


def lines_of(text):
    return [line for line in text.splitlines() if line.startswith("  ")]


def test_each_token_has_its_bar_percent_and_multiple_of_uniform():
    shown = show_weights(explanation(["[CLS]", "gripp", "##ing", "film"], [0.1, 0.45, 0.25, 0.2]))
    lines = lines_of(shown)
    assert [line.split()[0] for line in lines] == ["[CLS]", "gripp", "##ing", "film"]
    assert "45.0\u00a0%" in lines[1] and "x1.8" in lines[1] and "x0.4" in lines[0]
    bars = [line.count("█") for line in lines]
    assert bars[1] == 50 * 0.45 // 0.5  # the scale ends at twice the uniform weight, or at the largest
    assert bars == sorted(bars)[:1] + sorted(bars)[3:] + [bars[2], bars[3]] and bars[2] > bars[3] > bars[0]
    assert "positive (90.3\u00a0%)" in shown and "1/4 = 25.0\u00a0%" in shown
    assert "From x0.4 ([CLS]) to x1.8 (gripp)" in shown


def test_the_uniform_mark_is_in_one_column_and_bars_above_it_pass_it():
    lines = lines_of(show_weights(explanation(list("abcd"), [0.1, 0.45, 0.25, 0.2])))
    marks = {line.index("|") for line in lines if "|" in line}
    assert len(marks) == 1 and "|" not in lines[1] and len(lines[1]) > marks.pop()


def test_flat_weights_are_called_so_and_told_apart():
    shown = show_weights(explanation(list("abcd"), [0.2493, 0.2502, 0.2502, 0.2503]))
    assert "within 0.28\u00a0% of uniform" in shown and "mean pooling" in shown
    assert "x0.997" in shown and "x1.001" in shown


def test_uniform_weights_and_one_token():
    assert "within 0\u00a0% of uniform" in show_weights(explanation(["a"]))


def test_an_explanation_object_works_too():
    from idspam_lab.classifier import Explanation

    found = Explanation(["a", "b"], np.array([0.25, 0.75], np.float32), np.eye(2), {"x": 0.6, "y": 0.4}, "x")
    assert "x1.5" in show_weights(found)


@pytest.mark.parametrize("colour", [False, True])
def test_tokens_cannot_act_on_the_terminal(colour):
    tokens = ["\x1b[31m", "a\x07\r\nb", "\x9b2J", "\u202eabc", "\ud800", "ok"]
    shown = show_weights(explanation(tokens), colour=colour)
    without_ours = re.sub(r"\x1b\[(36|2|0)m", "", shown)
    assert "\x1b" not in without_ours
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", without_ours)
    assert "␛[31m" in shown and "<U+202E>abc" in shown
    assert len(lines_of(shown)) == len(tokens)
    shown.encode("utf-8")


def test_colour_is_only_an_extra():
    one = explanation(["[CLS]", "film"], [0.2, 0.8])
    plain, coloured = show_weights(one), show_weights(one, colour=True)
    assert "\x1b" not in plain and "\x1b[36m" in coloured and "\x1b[2m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain


def test_long_texts_are_summed_up_and_fit():
    shown = show_weights(explanation(["a"] * 99 + ["very" * 30], [0.005] * 40 + [0.8 / 60] * 60))
    assert "60 more tokens have 80.0\u00a0% together (x1.3 on average)" in shown
    assert len(lines_of(shown)) == 41
    assert max(map(columns_of, shown.splitlines())) <= 100


def test_wide_letters_keep_the_columns():
    lines = lines_of(show_weights(explanation(["中文", "film", "e\u0301"], [1 / 3] * 3)))
    assert len({columns_of(line[: line.index("%")]) for line in lines}) == 1


@pytest.mark.parametrize("tokens, weights", [([], []), (["a"], [0.5, 0.5]), (["a", "b"], [float("nan"), 1])])
def test_what_is_no_explanation_is_refused(tokens, weights):
    with pytest.raises(BadInput, match="weight"):
        token_weights(explanation(tokens, weights))


@pytest.mark.parametrize("token", ["[CLS]", "[SEP]", "<s>", "</s>", "<pad>", "<|endoftext|>", "<bos>"])
def test_special_tokens_are_known(token):
    rows = token_weights(explanation([token, "film", "[UNK]", "<sigh>", "s"]))
    assert [row.special for row in rows] == [True, False, False, False, False]


def test_visible_keeps_what_is_harmless():
    assert visible("naïve 中文 🎬 ##ing $x$ <b>") == "naïve 中文 🎬 ##ing $x$ <b>"
    assert visible("a\nb") == "a␊b" and visible("a\nb\t", keep="\n") == "a\nb␉"


def test_table_aligns_and_says_none_as_a_dash():
    shown = table([["majority class", "0", "50.0 %"], ["ID-SPAM", "590,594", None]], ["method", "parameters", "score"])
    assert shown.splitlines() == [
        "method          parameters   score",
        "--------------  ----------  ------",
        "majority class           0  50.0 %",
        "ID-SPAM            590,594       –",
    ]


def test_table_takes_dicts_and_numbers():
    assert table([{"b": 2, "a": "x"}], ["a", "b"]).splitlines()[-1].split() == ["x", "2"]
    assert table([], ["a", "b"]).splitlines()[0].split() == ["a", "b"]


def test_a_wide_table_fits_and_loses_nothing():
    words = [f"word{i}" for i in range(60)]
    shown = table([["a", " ".join(words), "中" * 80, "x" * 150]], ["one", "two", "three", "four"])
    assert max(map(columns_of, shown.splitlines())) <= 100
    assert [w for w in words if w not in shown.split()] == []
    assert shown.count("中") == 80 and shown.count("x") == 150


def test_numbers():
    assert [percent(0.5), percent(None)] == ["50.0\u00a0%", "–"]
    assert [duration(s) for s in (0.04, 21.4, 119.7, None)] == ["0.0\u00a0s", "21\u00a0s", "2\u00a0min 0\u00a0s", "–"]


def test_no_plotting_library_is_loaded():
    import subprocess
    import sys

    code = "import sys, idspam_lab.terminal; print({'torch', 'matplotlib', 'pandas', 'numpy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"
