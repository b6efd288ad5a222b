"""Methods side by side on one task: which is better, by how much, and is that more than the seed's luck?"""

from collections.abc import Callable

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from ..metrics import METRICS
from .style import BLUE, DARK, GREEN, GREY, ORANGE, OUTLINE, axes_or_new, installed_fonts
from .tables import BASELINES, check_columns, one_test, over_runs, seeds_in_words

NEAR = 15  # points below the lowest run at which a baseline is drawn in any case


def method_comparison(data: pd.DataFrame, *, test_task: str | None = None, ax: Axes | None = None) -> Axes:
    """A row a method, best on top: the mean over its seeds with its standard deviation, and every single run.

    Args:
        data: results as `idspam-lab compare` or `collect` writes them: a row a run, with train_task, test_task, method,
            score (0..1) and perhaps metric. Rows of the BASELINES are drawn as lines.
        test_task: default: the task that was trained on.
        ax: drawn there; default: a new figure, as high as there are methods.

    Raises:
        BadInput: a column or all rows are missing, or the runs are of several training tasks.
    """
    data = one_test(check_columns(data, "method", "score"), test_task)
    runs = data[~data["method"].isin(BASELINES)]
    table = over_runs(runs, ["method"]).sort_values("mean", ignore_index=True)
    place = dict(zip(table["method"], table.index, strict=True))
    with axes_or_new(ax, (9, 2.4 + 0.55 * max(len(table), 1))) as ax:
        draw_baselines(data, ax.axvline)
        ax.errorbar(100 * table["mean"], table.index, xerr=100 * table["std"], fmt="o", color=BLUE, markersize=10,
                    elinewidth=2.5, capsize=5, capthick=2, zorder=3, label="mean and standard deviation")  # fmt: skip
        ax.scatter(100 * runs["score"], runs["method"].map(place), marker="|", s=160, color=DARK, linewidths=1.5,
                   zorder=4, label="one run")  # fmt: skip
        ax.set_yticks(table.index, table["method"], parse_math=False, family=installed_fonts())
        for row in table.itertuples():
            ax.annotate(f"{100 * row.mean:.1f}", (100 * row.mean, row.Index), (0, 9), textcoords="offset points",
                        ha="center", va="bottom", fontsize=12, color=DARK, path_effects=OUTLINE)  # fmt: skip
        ax.set_ylim(-0.6, max(len(table), 1) - 0.3)
        seeds = f", {seeds_in_words(table['runs'])}" if len(table) else ""
        ax.set_xlabel(f"{measure(data)} on {data['test_task'].iloc[0]} (%){seeds}", parse_math=False)
        ax.grid(False, axis="y")
        ax.margins(x=0.08)
        sns.despine(ax=ax, left=True)
        ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=2, frameon=False, borderaxespad=0.2)
    return ax


def draw_baselines(data: pd.DataFrame, line: Callable) -> None:
    """The scores of the BASELINES, where the table has them; `line`: axhline or axvline.

    A level far below all runs would press them together: it is named, and not drawn.
    """
    runs = 100 * data.loc[~data["method"].isin(BASELINES), "score"]
    lowest = runs.min() - max(2 * (runs.max() - runs.min()) + 2, NEAR)
    for name, (colour, dashes) in zip(BASELINES, ((ORANGE, "--"), (GREY, ":"), (GREEN, "-.")), strict=True):
        level = 100 * data.loc[data["method"] == name, "score"].mean()
        if level >= lowest:
            label = f"{name} {level:.1f} %"
            line(level, color=colour, linestyle=dashes, linewidth=2.5, label=label, zorder=1)
        elif level < lowest:
            line(runs.min(), alpha=0, label=f"{name} {level:.1f} %, far below the picture", zorder=0)


def measure(data: pd.DataFrame) -> str:
    """What the score is, in words."""
    name = data["metric"].iloc[0] if "metric" in data else "score"
    return METRICS.get(name, name)
