"""The token weights of one text: what its prompt was made from."""

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes

from ..terminal import rest_sentence, shorten, spread_sentence, verdict
from ..terminal import token_weights as read_weights
from .style import BLUE, DARK, GREY, installed_fonts, keep_sizes, new_figure, style

MOST = 30  # tokens that stay readable side by side


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
    for number in numbers:  # on a ground of its own where the dashed line would strike it through
        number.set(zorder=4, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5})
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
