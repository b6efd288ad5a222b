"""Choosing one of several candidates by noisy scores: how much the best one flatters, and a rule that allows for it."""

import math
import statistics
from collections.abc import Mapping, Sequence

import numpy as np


def flattery(scores: np.ndarray, truth: float) -> float:
    """How much better the best of several looks than it is, on average, when all are equally good.

    Args:
        scores: (draws, candidates), what each candidate scored each time.
        truth: what all of them really are.
    """
    return float(np.max(scores, axis=1).mean() - truth)


def one_error_rule(scores: Mapping[int, Sequence[float]]) -> int:
    """The highest block whose mean is within one standard error of the best block's mean.

    The rule of Breiman et al. (1984), who take the smallest tree in that range. Here the cheapest is the highest
    block: the fewest blocks lie above it.

    Args:
        scores: block -> its score with each of at least two seeds. The standard error is the best block's,
            sd / sqrt(seeds), with n - 1 in the deviation.
    """
    means = {block: statistics.mean(found) for block, found in scores.items()}
    best = max(means, key=means.get)
    error = statistics.stdev(scores[best]) / math.sqrt(len(scores[best]))
    return max(block for block, mean in means.items() if mean >= means[best] - error)
