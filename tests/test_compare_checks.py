"""Lesson 06's checks: the solution passes, and each usual mistake is named."""

import math
import statistics

import numpy as np
import pytest
import torch

from idspam_lab.lessons import check_spread, check_told_apart


def test_the_right_answers_pass():
    assert check_spread(lambda s: (statistics.mean(s), statistics.stdev(s))).right
    assert check_spread(lambda s: (torch.tensor(s).mean(), torch.tensor(s).std())).right

    def told_apart(a, b):
        d = [x - y for x, y in zip(a, b, strict=True)]
        return abs(statistics.mean(d)) > 4.3 * statistics.stdev(d) / math.sqrt(len(d))

    assert check_told_apart(told_apart).right


@pytest.mark.parametrize(
    ("student", "words"),
    [
        (lambda s: (np.mean(s), np.std(s)), "divided by n"),
        (lambda s: (np.mean(s), np.var(s, ddof=1)), "variance"),
        (lambda s: (np.mean(s), np.std(s, ddof=1) / len(s) ** 0.5), "standard error"),
        (lambda s: (np.std(s, ddof=1), np.mean(s)), "comes second"),
        (lambda s: (np.median(s), np.std(s, ddof=1)), "median"),
        (lambda s: ..., "returns nothing yet"),
        (lambda s: None, "returns nothing yet"),
        (lambda s: s[99], "IndexError"),
        (lambda s: 5, "no usual mistake fits"),
    ],
)
def test_mistakes_of_the_spread_are_named(student, words):
    verdict = check_spread(student)
    assert not verdict.right and words in verdict.sentence


@pytest.mark.parametrize(
    ("student", "words"),
    [
        (lambda a, b: np.mean(a) > np.mean(b), "whose mean is higher"),
        (lambda a, b: np.mean(a) != np.mean(b), "whether the means differ"),
        (
            lambda a, b: abs(np.mean(a) - np.mean(b)) > 4.3 * math.sqrt(np.var(a, ddof=1) / 3 + np.var(b, ddof=1) / 3),
            "take the differences first",
        ),
        (lambda a, b: abs(np.mean(np.subtract(a, b))) > 4.3 * np.std(np.subtract(a, b), ddof=1), "surer by sqrt(n)"),
        (lambda a, b: abs(np.mean(np.subtract(a, b))) > np.std(np.subtract(a, b), ddof=1) / 3**0.5, "is not 4.30"),
        (lambda a, b: abs(np.mean(np.subtract(a, b))) > 2 * np.std(np.subtract(a, b), ddof=1) / 3**0.5, "many seeds"),
        (lambda a, b: np.mean(np.subtract(a, b)) > 4.3 * np.std(np.subtract(a, b), ddof=1) / 3**0.5, "absolute value"),
        (lambda a, b: abs(np.mean(np.subtract(a, b))) > 2.78 * np.std(np.subtract(a, b), ddof=1) / 3**0.5, "for five"),
        (lambda a, b: abs(np.mean(np.subtract(a, b))) > 4.3 * np.std(np.subtract(a, b)) / 3**0.5, "divided by n"),
        (lambda a, b: abs(np.mean(np.subtract(a, b))) > 4 * np.std(np.subtract(a, b), ddof=1) / 3**0.5, "no usual"),
        (lambda a, b: abs(np.mean(np.subtract(a, b))) > 5 * np.std(np.subtract(a, b), ddof=1) / 3**0.5, "no usual"),
        (lambda a, b: True, "no usual mistake fits"),
    ],
)
def test_mistakes_of_the_comparison_are_named(student, words):
    verdict = check_told_apart(student)
    assert not verdict.right and words in verdict.sentence
