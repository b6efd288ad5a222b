"""Checks of lesson 04's exercises: what a curve costs, how much the best of several flatters, the one-error rule."""

import statistics
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..experiments.choosing import flattery, one_error_rule
from ..experiments.layer_cost import block_passes
from .checks import Verdict
from .judging import judge_cases

Scores = Mapping[int, Sequence[float]]  # block -> its score with each seed


def check_passes(student: Callable[[int, int], tuple[int, int]]) -> Verdict:
    """passes(L, K) -> forward passes of a text through a block in an epoch: every run by itself, and sharing."""

    def with_shared(shared: Callable[[int, int], float]) -> Callable:
        return lambda L, K: (K * L * L, shared(L, K))

    return judge_cases(
        student,
        [(6, 3), (12, 1), (24, 5)],
        block_passes,
        {
            "the two changed places: first every run by itself, then sharing.": lambda L, K: block_passes(L, K)[::-1],
            "that is the number of runs: by itself, each of them takes the text through all L blocks.": (
                lambda L, K: (K * L, block_passes(L, K)[1])
            ),
            "by itself, a run passes the blocks below its prompt too: L in all, wherever the prompt joins.": (
                lambda L, K: (K * L * (L + 1) // 2, block_passes(L, K)[1])
            ),
            "the trunk goes up to the input of the last block, the highest place where a prompt joins: L - 1 blocks.": (
                with_shared(lambda L, K: L + K * L * (L + 1) // 2)
            ),
            "block m itself lies above a prompt at its input: a run at m passes L - m blocks.": (
                with_shared(lambda L, K: L - 1 + K * L * (L - 1) // 2)
            ),
            "the trunk does not depend on the seed either: it is passed once, not K times.": (
                with_shared(lambda L, K: K * (L - 1) + K * L * (L + 1) // 2)
            ),
            "above the prompts every seed has a run of its own: times K.": (
                with_shared(lambda L, K: L - 1 + L * (L + 1) // 2)
            ),
            "the part above is there, but somebody has to go through the trunk once: L - 1 more.": (
                with_shared(lambda L, K: K * L * (L + 1) // 2)
            ),
            "above its prompt a run passes only the blocks m to L - 1, not all L.": (
                with_shared(lambda L, K: L - 1 + K * L * L)
            ),
        },
        "what is above the prompts nobody can share, so not even half of the forward passes is saved.",
    )


def check_flattery(student: Callable[[np.ndarray, float], float]) -> Verdict:
    """flattery(scores, truth) -> how much better the best of the candidates looks than it is, on average."""
    generator = np.random.default_rng(0)
    cases = [
        (generator.normal(0.7, 0.03, (5, 3)).round(3), 0.7),
        (generator.normal(0.5, 0.05, (4, 6)).round(3), 0.55),
    ]
    return judge_cases(
        student,
        cases,
        flattery,
        {
            "that is the best score of all draws; take the best of each draw, then the mean over the draws.": (
                lambda scores, truth: scores.max() - truth
            ),
            "the mean comes too early: in each draw, somebody else may be best. First the best, then the mean.": (
                lambda scores, truth: scores.mean(axis=0).max() - truth
            ),
            "the wrong axis: a row is a draw, its columns are the candidates.": (
                lambda scores, truth: scores.max(axis=0).mean() - truth
            ),
            "that is how good the best looks; take off how good it is.": (
                lambda scores, truth: scores.max(axis=1).mean()
            ),
            "the sign is reversed: what it looks like, less what it is.": (
                lambda scores, truth: truth - scores.max(axis=1).mean()
            ),
            "that is how far all candidates are off; only the best one is chosen.": (
                lambda scores, truth: scores.mean() - truth
            ),
            "the last row alone is one draw; take the mean over all.": lambda scores, truth: scores[-1].max() - truth,
        },
        "the best of equals always looks better than it is.",
    )


def check_one_error(student: Callable[[Scores], int]) -> Verdict:
    """one_error(scores) -> the highest block whose mean is within a standard error of the best block's mean."""
    best, steady = [78.0, 80.0, 82.0], [79.4, 79.5, 79.6]  # a standard error of 1.15; one below the best, in range
    near, edge = [79.0, 79.1, 79.2], [78.9, 78.95, 79.0]  # 0.9 and 1.05 under the best mean
    cases = [
        ({0: steady, 2: best, 3: near, 4: edge, 5: [78.1, 78.2, 78.3]},),  # block 5: within a deviation
        ({0: steady, 2: best, 4: edge, 5: [77.8, 77.9, 78.0], 6: [60.0, 75.0, 90.0], 7: [69.9, 70.0, 70.1]},),
        ({0: [60.0, 60.5], 3: [80.0, 82.0], 5: [70.0, 90.0], 4: [79.5, 80.5]},),
    ]

    def means(scores: Scores) -> dict[int, float]:
        return {block: statistics.mean(found) for block, found in scores.items()}

    def best_of(scores: Scores) -> int:
        return max(means(scores), key=means(scores).get)

    def within(scores: Scores, margin: float) -> list[int]:
        least = means(scores)[best_of(scores)] - margin
        return [block for block, mean in means(scores).items() if mean >= least]

    def error_of(found: Sequence[float], deviation: Callable = statistics.stdev) -> float:
        return deviation(found) / len(found) ** 0.5

    def own_error(scores: Scores) -> int:
        least = means(scores)[best_of(scores)]
        return max(block for block, found in scores.items() if means(scores)[block] + error_of(found) >= least)

    return judge_cases(
        student,
        cases,
        one_error_rule,
        {
            "that is the best block itself; go as high as one standard error allows.": best_of,
            "that is the lowest block in range; the highest is the cheapest: the fewest blocks lie above it.": (
                lambda scores: min(within(scores, error_of(scores[best_of(scores)])))
            ),
            "that is a whole standard deviation: the mean over the seeds is surer, by sqrt(seeds).": (
                lambda scores: max(within(scores, statistics.stdev(scores[best_of(scores)])))
            ),
            "two standard errors are not one.": (
                lambda scores: max(within(scores, 2 * error_of(scores[best_of(scores)])))
            ),
            "the standard error is the best block's, the same for all; a block must not pass for being unsteady.": (
                own_error
            ),
            "that is the highest block of all; it has to be within the error of the best.": max,
            "the deviation divides by n; seeds are a sample, so divide by n - 1.": (
                lambda scores: max(within(scores, error_of(scores[best_of(scores)], statistics.pstdev)))
            ),
        },
        "not the best, but one that has not been told apart from it and costs less.",
    )
