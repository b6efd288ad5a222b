"""What held: erased tokens and changed prompts, with a sentence above them."""

import textwrap
from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import BadInput
from .style import BLUE, COLOURS, DARK, GREEN, GREY, ORANGE, OUTLINE, axes_or_new, keep_sizes, new_figure, style
from .tables import check_columns

ROUTES = {  # route -> colour, mark, words
    "both": (BLUE, "o", "for both"),
    "generator": (GREEN, "s", "for the prompt alone"),
    "backbone": (ORANGE, "D", "for the frozen model alone"),
}
BARS = "mean, with its 95 % interval"
PURPLE = COLOURS[3]
MEASURES = {  # measure -> title, which way is faithful
    "comprehensiveness": ("p(text) − p(text without its first tokens)", "faithful: to the right"),
    "sufficiency": ("p(text) − p(its first tokens alone)", "faithful: to the left"),
}


def faithfulness(erased: pd.DataFrame, changed: pd.DataFrame, sentences: Sequence[str]) -> Figure:
    """One figure: both of ERASER's measures by order and route, the changed prompts, and in words what held.

    Args:
        erased: `analysis.faithfulness.summary`; changed: `prompt_table`; sentences: `findings`, the first on top.
    """
    with style():
        figure = new_figure((11.5, 13.5))  # as wide as a page, so that its letters stay as large as they are
        grid = figure.add_gridspec(2, 2, height_ratios=(1.15, 1))
        left, middle, below = (figure.add_subplot(part) for part in (grid[0, 0], grid[0, 1], grid[1, :]))
        figure.get_layout_engine().set(wspace=0.06, hspace=0.04)
        erasure(erased, ax=left)
        erasure(erased, measure="sufficiency", ax=middle)
        middle.set_yticklabels([])
        middle.get_legend().remove()
        changed_prompts(changed, ax=below)
        figure.suptitle("\n".join(textwrap.wrap(sentences[0], 85)), x=0.01, ha="left", fontweight="bold", fontsize=16)
        rest = "\n".join(line for text in sentences[1:] for line in textwrap.wrap(text, 105))
        figure.supxlabel(rest, x=0.01, ha="left", fontsize=14, color=DARK)
        keep_sizes(left, middle, below)
    return figure


def erasure(data: pd.DataFrame, *, measure: str = "comprehensiveness", ax: Axes | None = None) -> Axes:
    """A row an order, a mark a route: mean AOPC with its interval, in points of probability.

    Args:
        data: measure, order, route, mean, low, high (0..1), as `analysis.faithfulness.summary` gives them.
        measure: "comprehensiveness" or "sufficiency".
        ax: drawn there; default: a new figure.

    Raises:
        BadInput: a column or all rows are missing, or there is no such measure.
    """
    data = check_columns(data, "measure", "order", "route", "mean", "low", "high")
    if measure not in MEASURES:
        raise BadInput(f"There is no measure {measure!r}; there are {', '.join(MEASURES)}.")
    data, orders = data[data["measure"] == measure], list(dict.fromkeys(data["order"]))
    with axes_or_new(ax, (9, 6)) as ax:
        for i, (route, (colour, mark, words)) in enumerate(ROUTES.items()):
            part = data[data["route"] == route].set_index("order").reindex(orders)
            place = [-row + 0.24 * (1 - i) for row in range(len(orders))]
            bars(part, place, colour, mark, f"erased {words}", ax)
        ax.axvline(0, color=GREY, linewidth=1.2, zorder=1)
        ax.set_yticks([-row for row in range(len(orders))], [words_of(name) for name in orders])
        ax.set_ylim(-len(orders) + 0.5, 0.5)
        title, direction = MEASURES[measure]
        ax.set_title(f"{measure}\n{title}", loc="left", fontsize=14)
        ax.set_xlabel(f"points of probability\n({direction})")
        ax.grid(False, axis="y")
        sns.despine(ax=ax, left=True)
        ax.legend(loc="upper left", bbox_to_anchor=(-0.1, -0.25), frameon=False, fontsize=14, title=BARS,
                  alignment="left")  # fmt: skip
    return ax


def changed_prompts(data: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """A row a kind of prompt: how much of its probability the predicted class loses, and how many predictions flip.

    Args:
        data: intervention, measure ("drop", "flipped"), mean, low, high (0..1), as
            `analysis.faithfulness.prompt_table` gives them. The texts' own prompts are left out: nothing changes there.
        ax: drawn there; default: a new figure.

    Raises:
        BadInput: a column or all rows are missing.
    """
    data = check_columns(data, "intervention", "measure", "mean", "low", "high")
    names = [name for name in dict.fromkeys(data["intervention"]) if name != "its own prompt"]
    with axes_or_new(ax, (9, 5)) as ax:
        for i, (measure, colour, mark, words) in enumerate(
            (("drop", DARK, "^", "loss of probability (points)"), ("flipped", PURPLE, "v", "texts read otherwise (%)"))
        ):
            part = data[data["measure"] == measure].set_index("intervention").reindex(names)
            bars(part, [-row + 0.14 * (1 - 2 * i) for row in range(len(names))], colour, mark, words, ax)
        ax.axvline(0, color=GREY, linewidth=1.2, zorder=1)
        ax.set_yticks([-row for row in range(len(names))], [words_of(name) for name in names])
        ax.set_ylim(-len(names) + 0.5, 0.5)
        ax.set_title("another prompt in place\nof the text's own", loc="left", fontsize=14)
        ax.set_xlabel("points of probability, or percent of the texts")
        ax.grid(False, axis="y")
        sns.despine(ax=ax, left=True)
        ax.legend(loc="upper left", bbox_to_anchor=(-0.1, -0.17), frameon=False, fontsize=14, title=BARS,
                  alignment="left")  # fmt: skip
    return ax


def bars(part: pd.DataFrame, place: list[float], colour: str, mark: str, label: str, ax: Axes) -> None:
    """Means with their intervals and numbers; a label that ends in (%) is of shares."""
    mean = 100 * part["mean"]
    reach = [mean - 100 * part["low"], 100 * part["high"] - mean]
    if (part["mean"] >= 0).all() and label.endswith("(%)"):
        reach[0] = reach[0].clip(upper=mean)  # a share is never below 0
    ax.errorbar(mean, place, xerr=[side.fillna(0) for side in reach], fmt=mark, color=colour, markersize=8,
                elinewidth=2, capsize=4, zorder=3, label=label)  # fmt: skip
    ends = (100 * part["high"]).fillna(mean)
    for x, end, y in zip(mean, ends, place, strict=True):  # behind the interval, where no other row's marks are
        ax.annotate(f"{x:.1f}", (end, y), (8, 0), textcoords="offset points", ha="left", va="center", fontsize=13,
                    color=DARK, path_effects=OUTLINE, zorder=5)  # fmt: skip


def words_of(name: str) -> str:
    """A row's name in short lines; what an order that is not learned stands for is said."""
    told = {"random": "random (and what uniform weights give)", "rarity": "the rarest tokens first"}.get(name, name)
    return "\n".join(textwrap.wrap(told, 20))
