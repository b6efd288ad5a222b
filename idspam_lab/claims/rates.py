"""Which methods chose the largest or the smallest of the rates that were tried: beyond it they might do better."""

import tomllib
from pathlib import Path

import pandas as pd


def at_the_edge(runs: pd.DataFrame, grid: Path) -> dict[str, list[str]]:
    """{"largest": methods, "smallest": methods} of a table, as they are called there; none where nothing was chosen.

    Args:
        runs: rows of the table.
        grid: the grid file that it was measured with, which may not be there.
    """
    found: dict[str, list[str]] = {"largest": [], "smallest": []}
    if not grid.is_file():
        return found
    tried = rates_tried(grid)
    for (method, spelled), rows in runs.dropna(subset=["seed"]).groupby(["method", "spelled"], sort=False):
        rates = tried.get(spelled, ())
        if len(rates) > 1:
            found["largest"] += [method] * bool((rows["lr"] == max(rates)).all())
            found["smallest"] += [method] * bool((rows["lr"] == min(rates)).all())
    return found


def rates_tried(grid: Path) -> dict[str, tuple[float, ...]]:
    """Spelled method -> the rates of a grid file."""
    blocks = tomllib.loads(grid.read_text(encoding="utf-8"))["runs"]
    rates = {}
    for block in blocks:
        given = block.get("settings", {}).get("lr", ())
        for method in block["methods"]:
            rates[method] = (*rates.get(method, ()), *(given if isinstance(given, list) else [given]))
    return {method: tuple(dict.fromkeys(some)) for method, some in rates.items()}
