"""The 95 % interval of a mean over a few runs."""

from collections.abc import Sequence

import pandas as pd


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Low and high end (Student's t over the values): of three, 4.3 standard errors to each side.

    Args:
        values: one a seed, or one a task; NaN where one is missing. Of a single one both ends are NaN.
    """
    from scipy.stats import t

    values = pd.Series(values, dtype=float)
    mean, half = values.mean(), t.ppf(0.975, values.count() - 1) * values.sem()
    return float(mean - half), float(mean + half)
