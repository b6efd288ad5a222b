"""The training curve: does it learn, and is it better than what costs nothing?"""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from .style import BLUE, DARK, GREEN, GREY, ORANGE, keep_sizes, new_figure, style


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
    ax.set_ylabel("validation accuracy (%)")
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
