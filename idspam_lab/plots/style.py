"""What all pictures share: letters, colours, figures, files."""

import sys
import warnings
from contextlib import contextmanager
from pathlib import Path

import seaborn as sns
from matplotlib import font_manager, patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..files import write_atomically

BLUE, ORANGE, GREEN, *_ = sns.color_palette("colorblind").as_hex()
GREY, DARK = "#6b6b6b", "#222222"
OUTLINE = [patheffects.withStroke(linewidth=3, foreground="white")]  # letters stay readable where a line crosses them
# For series, in this order; orange and grey are for baselines, on pairs of texts a dashed green too. Nothing is told
# apart by colour alone.
COLOURS = [colour for i, colour in enumerate(sns.color_palette("colorblind").as_hex()) if i not in (1, 7, 8)]
MARKS, DASHES = "osD^vP*X", ("-", "-.", (0, (6, 1)), (0, (2, 1)))
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


@contextmanager
def axes_or_new(ax: Axes | None, size: tuple[float, float]):
    """The caller's Axes as they are, or those of a new figure of this size in inches, in our style."""
    if ax is not None:
        yield ax
        return
    with style():
        ax = new_figure(size).subplots()
        yield ax
        keep_sizes(ax)


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
