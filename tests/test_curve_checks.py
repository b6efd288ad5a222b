"""Lesson 04's checks: the solutions pass, and each usual mistake is named."""

import statistics

import numpy as np
import pytest

from idspam_lab.lessons import check_flattery, check_one_error, check_passes


def one_error(scores):
    means = {block: statistics.mean(found) for block, found in scores.items()}
    best = max(means, key=means.get)
    error = statistics.stdev(scores[best]) / len(scores[best]) ** 0.5
    return max(block for block, mean in means.items() if mean >= means[best] - error)


def in_range(scores, width=1.0, root=True, deviation=statistics.stdev):
    """Blocks within `width` errors (or deviations) of the best."""
    means = {block: statistics.mean(found) for block, found in scores.items()}
    best = max(means, key=means.get)
    error = deviation(scores[best]) / (len(scores[best]) ** 0.5 if root else 1)
    return [block for block, mean in means.items() if mean >= means[best] - width * error]


def by_own_error(scores):
    top = max(statistics.mean(found) for found in scores.values())
    error = {block: statistics.stdev(found) / len(found) ** 0.5 for block, found in scores.items()}
    return max(block for block, found in scores.items() if statistics.mean(found) + error[block] >= top)


def test_the_right_answers_pass():
    assert check_passes(lambda L, K: (K * L**2, L - 1 + K * sum(L - m for m in range(L)))).right
    assert check_flattery(lambda scores, truth: np.mean([max(draw) for draw in scores]) - truth).right
    assert check_one_error(one_error).right


@pytest.mark.parametrize(
    ("student", "words"),
    [
        (lambda L, K: (L - 1 + K * L * (L + 1) / 2, K * L**2), "changed places"),
        (lambda L, K: (K * L, L - 1 + K * L * (L + 1) / 2), "number of runs"),
        (lambda L, K: (K * L * (L + 1) / 2, L - 1 + K * L * (L + 1) / 2), "below its prompt too"),
        (lambda L, K: (K * L**2, L + K * L * (L + 1) / 2), "L - 1 blocks"),
        (lambda L, K: (K * L**2, L - 1 + K * L * (L - 1) / 2), "itself lies above"),
        (lambda L, K: (K * L**2, K * (L - 1) + K * L * (L + 1) / 2), "once, not K times"),
        (lambda L, K: (K * L**2, L - 1 + L * (L + 1) / 2), "a run of its own"),
        (lambda L, K: (K * L**2, K * L * (L + 1) / 2), "go through the trunk once"),
        (lambda L, K: (K * L**2, L - 1 + K * L**2), "not all L"),
        (lambda L, K: (K * L**2, L), "no usual mistake fits"),
        (lambda L, K: ..., "returns nothing yet"),
    ],
)
def test_mistakes_of_counting_are_named(student, words):
    verdict = check_passes(student)
    assert not verdict.right and words in verdict.sentence


@pytest.mark.parametrize(
    ("student", "words"),
    [
        (lambda s, truth: s.max() - truth, "best score of all draws"),
        (lambda s, truth: s.mean(axis=0).max() - truth, "too early"),
        (lambda s, truth: s.max(axis=0).mean() - truth, "wrong axis"),
        (lambda s, truth: s.max(axis=1).mean(), "take off how good it is"),
        (lambda s, truth: truth - s.max(axis=1).mean(), "sign is reversed"),
        (lambda s, truth: s.mean() - truth, "only the best one"),
        (lambda s, truth: s[-1].max() - truth, "one draw"),
        (lambda s, truth: s.max(axis=1) - truth, "no usual mistake fits"),
        (lambda s, truth: None, "returns nothing yet"),
    ],
)
def test_mistakes_of_the_best_of_several_are_named(student, words):
    verdict = check_flattery(student)
    assert not verdict.right and words in verdict.sentence


@pytest.mark.parametrize(
    ("student", "words"),
    [
        (lambda s: max(s, key=lambda block: statistics.mean(s[block])), "best block itself"),
        (lambda s: min(in_range(s)), "lowest block in range"),
        (lambda s: max(in_range(s, root=False)), "whole standard deviation"),
        (lambda s: max(in_range(s, width=2)), "two standard errors"),
        (by_own_error, "for being unsteady"),
        (lambda s: max(s), "highest block of all"),
        (lambda s: max(in_range(s, deviation=statistics.pstdev)), "n - 1"),
        (lambda s: 99, "no usual mistake fits"),
        (lambda s: ..., "returns nothing yet"),
    ],
)
def test_mistakes_of_the_rule_are_named(student, words):
    verdict = check_one_error(student)
    assert not verdict.right and words in verdict.sentence
