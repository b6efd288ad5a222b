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
    """told_apart(a, b) -> does the 95 % interval of the mean difference, seed by seed, leave 0 out? All have three."""

    def differences(a: Scores, b: Scores) -> np.ndarray:
        return np.asarray(a) - np.asarray(b)

    def paired(a: Scores, b: Scores, times: float = 4.30, ddof: int = 1) -> bool:
        d = differences(a, b)
        return bool(abs(d.mean()) > times * d.std(ddof=ddof) / math.sqrt(len(d)))

    def unpaired(a: Scores, b: Scores) -> bool:
        error = math.sqrt(np.var(a, ddof=1) / len(a) + np.var(b, ddof=1) / len(b))
        return bool(abs(np.mean(a) - np.mean(b)) > 4.30 * error)

    return judge_cases(
        student,
        [
            ([80.0, 84.0, 88.0], [79.0, 83.1, 86.9]),  # seeds move both alike: told apart
            ([80.0, 84.0, 88.0], [86.0, 82.0, 81.0]),  # crossing: not
            ([79.0, 83.1, 86.9], [80.0, 84.0, 88.0]),  # b is better, clearly
            ([80.0, 81.0, 82.0], [79.0, 79.2, 81.9]),  # 1.7 errors
            ([80.0, 81.0, 82.0], [82.0, 81.0, 80.0]),  # the same mean
            ([80.4, 81.4, 82.4], [80.0, 80.0, 80.0]),  # 2.4 errors: enough of many seeds, not of three
            ([80.0, 82.0, 84.0], [79.0, 80.2, 83.4]),  # 3.2 errors: enough of five seeds, not of three
            ([83.2, 82.2, 81.2], [80.0, 80.0, 80.0]),  # 3.8 errors, and more than two deviations
            ([82.02, 81.42, 80.82], [80.0, 80.0, 80.0]),  # 4.1 errors
            ([82.16, 81.56, 80.96], [80.0, 80.0, 80.0]),  # 4.5 errors
            ([83.0, 82.4, 81.8], [80.0, 80.0, 80.0]),  # 6.9 errors, and less than 4.30 deviations
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
                lambda a, b: bool(abs(differences(a, b).mean()) > 4.30 * differences(a, b).std(ddof=1))
            ),
            "two standard errors are for many seeds: of three it takes 4.30.": lambda a, b: paired(a, b, 2.0),
            "one standard error is not 4.30.": lambda a, b: paired(a, b, 1.0),
            "2.78 is for five seeds; these are three, so it takes 4.30.": lambda a, b: paired(a, b, 2.78),
            "the deviation is divided by n: these are few, so take the one with n - 1 (ddof=1).": (
                lambda a, b: paired(a, b, ddof=0)
            ),
            "a difference below 0 is a difference too: take its absolute value.": (
                lambda a, b: paired(a, b) and bool(differences(a, b).mean() > 0)
            ),
        },
        "differences seed by seed, and their own luck. Of twenty pairs that do not differ, one passes all the same.",
    )
