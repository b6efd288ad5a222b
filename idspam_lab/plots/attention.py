"""The attention matrix of eq. (1): which token asks for which."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from ..errors import BadInput
from ..terminal import shorten, visible
from .style import DARK, GREY, axes_or_new, installed_fonts

MOST = 30  # tokens that stay readable


def attention_matrix(data: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Rows ask, columns are asked; below the line the mean of all rows, which is w, the weight of each token.

    Of a text of more than 30 tokens the first 30 rows and columns are drawn; the mean is over all.

    Args:
        data: a square DataFrame, index and columns the tokens, rows sum to 1: see `analysis.tokens.attention`.
        ax: drawn there; default: a new figure, as large as the text needs.

    Raises:
        BadInput: it is not square or has no tokens.
    """
    if data.shape[0] != data.shape[1] or not len(data):
        raise BadInput(f"The table is {data.shape[0]} x {data.shape[1]}, but attention has a row and a column a token.")
    N = min(len(data), MOST)
    alpha, w = 100 * data.to_numpy()[:N, :N], 100 * data.to_numpy().mean(0)[:N]
    rows = np.vstack([alpha, np.full((1, N), np.nan), w])  # (N + 2, N): a gap between
    names = [shorten(visible(token), 16) for token in data.columns[:N]]
    with axes_or_new(ax, (max(6.5, 3 + 0.42 * N), max(5, 2.2 + 0.36 * N))) as ax:
        sns.heatmap(rows, cmap="cividis", vmin=0, square=False, linewidths=0.5, linecolor="white",
                    cbar_kws={"label": f"attention (%); even: {100 / len(data):.1f}"}, ax=ax)  # fmt: skip
        size = float(np.clip(180 / N, 9, 13))
        look = {"parse_math": False, "family": installed_fonts(), "fontsize": size}
        ax.set_xticks(np.arange(N) + 0.5, names, rotation=50, ha="right", rotation_mode="anchor", **look)
        ax.set_yticks([*np.arange(N) + 0.5, N + 1.5], [*names, "mean (w)"], rotation=0, **look)
        ax.axhline(N + 0.5, color=DARK, linewidth=1.5)
        for i, weight in enumerate(w):
            dark = weight > 0.55 * np.nanmax(rows)
            ax.text(i + 0.5, N + 1.5, f"{weight:.0f}", ha="center", va="center", fontsize=max(9, 0.8 * size),
                    color=DARK if dark else "white")  # fmt: skip
        ax.grid(False)
        note = f"; the first {N} of {len(data)} tokens are shown" if len(data) > N else ""
        ax.set_xlabel(f"is asked{note}", color=GREY)
        ax.set_ylabel("asks", color=GREY)
    return ax
