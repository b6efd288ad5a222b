"""The prompt map: which texts get like prompts?"""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from .style import COLOURS, MARKS, axes_or_new
from .tables import check_columns

NOTES = {
    "tsne": "t-SNE: who is near whom is meant; distances and sizes of groups are not",
    "pca": "PCA: the plane that shows most of the differences between the prompts",
}


def prompt_map(data: pd.DataFrame, *, label: str = "label", ax: Axes | None = None) -> Axes:
    """Each text's prompt as a point, its class as colour and mark.

    Args:
        data: x, y and the column `label`, as `analysis.prompts.project` gives them with the labels put in. Its
            attrs["projection"] and attrs["explained"] are written beside the picture.
        label: the column that tells the classes apart.
        ax: drawn there; default: a new figure.

    Raises:
        BadInput: a column or all rows are missing.
    """
    attrs = getattr(data, "attrs", {})
    data = check_columns(data, "x", "y", label)
    with axes_or_new(ax, (8, 6.5)) as ax:
        for i, (name, points) in enumerate(data.groupby(label, sort=True)):
            look = {"marker": MARKS[i % len(MARKS)], "color": COLOURS[i % len(COLOURS)], "edgecolors": "white"}
            ax.scatter(points["x"], points["y"], s=45, alpha=0.7, label=f"{name} ({len(points)})", **look)
        explained = attrs.get("explained")
        names = [f"{axis} component" + (f" ({100 * explained[i]:.0f} % of the variance)" if explained else "")
                 for i, axis in enumerate(("first", "second"))]  # fmt: skip
        if attrs.get("projection") == "tsne":
            ax.set_xticks([])
            ax.set_yticks([])
            names = ["", ""]
        else:
            ax.set_aspect("equal", adjustable="datalim")
        ax.set_ylabel(names[1])
        ax.set_xlabel(names[0])
        ax.set_title(NOTES.get(attrs.get("projection"), ""), loc="left", fontsize=12)
        sns.despine(ax=ax)
        legend = ax.legend(title=label, loc="best", frameon=True)
        for text in (*legend.get_texts(), legend.get_title()):
            text.set_parse_math(False)
    return ax
