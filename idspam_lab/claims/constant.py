"""The best score that one and the same answer to every text has, and which methods do better than it.

On a task that was not trained on, always saying the training texts' largest class can be the worst constant answer, and
a method that beats it may still have learned nothing that is of use there.
"""

import pandas as pd

from ..experiments.summary import told_apart
from ..tasks import TASKS

MAJORITY = "majority class"


def best_constant(runs: pd.DataFrame) -> float:
    """The score of the test texts' larger class where there are two, else that of the table's majority class; 0..1.

    Args:
        runs: of one set of test texts. nan if they have no row of a majority class.
    """
    constant = runs[runs["method"] == MAJORITY]
    if constant.empty:
        return float("nan")
    row = constant.loc[constant["score"].idxmax()]
    task = TASKS.get(row["test_task"])
    if task is None or len(task.labels) != 2:
        return row["score"]
    share = max(row["accuracy"], 1 - row["accuracy"])  # of the larger class
    macro_f1 = share / (1 + share)  # half of its own F1; the other class has 0
    return share if row["metric"] == "accuracy" else (share + macro_f1) / 2


def above(runs: pd.DataFrame, constant: float) -> set[str]:
    """The methods that are told apart as better over their seeds; all of them where no constant answer is known."""
    seeds = runs.dropna(subset=["seed"])
    leads = {name: scores - constant for name, scores in seeds.groupby("method")["score"]}
    return {name for name, lead in leads.items() if constant != constant or (told_apart(lead) and lead.mean() > 0)}
