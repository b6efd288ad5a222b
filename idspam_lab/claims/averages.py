"""ID-SPAM's lead on the average of the tasks, as the paper's last columns have it."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..experiments.summary import interval
from .constant import above, best_constant
from .scores import at_home
from .verdict import OURS, Evidence, Finding, Verdict, points, verdict_of


def on_average(others: Sequence[str]) -> Evidence:
    """ID-SPAM's mean score over the tasks against others'.

    A task counts once, with the mean over its tables and seeds, so that the interval says what other tasks of this
    kind might give. Tasks on which no method does better than the best constant answer are left out.

    Args:
        others: the rivals; each needs two tasks at least.
    """

    def finding(folder: Path) -> Finding:
        scores = by_task(folder)
        found = []
        for name in (name for name in others if {OURS, name} <= set(scores)):
            leads = (scores[OURS] - scores[name]).dropna()
            if len(leads) > 1:
                low, high = interval(leads)
                found.append((name, leads.mean(), low, high, low > 0, high < 0, sum(leads > 0), len(leads)))
        columns = ["method", "difference", "low", "high", "ahead", "behind", "first", "tasks"]
        pairs = pd.DataFrame(found, columns=columns).sort_values("difference")
        if pairs.empty:
            return Finding("No two tables of different tasks here have these methods.", Verdict.UNTESTED)
        cells = [
            f"{row.method} {points(row.difference, row.low, row.high)}, ahead on {row.first} of {row.tasks}"
            for row in pairs.itertuples()
        ]
        tasks = ", ".join(scores.index[scores[OURS].notna()])
        return Finding(f"Mean lead in points over the tasks {tasks}: {'; '.join(cells)}.", verdict_of(pairs))

    return finding


def by_task(folder: Path) -> pd.DataFrame:
    """Mean scores, a row a task that something was learned on, a column a method."""
    means = []
    for _, _, runs in at_home(folder):
        if above(runs, best_constant(runs)):
            means.append(runs.dropna(subset=["seed"]).groupby(["test_task", "method"], as_index=False)["score"].mean())
    if not means:
        return pd.DataFrame()
    return pd.concat(means).pivot_table(index="test_task", columns="method", values="score", sort=False)
