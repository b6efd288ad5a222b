"""What can be said of a claim, and the rule that says it.

A difference of two methods is taken seed by seed on the same texts and counts when its 95 % interval over the seeds
leaves 0 out (summary.told_apart).
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from scipy.stats import binom

from ..intervals import interval

OURS = "ID-SPAM"
ABOUT = 0.1  # times and counts that the paper calls comparable: within a tenth
BY_LUCK = 0.025  # of a 95 % interval that has 0 in truth, the share that leaves it out to one side
MARGIN = 0.02  # scores that it calls comparable: up to 1.6 points apart in Tables 6 and 11


class Verdict(StrEnum):
    """What is said of a claim."""

    HOLDS = "holds"
    PARTLY = "holds partly"
    OPEN = "cannot be told"
    FAILS = "does not hold"
    UNTESTED = "not tested here"


class Finding(NamedTuple):
    """What the tables say, a sentence or more each."""

    sentences: Sequence[str]
    verdict: Verdict

    @property
    def evidence(self) -> str:
        """All of it in one paragraph."""
        return " ".join(self.sentences)


Evidence = Callable[[Path], Finding]  # the folder of results


def untested(why: str) -> Evidence:
    """A claim that nothing here can test."""
    return lambda folder: Finding([why], Verdict.UNTESTED)


def verdict_of(pairs: pd.DataFrame) -> Verdict:
    """Of one table: ahead of all, behind one, or in between.

    Args:
        pairs: a row a rival, with `ahead` and `behind`: whether a lead counts.
    """
    if pairs["behind"].any():
        return Verdict.PARTLY if pairs["ahead"].any() else Verdict.FAILS
    return Verdict.HOLDS if pairs["ahead"].all() else Verdict.PARTLY if pairs["ahead"].any() else Verdict.OPEN


def no_worse(pairs: pd.DataFrame) -> Verdict:
    """Of one table: ahead of all or comparable, which is an interval that does not reach below -MARGIN."""
    fine = pairs["ahead"] | (pairs["low"] > -MARGIN)
    worse = pairs["behind"] & ~fine
    if worse.any():
        return Verdict.PARTLY if fine.any() else Verdict.FAILS
    return Verdict.HOLDS if fine.all() else Verdict.PARTLY if fine.any() else Verdict.OPEN


def together(verdicts: list[Verdict]) -> Verdict:
    """Of several tables: what all of them say, that it fails if it holds in none, else that it holds partly."""
    if len(set(verdicts)) == 1:
        return verdicts[0]
    return Verdict.FAILS if set(verdicts) == {Verdict.FAILS, Verdict.OPEN} else Verdict.PARTLY


def beyond_luck(verdict: Verdict, pairs: pd.DataFrame) -> Verdict:
    """A verdict without the leads of a side that has no more of them than luck gives.

    Of n leads that are none, each counts for either side with a chance of 1 in 40. The leads of one table share
    ID-SPAM's runs, so that they come together more often than this reckons.
    """
    if verdict == Verdict.HOLDS:
        return verdict
    counts = {side: int(pairs[side].sum()) for side in ("ahead", "behind")}
    told = {side: more_than_luck(n, len(pairs)) for side, n in counts.items()}
    return Verdict.PARTLY if told["ahead"] else Verdict.FAILS if told["behind"] else Verdict.OPEN


def more_than_luck(count: int, leads: int) -> bool:
    """Are so many of these leads to one side more than luck gives?"""
    return count > 0 and bool(binom.sf(count - 1, leads, BY_LUCK) < 0.05)


def task_of(runs: pd.DataFrame) -> str:
    """The task that the runs were tested on; of another model than the embedded one, its name too."""
    task, models = runs["test_task"].iloc[0], set(runs["backbone"].dropna()) - {"minilm"}
    return f"{task} on {', '.join(sorted(models))}" if models else task


def count_in_words(pairs: pd.DataFrame) -> str:
    """How many leads count, beside how many luck gives."""
    ahead, behind, n = pairs["ahead"].sum(), pairs["behind"].sum(), len(pairs)
    luck = f"luck alone gives {BY_LUCK * n:.1f} to each side"
    return f"In all {ahead} of {n} leads count, and {behind} the other way; {luck}."


def in_words(table: pd.DataFrame, name: str, pairs: pd.DataFrame) -> str:
    """Every difference in points, the best rival first.

    The number of test texts is said, for the intervals are over the seeds: of CB's 56, one text is 1.8 points.
    """
    trained, tested = table["train_texts"].max(), table["texts"].max()
    task = f"{task_of(table)} (trained on {trained:,.0f} texts, tested on {tested:,.0f})"
    cells = [
        f"{row.method} {points(row.difference, row.low, row.high)}"
        for row in pairs.sort_values("difference").itertuples()
    ]
    score = 100 * table[table["method"] == name]["score"].mean()
    seeds = int(pairs["seeds"].max())
    return f"{task}, {seeds} seeds: {name} has {score:.1f} %; its lead in points over {', '.join(cells)}."


def points(mean: float, low: float, high: float) -> str:
    """ "-0.7 (-3.8 to +2.3)": a difference of 0..1 in points, with its interval."""
    return f"{100 * mean:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def lead_of(differences: pd.Series) -> str:
    """The same of one difference a seed."""
    return points(differences.mean(), *interval(differences))
