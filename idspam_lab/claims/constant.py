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
    row, share = constant.loc[constant["score"].idxmax()], larger_class(runs)
    if share != share:
        return row["score"]
    macro_f1 = share / (1 + share)  # half of its own F1; the other class has 0
    return {"accuracy": share, "macro_f1": macro_f1}.get(row["metric"], (share + macro_f1) / 2)


def larger_class(runs: pd.DataFrame) -> float:
    """The share of the test texts' larger class, where there are two; else, or without a majority class's row, nan."""
    constant = runs[runs["method"] == MAJORITY]
    task = TASKS.get(runs["test_task"].iloc[0])
    if constant.empty or task is None or len(task.labels) != 2:
        return float("nan")
    return max(constant["accuracy"].max(), 1 - constant["accuracy"].min())


def in_macro_f1_alone(runs: pd.DataFrame, method: str) -> str:
    """A sentence where a method's mean of accuracy and macro F1 is above the best constant answer's and its accuracy
    is not."""
    mine, share = runs[runs["method"] == method], larger_class(runs)
    if "acc_f1" not in set(runs.get("metric", ())) or not mine["score"].mean() > best_constant(runs):
        return ""
    accuracy = mine["accuracy"].mean()
    if not accuracy < share:
        return ""
    return (
        f" Its accuracy, {100 * accuracy:.1f} %, is below that of the best constant answer ({100 * share:.1f} %): what "
        "it has above that lies in macro F1."
    )


def above(runs: pd.DataFrame, constant: float) -> set[str]:
    """The methods that are told apart as better over their seeds; all of them where no constant answer is known."""
    seeds = runs.dropna(subset=["seed"])
    leads = {name: scores - constant for name, scores in seeds.groupby("method")["score"]}
    return {name for name, lead in leads.items() if constant != constant or (told_apart(lead) and lead.mean() > 0)}
