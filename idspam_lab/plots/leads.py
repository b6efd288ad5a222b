"""One method against its rivals in every table: who is ahead, and is that more than the seeds' luck?"""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..errors import BadInput
from .style import BLUE, DARK, GREY, ORANGE, keep_sizes, new_figure, style
from .tables import check_columns

COLUMNS = ("tasks", "method", "difference", "low", "high", "ahead", "behind", "learned")
WIDEST = 15  # points to either side; an interval that is longer ends in an arrow
KINDS = {  # what a lead can be: its name, mark, colour
    "ahead": ("ahead", "o", BLUE),
    "behind": ("behind", "D", ORANGE),
    "open": ("cannot be told", "s", GREY),
    "unlearned": ("no method learned the task", "x", GREY),
}


def leads(data: pd.DataFrame, *, name: str = "ID-SPAM", rivals: list[str] | None = None, columns: int = 3) -> Figure:
    """A panel a rival, a row a table of results: the mean lead over the seeds and its 95 % interval.

    Args:
        data: as `claims.scores.all_leads` gives it: a row a table and rival, with tasks (the row's name), method (the
            rival), difference, low, high (0..1), ahead, behind (does the lead count?) and learned.
        name: whose leads they are.
        rivals: the panels, in this order; default: all of `data`, those with the most tables first.
        columns: panels beside one another.

    Raises:
        BadInput: a column is missing, or a rival.
    """
    data = check_columns(data, *COLUMNS)
    rivals = rivals or list(data["method"].value_counts().index)
    missing = set(rivals) - set(data["method"])
    if missing or not rivals:
        raise BadInput(f"The table has no lead over {' or '.join(sorted(missing)) or 'any method'}.")
    rows = list(dict.fromkeys(data[data["method"].isin(rivals)]["tasks"]))
    height = -(-len(rivals) // columns)
    with style():
        figure = new_figure((4.6 * columns, height * (1.5 + 0.36 * len(rows))))
        panels = figure.subplots(height, columns, sharex=True, sharey=True, squeeze=False)
        for ax, rival in zip(panels.flat, rivals, strict=False):
            one_rival(ax, data[data["method"] == rival], rows)
            ax.set_title(f"over {rival}", loc="left", fontsize=15, parse_math=False)
            ax.set_yticks(range(len(rows)), rows, parse_math=False)
            ax.set_ylim(len(rows) - 0.4, -0.6)
            keep_sizes(ax)
        for ax in panels.flat[len(rivals) :]:
            ax.set_visible(False)
        figure.supxlabel(f"{name}'s lead in points, 95 % interval over the seeds", fontsize=15)
        marks = [Line2D([], [], marker=mark, color=colour, linestyle="", markersize=9, label=told)
                 for told, mark, colour in KINDS.values()]  # fmt: skip
        figure.legend(handles=marks, loc="outside upper center", ncols=len(marks), frameon=False, fontsize=13)
    return figure


def one_rival(ax, data: pd.DataFrame, rows: list[str]) -> None:
    """The leads over one rival, each in its row; tables of one row stand one below the other in it."""
    ax.axvline(0, color=DARK, linewidth=1.2, zorder=1)
    place, share = data.groupby("tasks").cumcount(), data.groupby("tasks")["tasks"].transform("size")
    offsets = 0.6 * ((place + 0.5) / share - 0.5)  # 0 for the only one
    for row, offset in zip(data.itertuples(), offsets, strict=True):
        y, (_, mark, colour) = rows.index(row.tasks) + offset, KINDS[kind(row)]
        low, middle, high = 100 * row.low, 100 * row.difference, 100 * row.high
        ax.hlines(y, max(low, -WIDEST), min(high, WIDEST), color=colour, linewidth=2, zorder=2)
        ax.plot(min(max(middle, -WIDEST), WIDEST), y, mark, color=colour, markersize=6, zorder=3)
        for beyond, x, arrow in ((low < -WIDEST, -WIDEST, "<"), (high > WIDEST, WIDEST, ">")):
            if beyond:
                ax.plot(x, y, arrow, color=colour, markersize=5, zorder=3)
    ax.set_xlim(-1.06 * WIDEST, 1.06 * WIDEST)
    ax.grid(False, axis="y")


def kind(row) -> str:
    """Which of KINDS a lead is."""
    if not row.learned:
        return "unlearned"
    return "ahead" if row.ahead else "behind" if row.behind else "open"
