"""The layer curve: at which block should the prompt join?"""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from ..errors import BadInput
from .methods import draw_baselines, measure
from .style import COLOURS, DASHES, MARKS, axes_or_new
from .tables import BASELINES, check_columns, one_test, over_runs, seeds_in_words

PAPER_BEST, PAPER_BLOCKS = (11, 13), 24  # appendix A: the blocks of RoBERTa-large that are best in Figure 2


def layer_curve(
    data: pd.DataFrame,
    *,
    L: int | None = None,
    test_task: str | None = None,
    paper: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """The score over the block whose input gets the prompt: mean over the seeds, their spread, and every single run.

    Beside it stands what the paper says of its own curve (Figure 2, a picture without numbers): the stretch of blocks
    that it calls best, moved to a model of L blocks.

    Args:
        data: results as `idspam-lab collect` writes them: a row a run, with train_task, test_task, method, layer and
            score (0..1), perhaps metric. Rows of "majority class" and "linear head" are drawn as lines.
        L: blocks of the model; default: one more than the highest layer in the table.
        test_task: default: the task that was trained on.
        paper: False leaves the paper's stretch out.
        ax: drawn there; default: a new figure.

    Raises:
        BadInput: a column or all runs with a layer are missing, or the runs are of several training tasks.
    """
    data = one_test(check_columns(data, "method", "layer", "score"), test_task)
    runs = data[~data["method"].isin(BASELINES) & data["layer"].notna()]
    if not len(runs):
        raise BadInput("No run in the table has a layer: train with several layers first.")
    table = over_runs(runs, ["method", "layer"])
    L = L or int(table["layer"].max()) + 1
    with axes_or_new(ax, (9.5, 6)) as ax:
        if paper:
            low, high = (m * L / PAPER_BLOCKS for m in PAPER_BEST)
            ax.axvspan(low, high, facecolor="#d9d9d9", hatch="//", edgecolor="white", linewidth=0, zorder=0,
                       label=f"paper: best at {PAPER_BEST[0]}–{PAPER_BEST[1]} of {PAPER_BLOCKS} blocks")  # fmt: skip
        for i, (method, curve) in enumerate(table.groupby("method", sort=False)):
            curve, own = curve.sort_values("layer"), runs[runs["method"] == method]
            x, y, spread = curve["layer"], 100 * curve["mean"], 100 * curve["std"]
            look = {"color": COLOURS[i % len(COLOURS)]}
            ax.fill_between(x, y - spread, y + spread, alpha=0.2, linewidth=0, zorder=2, **look,
                            label="± one standard deviation" if i == 0 and spread.notna().any() else None)  # fmt: skip
            ax.plot(x, y, marker=MARKS[i % len(MARKS)], linestyle=DASHES[i % len(DASHES)], markersize=9, linewidth=2.5,
                    zorder=3, label=f"{method}, {seeds_in_words(curve['runs'])}", **look)  # fmt: skip
            ax.scatter(own["layer"], 100 * own["score"], marker="_", s=90, linewidths=2, zorder=4,
                       label="one run" if i == 0 else None, **look)  # fmt: skip
        draw_baselines(data, ax.axhline)
        ax.set_xticks(range(L))
        ax.set_xlim(-0.4, L - 0.6)
        ax.set_xlabel("m: the block whose input gets the prompt (0: the model's input)")
        ax.set_ylabel(f"{measure(data)} on {data['test_task'].iloc[0]} (%)", parse_math=False)
        ax.grid(False, axis="x")
        sns.despine(ax=ax)
        ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=2, frameon=False, fontsize=13)
    return ax
