"""What the pictures ask of their tables."""

import pandas as pd

from ..errors import BadInput

BASELINES = ("linear head", "majority class", "cosine similarity")  # methods that are drawn as lines


def check_columns(data: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The table as a DataFrame, if it has these columns and a row.

    Raises:
        BadInput: it lacks one, or is empty.
    """
    data = pd.DataFrame(data)
    missing = [name for name in columns if name not in data]
    if missing:
        raise BadInput(f"The table has no column {missing[0]!r}: this picture needs {', '.join(columns)}.")
    if not len(data):
        raise BadInput("The table has no rows: there is nothing to draw.")
    return data


def one_test(data: pd.DataFrame, test_task: str | None) -> pd.DataFrame:
    """The rows of one pair of training and test task: results on different texts are no series.

    test_task: default: the task that was trained on, where it was tested too.

    Raises:
        BadInput: there are rows of several training tasks, or none for the test task.
    """
    check_columns(data, "train_task", "test_task")
    trained = data["train_task"].unique()
    if len(trained) > 1:
        raise BadInput(f"The table has runs on {', '.join(trained)}: choose the rows of one training task.")
    name = test_task or (trained[0] if trained[0] in set(data["test_task"]) else data["test_task"].iloc[0])
    rows = data[data["test_task"] == name]
    if not len(rows):
        raise BadInput(f"The table has no results on {name!r}; it has {', '.join(data['test_task'].unique())}.")
    return rows


def over_runs(data: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Mean and standard deviation (n - 1) of the score over the seeds, as the paper reports them; std 0 for one run."""
    found = data.groupby(by, as_index=False, sort=False).agg(
        mean=("score", "mean"), std=("score", "std"), runs=("score", "size")
    )
    return found.fillna({"std": 0.0})


def seeds_in_words(runs: pd.Series) -> str:
    """ "3 seeds", "2 to 3 seeds", "one seed"."""
    low, high = int(runs.min()), int(runs.max())
    return "one seed" if high == 1 else f"{high} seeds" if low == high else f"{low} to {high} seeds"
