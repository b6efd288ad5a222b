"""ID-SPAM's lead on the average of the tasks, as the paper's last columns have it."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..intervals import interval
from .constant import above, best_constant
from .scores import at_home
from .verdict import OURS, Evidence, Finding, Verdict, beyond_luck, points, verdict_of


def on_average(others: Sequence[str]) -> Evidence:
    """ID-SPAM's mean score over the tasks against others'.

    A task counts once, with the mean lead over its tables, so that the interval says what other tasks of this kind
    might give. Tables in which none of these methods does better than the best constant answer are left out, and so is
    a task that has no other.

    Args:
        others: the rivals; each needs two tasks at least.
    """

    def finding(folder: Path) -> Finding:
        leads, unlearned = leads_by_task(folder, others)
        found = []
        for name in leads:
            tasks = leads[name].dropna()
            if len(tasks) > 1:
                low, high = interval(tasks)
                found.append((name, tasks.mean(), low, high, low > 0, high < 0, sum(tasks > 0), len(tasks)))
        columns = ["method", "difference", "low", "high", "ahead", "behind", "first", "tasks"]
        pairs = pd.DataFrame(found, columns=columns).sort_values("difference")
        if pairs.empty:
            return Finding(["No two tables of different tasks here have these methods."], Verdict.UNTESTED)
        cells = [
            f"{row.method} {points(row.difference, row.low, row.high)}, ahead on {row.first} of {row.tasks}"
            for row in pairs.itertuples()
        ]
        sentence = f"Mean lead in points over the tasks {', '.join(leads.index)}: {'; '.join(cells)}."
        left_out = [f"None of these methods learned {' or '.join(unlearned)}: left out."] if unlearned else []
        return Finding([sentence, *left_out], beyond_luck(verdict_of(pairs), pairs))

    return finding


def leads_by_task(folder: Path, others: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """ID-SPAM's mean lead over each rival, table by table, then over the tables of a task: a row a task.

    And the tasks that none of these methods learned in any table.
    """
    found, tasks = [], []
    for _, _, runs in at_home(folder):
        means = runs.dropna(subset=["seed"]).groupby("method")["score"].mean()
        leads = {name: means[OURS] - means[name] for name in others if OURS in means and name in means}
        if leads:
            tasks.append(runs["test_task"].iloc[0])
            if above(runs, best_constant(runs)) & {OURS, *leads}:
                found.append({"task": tasks[-1]} | leads)
    table = pd.DataFrame(found, columns=["task", *others]).groupby("task", sort=False).mean()
    return table, [task for task in dict.fromkeys(tasks) if task not in table.index]
