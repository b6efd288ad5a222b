"""The layer curves: which blocks are good ones, and ID-SPAM against LPT at each."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from ..experiments.summary import read_results, told_apart
from .constant import best_constant
from .verdict import OURS, Finding, Verdict, lead_of, more_than_luck, task_of, together

NO_CURVE = Finding(["There is no such layer curve yet."], Verdict.UNTESTED)


def curves(folder: Path) -> Iterator[tuple[str, str, pd.DataFrame, float | None]]:
    """File, task, runs with a layer, and the majority class's score, of every curve."""
    for path in sorted(folder.glob("curve_*.csv")):
        table = read_results(path)
        majority = table.loc[table["method"] == "majority class", "score"].max()
        yield path.name, task_of(table), table.dropna(subset=["layer"]), majority


def unlearned(runs: pd.DataFrame, majority: float) -> bool:
    """Is no block of no method told apart as better than the majority class? Such a curve shows luck alone."""
    cells = (cell["score"] - majority for _, cell in runs.groupby(["method", "layer"]))
    return majority == majority and not any(told_apart(lead) and lead.mean() > 0 for lead in cells)


def luck_alone(task: str, majority: float, name: str) -> str:
    """Why a curve is not counted."""
    level = f"the majority class ({100 * majority:.1f} %)"
    return f"{task}: no block does better than {level}, so it is not counted (`{name}`)."


def thirds(curve: pd.DataFrame) -> dict[str, pd.Series]:
    """A method's score at the first, the middle and the last third of the blocks, seed by seed."""
    scores = curve.pivot_table(index="seed", columns="layer", values="score")  # (seeds, L)
    L = scores.shape[1]
    parts = {"first": range(L // 3), "middle": range(L // 3, L - L // 3), "last": range(L - L // 3, L)}
    return {name: scores.iloc[:, list(blocks)].mean(axis=1) for name, blocks in parts.items()}


def ahead_of(leads: list[pd.Series]) -> Verdict:
    """Of some differences, one a seed each: which are above 0, and which below."""
    told = [lead.mean() for lead in leads if told_apart(lead)]
    if not told:
        return Verdict.OPEN
    if min(told) > 0:
        return Verdict.HOLDS if len(told) == len(leads) else Verdict.PARTLY
    return Verdict.PARTLY if max(told) > 0 else Verdict.FAILS


def by_thirds(folder: Path, one: str, others: Sequence[str], methods: Sequence[str]) -> Finding:
    """Is a third of the blocks better than others? Every curve of these methods."""
    sentences, verdicts = [], []
    for name, task, runs, majority in curves(folder):
        if unlearned(runs, majority):
            sentences.append(luck_alone(task, majority, name))
            continue
        for method, curve in runs[runs["method"].isin(methods)].groupby("method", sort=False):
            parts, means = thirds(curve), curve.groupby("layer")["score"].mean()
            leads = {other: parts[one] - parts[other] for other in others}
            told = " and ".join(f"{lead_of(lead)} over the {other}" for other, lead in leads.items())
            span = 100 * (means.max() - means.min())
            sentences.append(
                f"{task}, {method}: the {one} third has {told}; the best is block {int(means.idxmax())} of 0 to "
                f"{len(means) - 1}, {span:.1f} points over the worst (`{name}`)."
            )
            verdicts.append(ahead_of(list(leads.values())))
    if not verdicts:
        return Finding(sentences, Verdict.OPEN) if sentences else NO_CURVE
    return Finding(sentences, together(verdicts))


def middle_blocks(folder: Path) -> Finding:
    """Are the middle blocks better than the first and than the last? The paper says it of both methods."""
    return by_thirds(folder, "middle", ("first", "last"), (OURS, "LPT"))


def earlier_blocks(folder: Path) -> Finding:
    """Are the first blocks better than the last? The paper says it of ID-SPAM alone."""
    return by_thirds(folder, "first", ("last",), (OURS,))


def over_lpt_by_block(folder: Path) -> Finding:
    """ID-SPAM against LPT at every block of the curves that have both: "almost every" is all but one."""
    sentences, verdicts = [], []
    for name, task, runs, majority in curves(folder):
        scores = runs.pivot_table(index=["layer", "seed"], columns="method", values="score")
        if not {OURS, "LPT"} <= set(scores):
            continue
        if unlearned(runs, majority):
            sentences.append(luck_alone(task, majority, name))
            continue
        lead = (scores[OURS] - scores["LPT"]).groupby("layer").agg(["mean", told_apart])
        ahead = (lead["told_apart"] & (lead["mean"] > 0)).sum()
        behind = (lead["told_apart"] & (lead["mean"] < 0)).sum()
        sentences.append(
            f"{task}: ahead of LPT at {ahead} of {len(lead)} blocks, behind at {behind}, the rest not told apart; "
            f"mean lead {100 * lead['mean'].mean():+.1f} points (`{name}`)."
        )
        verdicts.append(
            Verdict.HOLDS if ahead >= len(lead) - 1 else Verdict.PARTLY if 2 * ahead > len(lead)
            else Verdict.FAILS if more_than_luck(behind, len(lead)) else Verdict.OPEN
        )  # fmt: skip
    if not verdicts:
        return Finding(sentences, Verdict.OPEN) if sentences else NO_CURVE
    rule = "A curve holds if ID-SPAM is ahead at all blocks but one, and partly if at more than half."
    return Finding([*sentences, rule], together(verdicts))


def any_block(folder: Path) -> Finding:
    """Does ID-SPAM do better than the best constant answer at every block? The linear head's score stands beside it."""
    sentences, verdicts = [], []
    for path in sorted(folder.glob("curve_*.csv")):
        table = read_results(path)
        task, level, curve = task_of(table), best_constant(table), table[table["method"] == OURS]
        if level != level or curve.empty:
            continue
        head = table[table["method"] == "linear head"]["score"].mean()
        blocks = [block["score"] for _, block in curve.groupby("layer")]
        means = [block.mean() for block in blocks]
        better = sum(bool(told_apart(block - level)) and block.mean() > level for block in blocks)
        verdicts.append(
            Verdict.HOLDS if better == len(blocks) else Verdict.PARTLY if better else Verdict.OPEN
        )  # fmt: skip
        beside = f"; a linear head alone has {100 * head:.1f} %" if head == head else ""
        sentences.append(
            f"{task}: {100 * min(means):.1f} to {100 * max(means):.1f} %, at {better} of {len(blocks)} blocks better "
            f"than the best constant answer ({100 * level:.1f} %){beside} (`{path.name}`)."
        )
    return Finding(sentences, together(verdicts)) if verdicts else NO_CURVE
