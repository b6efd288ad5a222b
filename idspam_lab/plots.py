"""Pictures in seaborn's manner: data first, `ax=None`, the Axes come back.

    ax = training_curve(run.history, majority=0.5, linear_head=0.76)
    save(ax.figure, "training_curve.png")

Colours are seaborn's colour-blind palette, and nothing is told by colour alone. Texts are drawn as they are: a token
such as `$x^2$` is never read as a formula.
"""

import sys
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import font_manager, patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .files import write_atomically
from .terminal import rest_sentence, shorten, spread_sentence, verdict
from .terminal import token_weights as read_weights

MOST = 30  # tokens that stay readable side by side
BLUE, ORANGE, GREEN, *_ = sns.color_palette("colorblind").as_hex()
GREY, DARK = "#6b6b6b", "#222222"
OTHER_SCRIPTS = (  # fonts asked, in this order, for what the first one lacks; those that are not installed are left out
    "DejaVu Sans", "Noto Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans", "WenQuanYi Micro Hei",
    "PingFang SC", "Hiragino Sans", "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "Noto Sans Arabic",
    "Noto Sans Hebrew", "Noto Sans Devanagari", "Nirmala UI", "Segoe UI", "Arial Unicode MS", "Noto Emoji", "Symbola",
)  # fmt: skip


@contextmanager
def style():
    """Letters that a projector shows to the last row, thin grid lines, the colour-blind palette.

        with style():
            figure = Figure(layout="constrained")
            training_curve(history, ax=figure.subplots())

    A plot function that makes its own figure uses it by itself.
    """
    theme = sns.axes_style("whitegrid", {"axes.edgecolor": GREY, "grid.color": "#dddddd"})
    size = sns.plotting_context("notebook", font_scale=1.3)
    with sns.axes_style(theme), sns.plotting_context(size), sns.color_palette("colorblind"):
        yield


def save(figure: Figure, path: str | Path, dpi: int = 150) -> Path:
    """Writes a PNG, whole or not at all, on a white ground, and closes the figure. Needs no screen.

    Raises:
        BadInput: the folder cannot be written or the disk is full.
    """
    try:
        with warnings.catch_warnings():  # a letter that no installed font has is drawn as a box: no reason to be loud
            warnings.filterwarnings("ignore", message=".*Glyph .* missing from")
            return write_atomically(
                Path(path), lambda temporary: figure.savefig(temporary, format="png", dpi=dpi, facecolor="white")
            )
    finally:
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close(figure)


# Training ------------------------------------------------------------------------------------------------------------


