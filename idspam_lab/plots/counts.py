"""Trainable parameters by backbone and method, beside the paper's numbers."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from .style import BLUE, DARK, ORANGE, axes_or_new
from .tables import check_columns


def parameter_counts(data: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """A bar a backbone and method, its number behind it; a diamond where the paper prints another number or the same.

    Args:
        data: backbone, method, parameters (counted here, without a head), printed (the paper's; NaN where it has none).
        ax: drawn there; default: a new figure, as high as the table is long.

    Raises:
        BadInput: a column or all rows are missing.
    """
    data = check_columns(data, "backbone", "method", "parameters", "printed").reset_index(drop=True)
    groups = data["backbone"].ne(data["backbone"].shift()).cumsum()
    place = -(np.arange(len(data)) + 0.7 * (groups - 1))  # from the top, with a gap between backbones
    own, printed = data["parameters"] / 1e6, data["printed"].astype(float) / 1e6
    with axes_or_new(ax, (10, 2.0 + 0.5 * (len(data) + groups.max()))) as ax:
        ax.barh(place, own, height=0.75, color=BLUE, zorder=2, label="counted here")
        ax.scatter(printed, place, marker="D", s=90, color=ORANGE, edgecolors=DARK, linewidths=1.5, zorder=4,
                   label="the paper prints")  # fmt: skip
        right = max(own.max(), np.nanmax(printed, initial=0))
        for y, count, paper in zip(place, data["parameters"], data["printed"], strict=True):
            beside = ", as the paper" if paper == count else "" if np.isnan(paper) else f" (paper {paper:,.0f})"
            end = max(count, np.nan_to_num(paper)) / 1e6
            ax.annotate(f"{count:,.0f}{beside}", (end, y), (10, 0), textcoords="offset points", va="center",
                        fontsize=12, color=DARK)  # fmt: skip
        names = [f"{row.method}   {row.backbone}" for row in data.itertuples()]
        ax.set_yticks(place, names, parse_math=False)
        ax.set_xlim(0, 1.6 * right)
        ax.set_xlabel("trainable parameters (millions), without a head")
        ax.grid(False, axis="y")
        sns.despine(ax=ax, left=True)
        ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, frameon=False, borderaxespad=0.2)
    return ax
