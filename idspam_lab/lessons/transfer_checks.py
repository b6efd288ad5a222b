"""Checks of lesson 05's exercises: discordant texts, and how much of the in-domain gain a transfer keeps."""

from collections.abc import Callable, Sequence
from math import comb

import numpy as np

from ..analysis.pairs import mcnemar
from .checks import Verdict
from .judging import judge_cases

Classes = Sequence[int]


def check_mcnemar(student: Callable[[Classes, Classes, Classes], tuple[int, int, float]]) -> Verdict:
    """discordant(labels, a, b) -> texts that a alone reads right, that b alone does, and the exact two-sided p."""

    def count(labels: Classes, a: Classes, b: Classes) -> tuple[int, int]:
        found = mcnemar(labels, a, b)
        return found.only_a, found.only_b

    def with_p(p: Callable[[int, int], float]) -> Callable:
        """The right counts with another p, made of the smaller count and of n."""

        def answer(labels, a, b):
            counts = count(labels, a, b)
            return *counts, p(min(counts), sum(counts))

        return answer

    def right(labels, a, b):
        found = mcnemar(labels, a, b)
        return found.only_a, found.only_b, found.p

    def both_right(labels, a, b):
        a, b = (int((np.asarray(one) == labels).sum()) for one in (a, b))
        return a, b, two_sided(min(a, b), a + b)

    def over_all_texts(labels, a, b):
        counts = count(labels, a, b)
        return *counts, two_sided(min(counts), len(labels))

    def turned(labels, a, b):
        only_a, only_b, p = right(labels, a, b)
        return only_b, only_a, p

    def by_difference(labels, a, b):
        only_a = sum(x != y and x == label for label, x, y in zip(labels, a, b, strict=True))
        only_b = sum(x != y for x, y in zip(a, b, strict=True)) - only_a
        return only_a, only_b, two_sided(min(only_a, only_b), only_a + only_b)

    three_classes = [0, 0, 1, 2, 1, 0], [0, 1, 1, 2, 0, 1], [1, 2, 1, 0, 2, 2]  # both wrong, each in its way
    cases = [made_up(5, 1, 9), made_up(2, 8, 4), made_up(3, 3, 5), made_up(0, 4, 6), three_classes]
    return judge_cases(
        student,
        cases,
        right,
        {
            "the counts changed places: first the texts that a alone reads right.": turned,
            "these count all texts that each reads right; those that both read right tell nothing: leave them out.": (
                both_right
            ),
            "p is one-sided: the other classifier might have been the better one, so times 2 (and 1 at most).": (
                with_p(lambda k, n: min(1.0, two_sided(k, n, 1)))
            ),
            "p is above 1 where both counts are alike: twice a half with the middle counted twice; take 1 at most.": (
                with_p(lambda k, n: 2 * tail(k, n))
            ),
            "p is the chance of exactly these counts; add those that lie further apart.": (
                with_p(lambda k, n: min(1.0, 2 * comb(n, k) / 2**n))
            ),
            "u is the number of texts that exactly one of them reads right, not of all texts.": over_all_texts,
            "a text that both read wrong belongs to neither, also where they say different things.": by_difference,
            "p lacks the counts themselves: the sum over i goes from 0 to the smaller count, that one included.": (
                with_p(lambda k, n: min(1.0, 2 * tail(k - 1, n)))
            ),
        },
        "the texts on which both agree say nothing about which is better.",
    )


def tail(k: int, n: int) -> float:
    """The chance of k heads or fewer in n throws of a fair coin."""
    return sum(comb(n, i) for i in range(k + 1)) / 2**n


def two_sided(k: int, n: int, sides: int = 2) -> float:
    return min(1.0, sides * tail(k, n))


def made_up(only_a: int, only_b: int, alike: int) -> tuple[list[int], list[int], list[int]]:
    """labels, a and b: so many texts that one alone reads right; of the others every third is read wrong by both."""
    labels = [i % 2 for i in range(only_a + only_b + alike)]
    a, b = list(labels), list(labels)
    for i in range(len(labels)):
        wrong_for_a = only_a <= i < only_a + only_b or (i >= only_a + only_b and i % 3 == 0)
        wrong_for_b = i < only_a or (i >= only_a + only_b and i % 3 == 0)
        a[i], b[i] = labels[i] ^ wrong_for_a, labels[i] ^ wrong_for_b
    return labels, a, b


def check_kept_share(student: Callable[[float, float, float], float]) -> Verdict:
    """kept_share(zero_shot, in_domain, floor) -> how much of what training there gains above the floor is kept."""
    return judge_cases(
        student,
        [(0.7, 0.8, 0.5), (0.62, 0.9, 0.55), (0.48, 0.75, 0.5), (0.74, 0.73, 0.5)],
        lambda zero_shot, in_domain, floor: (zero_shot - floor) / (in_domain - floor),
        {
            "the floor is missing: always saying one class already scores that much, so take it off both.": (
                lambda zero_shot, in_domain, floor: zero_shot / in_domain
            ),
            "the floor is taken off the in-domain score alone; take it off the transfer too.": (
                lambda zero_shot, in_domain, floor: zero_shot / (in_domain - floor)
            ),
            "the floor is taken off the transfer alone; take it off the in-domain score too.": (
                lambda zero_shot, in_domain, floor: (zero_shot - floor) / in_domain
            ),
            "that is the share that is lost; 1 less it is kept.": (
                lambda zero_shot, in_domain, floor: (in_domain - zero_shot) / (in_domain - floor)
            ),
            "upside down: the transfer's gain comes first, above the line.": (
                lambda zero_shot, in_domain, floor: (in_domain - floor) / (zero_shot - floor)
            ),
            "that is the gain above the floor in points; divide it by what training there gains.": (
                lambda zero_shot, in_domain, floor: zero_shot - floor
            ),
            "that is what is lost, in points; a share is asked for.": (
                lambda zero_shot, in_domain, floor: in_domain - zero_shot
            ),
            "a share, not percent: leave out the 100.": (
                lambda zero_shot, in_domain, floor: 100 * (zero_shot - floor) / (in_domain - floor)
            ),
            "a transfer can be worse than the floor: leave the share below 0.": (
                lambda zero_shot, in_domain, floor: max(0.0, (zero_shot - floor) / (in_domain - floor))
            ),
            "a transfer can be better than what was trained there on few texts: leave the share above 1.": (
                lambda zero_shot, in_domain, floor: min(1.0, (zero_shot - floor) / (in_domain - floor))
            ),
        },
        "1: as good as trained there. 0: no better than saying one class. Below 0: worse.",
    )
