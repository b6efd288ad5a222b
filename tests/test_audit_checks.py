"""The checks of lesson 07's exercises: right answers pass, usual mistakes are named."""

import math
import re

import pytest

from idspam_lab.lessons import check_could_be_mean, check_gains, check_reachable


def average(values):
    return sum(values) / len(values)


def could_be_mean(scores, printed):
    return abs(average(scores) - printed) <= 0.1 + 1e-9


def gains(base, ours):
    each = [100 * (o / b - 1) for b, o in zip(base, ours, strict=True)]
    return average(each), 100 * (average(ours) / average(base) - 1)


def reachable(percent, answers):
    return any(abs(100 * right / answers - percent) <= 0.05 + 1e-9 for right in range(answers + 1))


@pytest.mark.parametrize(
    ("check", "solution"),
    [(check_could_be_mean, could_be_mean), (check_gains, gains), (check_reachable, reachable)],
)
def test_solutions_are_right(check, solution):
    verdict = check(solution)
    assert verdict.right and repr(verdict).startswith("Right: ")


@pytest.mark.parametrize(
    ("check", "answer", "said"),
    [
        (check_could_be_mean, lambda s, p: round(average(s), 1) == p, "rounds the mean and compares"),
        (check_could_be_mean, lambda s, p: abs(average(s) - p) <= 0.05 + 1e-9, "scores were rounded too"),
        (check_could_be_mean, lambda s, p: abs(average(s) - p) <= 0.05 * len(s) + 0.05, "divides by N again"),
        (check_could_be_mean, lambda s, p: abs(average(s) - p) <= 0.05 / math.sqrt(len(s)) + 0.05, "square root"),
        (check_could_be_mean, lambda s, p: p - average(s) <= 0.1, "too low are refused"),
        (check_could_be_mean, lambda s, p: average(s) - p <= 0.1, "too high are refused"),
        (check_could_be_mean, lambda s, p: abs(average(s) - p) <= 0.12, "it says True, but False is right"),
        (check_could_be_mean, lambda s, p: average(s), r"it says 82\.5, but True is right"),
        (check_could_be_mean, lambda s, p: ..., "returns nothing"),
        (check_could_be_mean, lambda s: True, "stops with TypeError"),
        (check_could_be_mean, lambda s, p: "yes", "it says yes"),
        (check_gains, lambda b, o: gains(b, o)[::-1], "changed places"),
        (check_gains, lambda b, o: tuple(-g for g in gains(o, b)), "against the baseline"),
        (check_gains, lambda b, o: tuple(g / 100 for g in gains(b, o)), "times 100"),
        (check_gains, lambda b, o: tuple(g + 100 for g in gains(b, o)), "take 1"),
        (check_gains, lambda b, o: (average(o) - average(b),) * 2, "points"),
        (check_gains, lambda b, o: (gains(b, o)[0],) * 2, "both are the mean of the gains"),
        (check_gains, lambda b, o: (gains(b, o)[1],) * 2, "both are the gain of the mean"),
        (check_gains, lambda b, o: gains(b, o)[0], "no usual mistake fits"),
        (check_reachable, lambda p, n: 100 * round(p / 100 * n) / n == p, "exact equality"),
        (check_reachable, lambda p, n: abs(100 * int(p / 100 * n) / n - p) <= 0.05, "below is tried"),
        (check_reachable, lambda p, n: abs(100 * math.ceil(p / 100 * n) / n - p) <= 0.05, "above is tried"),
        (check_reachable, lambda p, n: abs(100 * round(p / 100 * n) / n - p) <= 0.1, "half of it, 0.05"),
        (check_reachable, lambda p, n: abs(100 * round(p / 100 * n) / n - p) <= 0.5, "half a point"),
        (check_reachable, lambda p, n: abs(p / 100 * n / n - p / 100) < 0.05, "everything fits"),
    ],
)
def test_usual_mistakes_are_named(check, answer, said):
    verdict = check(answer)
    assert not verdict.right
    assert re.search(said, verdict.sentence), verdict
