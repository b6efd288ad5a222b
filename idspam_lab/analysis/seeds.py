"""Means with intervals over several trained classifiers that differ by their seed alone."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..intervals import interval
from ..terminal import table as as_table


def over_seeds(table: pd.DataFrame, value: str, by: Sequence[str] = ()) -> pd.DataFrame:
    """The mean of a column and its interval, for each group.

    Columns: `by`, mean, low, high, runs, texts, over. With two classifiers or more, each one's mean over the texts is
    one value and the interval is over the classifiers ("runs"): what another seed would change. Of one classifier it is
    over the texts ("texts"): what other texts would change, which says nothing of other seeds.

    Args:
        table: has columns run and text besides, a row a text.
    """
    groups = table.groupby(list(by), sort=False) if by else [((), table)]
    found = []
    for key, group in groups:
        by_run = group.groupby("run")[value].mean()
        over = "runs" if len(by_run) > 1 else "texts"
        values = by_run if over == "runs" else group[value]
        low, high = interval(values)
        row = dict(zip(by, key, strict=True)) | {"mean": values.mean(), "low": low, "high": high}
        found.append(row | {"runs": len(by_run), "texts": int(group.groupby("run").size().max()), "over": over})
    return pd.DataFrame(found)


def in_words(means: pd.DataFrame) -> str:
    """A table of `over_seeds` as aligned text: points (times 100) with the interval in brackets."""
    names = [name for name in means.columns if name not in ("mean", "low", "high", "runs", "texts", "over")]
    rows = []
    for row in means.to_dict("records"):
        spread = "" if np.isnan(row["low"]) else f" ({100 * row['low']:.1f} to {100 * row['high']:.1f})"
        rows.append([*(row[name] for name in names), f"{100 * row['mean']:.1f}{spread}"])
    first = means.iloc[0]
    over = f"{first['runs']} seeds" if first["over"] == "runs" else f"{first['texts']} texts, one seed"
    return as_table(rows, [*names, f"points (95 % interval over {over})"])
