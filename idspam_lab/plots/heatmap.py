"""Token weights of several texts as shaded words in reading order."""

import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from ..terminal import columns_of, shorten, visible
from .style import DARK, GREY, axes_or_new, installed_fonts
from .tables import check_columns

LINE = 72  # letters a line
FULL = 4.0  # times the uniform weight at which a token is shaded most, as in report.html
MOST = 200  # tokens in one picture


def token_heatmap(data: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Each text on lines of its own, each token in a box: the darker, the more weight; the number says it too.

    The number is the weight as a multiple of the uniform one, 1/N: what plain mean pooling would give is 1. Special
    tokens are in italics. After 200 tokens the picture ends and says so.

    Args:
        data: text, token, weight, uniform, special and perhaps predicted: see `analysis.tokens.token_table`.
        ax: drawn there; default: a new figure, as high as the texts need.

    Raises:
        BadInput: a column or all rows are missing.
    """
    data = check_columns(data, "text", "token", "weight", "uniform", "special")
    shown, lines = data.head(MOST), []
    for _, text in shown.groupby("text", sort=False):
        lines += [heading(text), *wrapped(text)]
    with axes_or_new(ax, (12, 1.0 + 0.72 * len(lines))) as ax:
        for row, line in enumerate(lines):
            draw_line(line, row, ax) if isinstance(line, list) else ax.text(
                0, row + 0.72, line, fontsize=13, color=GREY, va="center", parse_math=False, family=installed_fonts()
            )
        left = len(data) - len(shown)
        note = f"; {left} more tokens are not shown" if left else ""
        ax.text(0, len(lines) + 0.5, f"numbers: times the uniform weight{note}", fontsize=12, color=GREY, va="center")
        ax.set_xlim(-0.2, LINE + 2)
        ax.set_ylim(len(lines) + 0.9, 0.3)
        ax.set_axis_off()
    return ax


def heading(text: pd.DataFrame) -> str:
    """The line above a text."""
    predicted = f", predicted: {visible(text['predicted'].iloc[0])}" if "predicted" in text else ""
    return f"text {text['text'].iloc[0] + 1}{predicted}"


def wrapped(text: pd.DataFrame) -> list[list[tuple]]:
    """A text's tokens in lines of boxes: (left edge, width, token, times, special)."""
    lines, at = [[]], 0.0
    for row in text.itertuples():
        token = shorten(visible(row.token), 24)
        width = max(columns_of(token), 3) + 1.0
        if at + width > LINE and lines[-1]:
            lines.append([])
            at = 0.0
        lines[-1].append((at, width, token, row.weight / row.uniform, row.special))
        at += width + 0.3
    return lines


def draw_line(line: list[tuple], row: int, ax: Axes) -> None:
    """One line of boxes."""
    shade, strength = colormaps["Blues"], Normalize(0.5, FULL, clip=True)
    for left, width, token, times, special in line:
        ground = shade(0.9 * strength(times))
        letters = "white" if strength(times) > 0.6 else DARK
        ax.add_patch(Rectangle((left, row + 0.04), width, 0.9, facecolor=ground, edgecolor="#bbbbbb", linewidth=0.8))
        look = {"ha": "center", "color": letters, "parse_math": False, "family": installed_fonts()}
        ax.text(left + width / 2, row + 0.34, token, fontsize=13, va="center",
                style="italic" if special else "normal", **look)  # fmt: skip
        ax.text(left + width / 2, row + 0.74, f"{times:.1f}", fontsize=12, va="center", **look)
