"""Two classifiers on the same texts: only the texts on which one is right and the other wrong tell them apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from ..errors import BadInput


@dataclass(frozen=True)
class Discordant:
    """What became of the texts."""

    only_a: int  # a is right, b is wrong
    only_b: int
    p: float  # exact, two-sided: how often equally good classifiers would be at least as far apart

    def __str__(self) -> str:
        """One sentence."""
        return f"{self.only_a} texts are right with the first alone, {self.only_b} with the second (p = {self.p:.2g})."


def mcnemar(labels: Sequence, a: Sequence, b: Sequence) -> Discordant:
    """McNemar's exact test (McNemar 1947) of two classifiers' predictions for the same texts.

    If both are equally good, each discordant text is a fair coin: the smaller count follows Binomial(n, 1/2).

    Raises:
        BadInput: the three are not of one length.
    """
    labels, a, b = map(np.asarray, (labels, a, b))
    if not len(labels) == len(a) == len(b):
        raise BadInput(f"There are {len(labels)} labels, but {len(a)} and {len(b)} predictions: give as many of each.")
    only_a, only_b = (int(((one == labels) & (other != labels)).sum()) for one, other in ((a, b), (b, a)))
    n = only_a + only_b
    return Discordant(only_a, only_b, float(binomtest(only_a, n).pvalue) if n else 1.0)