def training_curve(
    history: list[dict] | pd.DataFrame,
    *,
    majority: float | None = None,
    linear_head: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Validation accuracy of each epoch, the kept epoch marked, beside what a trivial and a plain method reach.

    Args:
        history: `Run.history`: dicts with epoch, train_loss and, with validation texts, validation_accuracy (0..1).
        majority, linear_head: accuracies (0..1) to draw as horizontal lines.
        ax: drawn there; default: a new figure, with the training loss in a small panel below.

    Without validation texts the curve is the training loss; without a finished epoch a sentence says so.
    """
    data = pd.DataFrame(history)
    if ax is None:
        with style():
            figure = new_figure((9, 6))
            ax, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
            figure.get_layout_engine().set(hspace=0.06)
            draw_accuracy(data, majority, linear_head, ax)
            if "validation_accuracy" in data and "train_loss" in data:
                draw_loss(data, below)
                ax.set_xlabel("")
                ax.tick_params(labelbottom=False)
            else:
                below.remove()
            keep_sizes(ax, below)
        return ax
    return draw_accuracy(data, majority, linear_head, ax)


def draw_accuracy(data: pd.DataFrame, majority: float | None, linear_head: float | None, ax: Axes) -> Axes:
    """The upper panel."""
    if not len(data):
        ax.text(0.5, 0.5, "no epoch was finished", ha="center", va="center", transform=ax.transAxes)
    elif "validation_accuracy" not in data:
        draw_loss(data, ax)
        ax.set_title("no validation texts: the last epoch is kept", loc="left")
        return ax
    else:
        epochs, accuracy = data["epoch"], 100 * data["validation_accuracy"]
        ax.plot(epochs, accuracy, color=BLUE, marker="o", linewidth=2.5, label="validation accuracy", zorder=3)
        score = data.get("validation_score", data["validation_accuracy"])
        best = score.to_numpy().argmax()  # the earliest of equals, as in `fit`
        kept = (epochs.iloc[best], accuracy.iloc[best])
        ring = {"marker": "o", "s": 220, "facecolors": "none", "edgecolors": DARK, "linewidths": 2, "zorder": 4}
        ax.scatter(*kept, label=f"kept: epoch {epochs.iloc[best]:.0f}", **ring)
        ax.annotate(f"{kept[1]:.1f} %", kept, (0, 13), textcoords="offset points", ha="center", va="bottom", color=DARK)
    lines = {"linear head": (linear_head, ORANGE, "--"), "majority class": (majority, GREY, ":")}
    for name, (level, colour, dashes) in lines.items():
        if level is not None:
            label = f"{name} {100 * level:.1f} %"
            ax.axhline(100 * level, color=colour, linestyle=dashes, linewidth=2.5, label=label, zorder=2)
    ax.margins(x=0.06, y=0.15)
    whole_epochs(data, ax)
    ax.set_ylabel("accuracy (%)")
    sns.despine(ax=ax)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, borderaxespad=0.2)
    return ax


def draw_loss(data: pd.DataFrame, ax: Axes) -> Axes:
    """Mean training loss of each epoch."""
    ax.plot(data["epoch"], data["train_loss"], color=GREEN, marker="s", linewidth=2.5, label="training loss")
    ax.margins(x=0.06, y=0.2)
    whole_epochs(data, ax)
    ax.set_ylabel("training loss\n(nats)")
    sns.despine(ax=ax)
    return ax


def whole_epochs(data: pd.DataFrame, ax: Axes) -> None:
    """Marks on the epochs' axis: whole numbers, at most about ten of them."""
    ax.set_xlabel("epoch")
    epochs = data["epoch"].astype(int).tolist() if len(data) else []
    ax.set_xticks(epochs[:: max(1, -(-len(epochs) // 10))])


# Token weights -------------------------------------------------------------------------------------------------------


def token_weights(explanation, *, ax: Axes | None = None) -> Axes:
    """One text's tokens in order, the weight of each in the prompt as a bar with its number.

    A dashed line at 1/N is plain mean pooling: only what leaves that line was learned. Special tokens are grey. Of a
    text of more than 30 tokens the first 30 are drawn, and a line of text sums up the rest.

    Args:
        explanation: a classifier.Explanation, or the dict that report.json holds of one.
        ax: drawn there; default: a new figure, as wide as the text needs.

    Raises:
        BadInput: no tokens, or not one weight for each.
    """
    rows = read_weights(explanation)
    if ax is None:
        with style():
            figure = new_figure((max(6.0, 1.5 + 0.42 * min(len(rows), MOST)), 4.2))
            ax = draw_weights(rows, explanation, figure.subplots())
            keep_sizes(ax, axis="y")
        return ax
    return draw_weights(rows, explanation, ax)


def draw_weights(rows: list, explanation, ax: Axes) -> Axes:
    """The bars."""
    shown, rest = rows[:MOST], rows[MOST:]
    percents, uniform = np.array([100 * row.weight for row in shown]), 100 / len(rows)
    colours = ["#b5b5b5" if row.special else BLUE for row in shown]
    bars = ax.bar(range(len(shown)), percents, color=colours, width=0.8, zorder=2)
    ax.axhline(uniform, color=DARK, linestyle="--", linewidth=1.8, zorder=3, label=f"uniform: 1/{len(rows)}")
    # Letters as large as the bars are wide apart, 8 to 13 points: the caller's Axes may be narrow.
    pitch = 72 * ax.get_figure(root=True).get_figwidth() * ax.get_position().width / len(shown)
    size = float(np.clip(0.62 * pitch, 8, 13))
    numbers = ax.bar_label(bars, [f"{p:.0f}" if p >= 9.95 else f"{p:.1f}" for p in percents], padding=2, fontsize=size)
    for number in numbers:  # readable where the dashed line crosses them
        number.set(zorder=4, path_effects=[patheffects.withStroke(linewidth=3, foreground="white")])
    names = [shorten(row.token, 18) for row in shown]
    ax.set_xticks(range(len(shown)), names, rotation=50, ha="right", rotation_mode="anchor", fontsize=size,
                  parse_math=False, usetex=False, family=installed_fonts())  # fmt: skip
    for label, row in zip(ax.get_xticklabels(), shown, strict=True):
        label.set_color(GREY if row.special else DARK)
    ax.set_xlim(-0.7, len(shown) - 0.3)
    ax.set_ylim(0, max(1.18 * percents.max(), 1.5 * uniform))
    ax.grid(False, axis="x")
    ax.set_ylabel("weight (%)")
    notes = [spread_sentence(rows)]
    notes += [f"Shown: the first {len(shown)} of {len(rows)} tokens; {rest_sentence(rest)}."] if rest else []
    ax.set_xlabel("\n".join(notes), color=GREY, fontsize=11, parse_math=False, family=installed_fonts())
    ax.set_title(f"predicted: {verdict(explanation)}", loc="left", parse_math=False, family=installed_fonts())
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False, borderaxespad=0.1)
    sns.despine(ax=ax)
    return ax


# Helpers -------------------------------------------------------------------------------------------------------------


def new_figure(size: tuple[float, float]) -> Figure:
    """A figure that belongs to nobody: no window, nothing left open. In a notebook it is shown after the cell."""
    if in_notebook():
        import matplotlib.pyplot as plt

        return plt.figure(figsize=size, layout="constrained")
    return Figure(figsize=size, layout="constrained")


def in_notebook() -> bool:
    """Does a Jupyter kernel run this? A loaded ipykernel does not say so: other libraries load it in plain Python."""
    ipython = sys.modules.get("IPython")
    return getattr(ipython and ipython.get_ipython(), "kernel", None) is not None


def keep_sizes(*axes: Axes, axis: str = "both") -> None:
    """Marks are made when they are first drawn, maybe after `style()` has ended: fixes their look now."""
    for ax in axes:
        ax.tick_params(axis=axis, labelsize=sns.plotting_context()["xtick.labelsize"], color=GREY)


def installed_fonts() -> list[str]:
    """Families that exist here, for letters of any script."""
    found = set(font_manager.fontManager.get_font_names())
    return [name for name in OTHER_SCRIPTS if name in found]
