"""One row of the audit, and what several kinds of rows need: rounding, and who is ahead on which task."""

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd

from ..paper_tables import paper_table

OURS = "ID-SPAM"
EPS = 1e-9  # what float arithmetic may add to printed decimals


class Row(NamedTuple):
    """A claim of the paper beside what its printed numbers give."""

    name: str  # unique; begins with the table's number
    claim: str  # the paper's words in quotation marks, or which printed cell it is
    printed: str
    recomputed: str
    adds_up: str  # yes, perhaps or no
    sentence: str


def verdict(plainly: bool, possibly: bool = False) -> str:
    """What `adds_up` says."""
    return "yes" if plainly else "perhaps" if possibly else "no"


def half_step(printed: str) -> float:
    """Half a step of the last printed digit: 0.05 for "5.1", 0.5 for "577"."""
    return 0.5 * 0.1 ** len(printed.partition(".")[2])


def near(found: float, printed: float, half: float) -> bool:
    """Does a number round to the printed one? Half way it rounds to both: nobody says how the paper rounds."""
    return abs(found - printed) <= half + EPS


def extremes(function: Callable[..., float], values: Sequence[float], half: float) -> tuple[float, float]:
    """Least and greatest result while every value may be off by `half`.

    `function` rises or falls in each value alone, so it is enough to look at the corners.
    """
    corners = itertools.product(*[(value - half, value + half) for value in values])
    found = [function(*corner) for corner in corners]
    return min(found), max(found)


def follows(function: Callable[..., float], values: Sequence[float], half: float, printed: str) -> str:
    """Does the printed result follow from printed values, each rounded by up to `half`?"""
    target, step = float(printed), half_step(printed)
    low, high = extremes(function, values, half)
    possibly = low - step - EPS <= target <= high + step + EPS
    return verdict(near(function(*values), target, step), possibly)


def mean(*values: float) -> float:
    """The mean of the arguments."""
    return sum(values) / len(values)


def listed(parts: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def by_method(number: int, cell: str = "score", backbone: str | None = None) -> pd.DataFrame:
    """A printed table as numbers: a row a method, a column a task, without the mean over the tasks."""
    rows = paper_table(number)
    if backbone:
        rows = rows[rows["backbone"] == backbone]
    if "task" not in rows:
        rows = rows.assign(task=rows["train_task"] + " → " + rows["test_task"])
    rows = rows[rows["task"] != "Mean"]
    return rows.pivot_table(cell, "method", "task", sort=False)


def lead(
    name: str,
    claim: str,
    claimed: int,
    cells: pd.DataFrame,
    rivals: Sequence[str],
    *,
    lower: bool = False,
    level_counts: bool = False,
) -> Row:
    """On how many columns is ID-SPAM better than every rival?

    Rounding can hide who is better only where both print the same number ("level").

    Args:
        cells: methods down, columns across.
        lower: less is better, as with times.
        level_counts: the claim includes the level ones ("better or similar").
    """
    best = cells.loc[list(rivals)].min() if lower else cells.loc[list(rivals)].max()
    gap = ((best - cells.loc[OURS]) if lower else (cells.loc[OURS] - best)).round(6)
    said = {
        word: [f"{column} ({cells.at[OURS, column]:g} against {best[column]:g})" for column in gap.index[mask]]
        for word, mask in {"better": gap > 0, "level": gap == 0, "worse": gap < 0}.items()
    }
    wins, level = len(said["better"]), len(said["level"])
    counted = wins + level if level_counts else wins
    possibly = wins <= claimed <= wins + level
    hidden = f" The claim needs {claimed - wins} of the level ones, which hidden decimals could give."
    return Row(
        name=name,
        claim=claim,
        printed=f"{claimed} of {gap.size}",
        recomputed=f"{wins} of {gap.size}" + (f" and {level} level" if level else ""),
        adds_up=verdict(counted == claimed, possibly),
        sentence=f"ID-SPAM is {'; '.join(f'{word} on {listed(on)}' for word, on in said.items() if on)}."
        + (hidden if possibly and counted != claimed else ""),
    )


def second(name: str, claim: str, claimed: int, cells: pd.DataFrame, rivals: Sequence[str]) -> Row:
    """On how many columns does ID-SPAM have the second place?"""
    ours, others = cells.loc[OURS], cells.loc[list(rivals)]
    ahead = others.where(others > ours)  # the baselines' scores that are higher, else NaN
    seconds = [column for column in cells if ahead[column].count() == 1]
    shared = [column for column in cells if ahead[column].count() > 1 and ahead[column].nunique() == 1]
    said = [f"ID-SPAM is second on {listed([f'{c} ({ours[c]:g} after {ahead[c].max():g})' for c in seconds])}."]
    said += [
        f"On {c} its {ours[c]:g} is the second score but the third place: {listed(list(ahead[c].dropna().index))} "
        f"share {ahead[c].max():g}."
        for c in shared
    ]
    return Row(
        name=name,
        claim=claim,
        printed=f"{claimed} of {len(cells.columns)}",
        recomputed=f"{len(seconds)} of {len(cells.columns)}"
        + (f" and {len(shared)} behind a shared first place" if shared else ""),
        adds_up=verdict(len(seconds) == claimed, len(seconds) <= claimed <= len(seconds) + len(shared)),
        sentence=" ".join(said),
    )
