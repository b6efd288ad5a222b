"""The transfer matrix: what survives a change of task?"""

import textwrap

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ..errors import BadInput
from .methods import measure
from .style import DARK, GREY, axes_or_new
from .tables import BASELINES, check_columns, over_runs, seeds_in_words


def transfer_matrix(data: pd.DataFrame, *, method: str | None = None, ax: Axes | None = None) -> Axes:
    """A row for each training task, a column for each test task: mean score and standard deviation over the seeds.

    Framed cells are tested where they were trained. Under each score stands what the test task's majority class gives,
    where the table has it: a transfer is worth what it has above that.

    Args:
        data: results as `idspam-lab collect` writes them: train_task, test_task, method and score (0..1), a row a run.
        method: whose; default: the only one beside the BASELINES.
        ax: drawn there; default: a new figure.

    Raises:
        BadInput: a column is missing, there is no run of the method, or there are several methods and none is named.
    """
    data = check_columns(data, "train_task", "test_task", "method", "score")
    method = method or only_method(data)
    runs = data[data["method"] == method]
    if not len(runs):
        raise BadInput(f"There is no run of {method!r} in the table; it has {', '.join(data['method'].unique())}.")
    table = over_runs(runs, ["train_task", "test_task"])
    mean, std = (table.pivot(index="train_task", columns="test_task", values=name) for name in ("mean", "std"))
    order = [name for name in dict.fromkeys([*runs["train_task"], *runs["test_task"]])]
    mean = mean.reindex(index=[n for n in order if n in mean.index], columns=[n for n in order if n in mean.columns])
    std, floor = std.reindex_like(mean), data[data["method"] == "majority class"].groupby("test_task")["score"].mean()
    words = [[cell(mean.loc[a, b], std.loc[a, b], floor.get(b)) for b in mean.columns] for a in mean.index]
    scale = textwrap.fill(f"{measures(data)} (%)", 24)  # longer than the bar is high
    with axes_or_new(ax, (3.6 + 2.4 * mean.shape[1], 2.2 + 1.5 * mean.shape[0])) as ax:
        sns.heatmap(100 * mean, annot=np.array(words), fmt="", cmap="cividis", vmin=min(50, 100 * np.nanmin(mean)),
                    vmax=100, linewidths=2, linecolor="white", cbar_kws={"label": scale},
                    annot_kws={"fontsize": 14}, ax=ax)  # fmt: skip
        for i, trained in enumerate(mean.index):
            for j, tested in enumerate(mean.columns):
                if np.isnan(mean.iloc[i, j]):  # which the heat map leaves blank
                    ax.text(j + 0.5, i + 0.5, words[i][j], ha="center", va="center", fontsize=14, color=GREY)
                if trained == tested:
                    ax.add_patch(Rectangle((j + 0.03, i + 0.03), 0.94, 0.94, fill=False, edgecolor=DARK, linewidth=3))
        ax.set_xlabel("tested on")
        ax.set_ylabel("trained on")
        ax.tick_params(axis="y", rotation=0)
        ax.set_title(f"{method}, {seeds_in_words(table['runs'])}", loc="left", parse_math=False)
    return ax


def measures(data: pd.DataFrame) -> str:
    """What the scores are, in words; of several kinds that they are."""
    several = "metric" in data and data["metric"].nunique() > 1
    return "each task's own measure" if several else measure(data)


def only_method(data: pd.DataFrame) -> str:
    """The method whose transfer is meant.

    Raises:
        BadInput: there are several.
    """
    names = [name for name in data["method"].unique() if name not in BASELINES]
    if len(names) != 1:
        raise BadInput(f"The table has {len(names)} methods ({', '.join(names)}): name one (method=...).")
    return names[0]


def cell(mean: float, std: float, floor: float | None) -> str:
    """One cell's text."""
    if np.isnan(mean):
        return "not run"
    spread = f" ± {100 * std:.1f}" if std > 0 else ""
    return f"{100 * mean:.1f}{spread}" + ("" if floor is None else f"\nmajority {100 * floor:.1f}")
