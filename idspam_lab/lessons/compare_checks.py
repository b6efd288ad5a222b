"""Checks of lesson 06's exercises."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from .checks import Verdict
from .judging import judge_cases

Scores = Sequence[float]


def check_spread(student: Callable[[Scores], tuple[float, float]]) -> Verdict:
    """spread(scores) -> the mean and the standard deviation (n - 1) of a method's scores over its seeds."""

    def deviation(scores: Scores, ddof: int = 1) -> float:
        return float(np.std(scores, ddof=ddof))

    return judge_cases(
        student,
        [([80.0, 82.0, 84.0],), ([77.5, 79.0],), ([90.1, 90.4, 88.0, 91.2],)],
        lambda scores: (float(np.mean(scores)), deviation(scores)),
        {
            "divided by n: three seeds are a sample, so divide the squares by n - 1.": lambda scores: (
                float(np.mean(scores)),
                deviation(scores, 0),
            ),
            "this is the variance; the deviation is its square root.": lambda scores: (
                float(np.mean(scores)),
                deviation(scores) ** 2,
            ),
            "this is the standard error, sd / sqrt(n): how far the mean can be off, not how far runs lie apart.": (
                lambda scores: (float(np.mean(scores)), deviation(scores) / math.sqrt(len(scores)))
            ),
            "the deviation comes second: (mean, deviation).": lambda scores: (
                deviation(scores),
                float(np.mean(scores)),
            ),
            "the median is not the mean.": lambda scores: (float(np.median(scores)), deviation(scores)),
        },
        "the mean, and how far single runs lie from it.",
    )


def check_told_apart(student: Callable[[Scores, Scores], bool]) -> Verdict:
    """told_apart(a, b) -> is the mean difference more than two standard errors of the differences, seed by seed?"""

    def differences(a: Scores, b: Scores) -> np.ndarray:
        return np.asarray(a) - np.asarray(b)

    def paired(a: Scores, b: Scores, times: float = 2.0) -> bool:
        d = differences(a, b)
        return bool(abs(d.mean()) > times * d.std(ddof=1) / math.sqrt(len(d)))

    def unpaired(a: Scores, b: Scores) -> bool:
        error = math.sqrt(np.var(a, ddof=1) / len(a) + np.var(b, ddof=1) / len(b))
        return bool(abs(np.mean(a) - np.mean(b)) > 2 * error)

    return judge_cases(
        student,
        [
            ([80.0, 84.0, 88.0], [79.0, 83.1, 86.9]),  # seeds move both alike: told apart
            ([80.0, 84.0, 88.0], [86.0, 82.0, 81.0]),  # crossing: not
            ([79.0, 83.1, 86.9], [80.0, 84.0, 88.0]),  # b is better, clearly
            ([80.0, 81.0, 82.0], [79.0, 79.2, 81.9]),  # 0.97, and 1.7 errors
            ([82.0, 81.0, 80.9], [79.0, 79.5, 80.7]),  # 1.57: less than two deviations, more than one
            ([80.0, 80.1, 80.3], [80.0, 80.0, 80.0]),  # 0.13: one and a half errors
            ([80.0, 81.0, 82.0], [82.0, 81.0, 80.0]),  # the same mean
            ([80.0, 82.0, 84.0], [79.0, 80.2, 83.4]),  # 1.13: three errors, less than two deviations
            ([85.0, 86.0, 85.5], [80.0, 80.2, 80.1]),  # clearly
        ],
        paired,
        {
            "this asks only whose mean is higher; every two methods differ in some digit.": (
                lambda a, b: bool(np.mean(a) > np.mean(b))
            ),
            "this asks only whether the means differ; every two methods differ in some digit.": (
                lambda a, b: bool(np.mean(a) != np.mean(b))
            ),
            "the methods are compared as if they shared no seeds: take the differences first.": (unpaired),
            "held against the deviation itself: the mean of n differences is surer by sqrt(n).": (
                lambda a, b: bool(abs(differences(a, b).mean()) > 2 * differences(a, b).std(ddof=1))
            ),
            "one standard error is not two.": lambda a, b: paired(a, b, 1.0),
            "a difference below 0 is a difference too: take its absolute value.": (
                lambda a, b: paired(a, b) and bool(differences(a, b).mean() > 0)
            ),
        },
        "differences seed by seed, and their own luck. With three seeds this is a rough rule all the same.",
    )
