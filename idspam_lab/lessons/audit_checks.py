"""Checks of lesson 07's exercises: the student's function is tried on cases that tell the usual mistakes apart."""

import math
from collections.abc import Callable, Sequence

from ..audit.rows import near
from ..audit.scores import gain_of_means, mean_of_gains, reachable
from .checks import Verdict
from .judging import judge_cases


def mean(scores: Sequence[float]) -> float:
    return sum(scores) / len(scores)


def off_by(most: Callable[[int], float]) -> Callable[[Sequence[float], float], bool]:
    """(scores, printed) -> is the mean of N scores at most `most(N)` from the printed one?"""
    return lambda scores, printed: near(mean(scores), printed, most(len(scores)))


def check_could_be_mean(student: Callable[[list[float], float], bool]) -> Verdict:
    """could_be_mean(scores, printed) -> can numbers that round to `scores` have a mean that rounds to `printed`?"""
    five = [80.0, 81.0, 82.0, 83.0, 84.0]
    cases = [
        ([*five, 85.0], 82.5),  # exactly
        ([80.0, 80.1], 80.0),  # half way: down,
        ([80.0, 80.1], 80.1),  # or up
        ([*five, 85.4], 82.5),  # 0.067 off
        ([*five, 85.5], 82.5),  # 0.083 off
        ([*five, 85.7], 82.7),  # 0.083 below
        ([*five, 85.7], 82.5),  # 0.117 off
        ([*five, 85.9], 82.5),  # 0.15 off
        ([*five, 85.0], 83.5),  # a wrong digit, up
        ([*five, 85.0], 81.5),  # or down
    ]
    return judge_cases(
        student,
        cases,
        off_by(lambda N: 0.05 + 0.05),
        {
            "it rounds the mean and compares, but the scores were rounded too: each hides up to 0.05, and so may their "
            "mean.": (lambda scores, printed: round(mean(scores), 1) == printed),
            "0.05 is what the printed mean hides, but the scores were rounded too: each hides up to 0.05, and so may "
            "their mean.": off_by(lambda N: 0.05),
            "the scores' 0.05 are added up, but the mean divides by N again: N times 0.05 over N is 0.05.": (
                off_by(lambda N: 0.05 * N + 0.05)
            ),
            "hidden parts may all point the same way: what is possible does not shrink with the square root of N.": (
                off_by(lambda N: 0.05 / math.sqrt(N) + 0.05)
            ),
            "only means that lie too low are refused: take the absolute difference.": (
                lambda scores, printed: printed - mean(scores) <= 0.1
            ),
            "only means that lie too high are refused: take the absolute difference.": (
                lambda scores, printed: mean(scores) - printed <= 0.1
            ),
        },
        "0.05 from the scores, 0.05 from the mean itself.",
    )


def check_gains(student: Callable[[list[float], list[float]], tuple[float, float]]) -> Verdict:
    """gains(base, ours) -> percent: the mean of the relative gains, and the relative gain of the mean."""

    def right(base, ours):
        return mean_of_gains(*base, *ours), gain_of_means(*base, *ours)

    def points(base, ours):
        return mean(ours) - mean(base)

    return judge_cases(
        student,
        [([50.0, 80.0], [60.0, 84.0]), ([60.0, 70.0, 90.0], [66.0, 69.0, 90.0])],
        right,
        {
            "the two changed places: first the mean of the gains, then the gain of the mean.": (
                lambda base, ours: right(base, ours)[::-1]
            ),
            "divided by ours; a gain is measured against the baseline.": (
                lambda base, ours: tuple(-gain for gain in right(ours, base))
            ),
            "these are shares: times 100 makes them percent.": (
                lambda base, ours: tuple(gain / 100 for gain in right(base, ours))
            ),
            "these are ratios: take 1 (100 %) off.": lambda base, ours: tuple(gain + 100 for gain in right(base, ours)),
            "these are points, the difference alone: divide by the baseline.": (
                lambda base, ours: (points(base, ours),) * 2
            ),
            "both are the mean of the gains; the second divides the mean of ours by the mean of the baseline.": (
                lambda base, ours: (right(base, ours)[0],) * 2
            ),
            "both are the gain of the mean; the first takes each task's gain, then the mean.": (
                lambda base, ours: (right(base, ours)[1],) * 2
            ),
        },
        "a task with a low baseline counts more in the first than in the second.",
    )


def check_reachable(student: Callable[[float, int], bool]) -> Verdict:
    """can_be_share(percent, answers) -> does some whole number of right answers round to the printed percentage?"""

    def with_count(count: Callable[[float], int], half: float = 0.05):
        return lambda percent, answers: near(100 * count(percent / 100 * answers) / answers, percent, half)

    return judge_cases(
        student,
        # of 277, 91 are 32.85 % and 92 are 33.21 %; of 831, 685 are 82.43 % and 686 are 82.55 %; of 40, 3 are 7.5 %
        [(32.9, 277), (33.2, 277), (33.0, 277), (82.4, 831), (82.5, 831), (82.6, 831), (7.5, 40), (50.0, 3)],
        reachable,
        {
            "exact equality: a printed percentage is rounded, so allow 0.05.": with_count(round, 0.0),
            "only the whole number below is tried: the nearest may lie above (round, not int).": with_count(math.floor),
            "only the whole number above is tried: the nearest may lie below (round, not ceil).": with_count(math.ceil),
            "0.1 is a whole step of the last digit; rounding hides half of it, 0.05.": with_count(round, 0.1),
            "half a point is too much: one decimal is printed, so rounding hides 0.05.": with_count(round, 0.5),
            "the number of right answers is not rounded to a whole one, so everything fits.": lambda *_: True,
        },
        "only the nearest whole number has to be tried.",
    )
