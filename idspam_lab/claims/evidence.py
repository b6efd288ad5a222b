"""What the measured tables say about a claim: one sentence or more, and a verdict that a rule gives.

A difference of two methods is taken seed by seed on the same texts and counts when it is more than two standard errors
(summary.pairwise). Nothing here is typed in: a table that is not there leaves its claim untested.
"""

import json
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ..analysis.faithfulness import findings
from ..audit.sizes import lora_size
from ..counting import count
from ..errors import BadInput
from ..experiments.faithfulness import read_study
from ..experiments.summary import pairwise, read_results
from ..paper import IDSPAM_PARAMETERS

OURS = "ID-SPAM"
SOFT_PROMPTS = ("prompt tuning", "P-tuning", "P-tuning v2", "prefix tuning", "SMoP", "LPT", "DePT", "IDPG")


class Verdict(StrEnum):
    """What is said of a claim."""

    HOLDS = "holds"
    PARTLY = "holds partly"
    OPEN = "cannot be told"
    FAILS = "does not hold"
    UNTESTED = "not tested here"


class Finding(NamedTuple):
    """What a table says."""

    evidence: str
    verdict: Verdict


Evidence = Callable[[Path], Finding]  # the folder of results


def untested(why: str) -> Evidence:
    """A claim that nothing here can test."""
    return lambda folder: Finding(why, Verdict.UNTESTED)


def comparisons(folder: Path) -> dict[str, pd.DataFrame]:
    """name -> table of several methods on the task that they were trained on."""
    paths = sorted([*folder.glob("compare_*.csv"), *folder.glob("transfer_*.csv")])
    found = {path.name: read_results(path) for path in paths}
    return {name: table[table["train_task"] == table["test_task"]] for name, table in found.items()}


def against(others: Iterable[str], name: str = OURS) -> Evidence:
    """ID-SPAM, or a variant of it, against other methods, in every comparison that has them."""
    wanted = tuple(others)

    def evidence(folder: Path) -> Finding:
        sentences, verdicts = [], []
        for file, table in comparisons(folder).items():
            if name in set(table["method"]):
                pairs = pairwise(table, name)
                pairs = pairs[pairs["method"].isin(wanted)]
                if len(pairs):
                    sentences.append(f"{in_words(table, name, pairs)} (`{file}`)")
                    verdicts.append(verdict_of(pairs))
        if not verdicts:
            return Finding("No table here has these methods.", Verdict.UNTESTED)
        return Finding(" ".join(sentences), together(verdicts))

    return evidence


def in_words(table: pd.DataFrame, name: str, pairs: pd.DataFrame) -> str:
    """Every difference in points, the best rival first."""
    task = table["test_task"].iloc[0]
    cells = [
        f"{row.method} {100 * row.difference:+.1f} ± {100 * row.standard_error:.1f}{'' if row.told_apart else ' (?)'}"
        for row in pairs.sort_values("difference").itertuples()
    ]
    score = 100 * table[table["method"] == name]["score"].mean()
    seeds = int(pairs["seeds"].max())
    return f"{task}, {seeds} seeds: {name} has {score:.1f} %; its lead in points over {', '.join(cells)}."


def verdict_of(pairs: pd.DataFrame) -> Verdict:
    """Of one table: ahead of all, behind one, or in between."""
    ahead = pairs["told_apart"] & (pairs["difference"] > 0)
    behind = pairs["told_apart"] & (pairs["difference"] < 0)
    if behind.any():
        return Verdict.PARTLY if ahead.any() else Verdict.FAILS
    return Verdict.HOLDS if ahead.all() else Verdict.PARTLY if ahead.any() else Verdict.OPEN


def together(verdicts: list[Verdict]) -> Verdict:
    """Of several tables: what all of them say, else that it holds partly."""
    return verdicts[0] if len(set(verdicts)) == 1 else Verdict.PARTLY


def sizes(folder: Path) -> Finding:
    """Table 12 and 13, counted again from the models' shapes."""
    cells, right = [], 0
    for name, printed in IDSPAM_PARAMETERS.items():
        found = count("idspam", name).method
        right += printed.agrees(found)
        if not printed.agrees(found):
            cells.append(f"{name} has {found:,}, printed {printed.value:,.0f}")
    rest = f" Not so: {'; '.join(cells)}." if cells else ""
    evidence = f"{right} of {len(IDSPAM_PARAMETERS)} counts come out from the models' shapes alone.{rest}"
    return Finding(evidence, Verdict.HOLDS if not cells else Verdict.PARTLY)


def fewer_than_lora(folder: Path) -> Finding:
    """Trained numbers of ID-SPAM and of LoRA at rank 8 on queries and values, and as the paper counts LoRA."""
    ours, lora = count("idspam", "roberta-base").method, count("lora", "roberta-base").method
    every = lora_size("roberta-base")
    return Finding(
        f"RoBERTa-base: ID-SPAM {ours:,}; LoRA {lora:,} at rank 8 on queries and values, {every:,} at rank 16 on every "
        "linear layer, which is what Table 12 counts. Which of the two is smaller is a choice of LoRA's rank.",
        Verdict.HOLDS if ours < min(lora, every) else Verdict.PARTLY if ours < every else Verdict.FAILS,
    )


def faster_step_than_lora(folder: Path) -> Finding:
    """A training step beside PEFT's LoRA in the same precision with the same attention, in every file of bench/."""
    sentences, ratios = [], []
    for path in sorted((folder / "bench").glob("*.json")):
        report = json.loads(path.read_text(encoding="utf-8"))
        for found in report["found"]:
            for ratio in found["ratios"]:
                if found["part"] == "a" and ratio["what"].startswith("PEFT LoRA, same precision"):
                    ratios.append(ratio["value"])
                    where = f"{report['scale']['shape']}, {report['hardware']['device']}"
                    sentences.append(f"{where}: {ratio['what']} = {ratio['value']:.1f} (`bench/{path.name}`).")
    if not ratios:
        return Finding("No training step was timed yet.", Verdict.UNTESTED)
    verdicts = [Verdict.HOLDS if ratio > 1 else Verdict.FAILS for ratio in ratios]
    return Finding(" ".join(sentences), together(verdicts))


def middle_blocks(folder: Path) -> Finding:
    """Are the middle blocks better than the first and the last? By seed, every curve and method."""
    sentences, verdicts = [], []
    for path in sorted(folder.glob("curve_*.csv")):
        runs = read_results(path).dropna(subset=["layer"])
        for method, curve in runs.groupby("method", sort=False):
            scores = curve.pivot_table(index="seed", columns="layer", values="score")  # (seeds, L)
            L = scores.shape[1]
            middle = scores.iloc[:, L // 3 : L - L // 3].mean(axis=1)
            ends = scores.iloc[:, [*range(L // 3), *range(L - L // 3, L)]].mean(axis=1)
            lead = middle - ends
            mean, error, best = lead.mean(), lead.sem(), int(scores.mean().idxmax())
            task = curve["test_task"].iloc[0]
            sentences.append(
                f"{task}, {method}: middle blocks {100 * mean:+.1f} ± {100 * error:.1f} points over the rest, the best "
                f"is block {best} of 0 to {L - 1}, {100 * (scores.mean().max() - scores.mean().min()):.1f} points over "
                f"the worst (`{path.name}`)."
            )
            told = abs(mean) > 2 * error
            verdicts.append(Verdict.OPEN if not told else Verdict.HOLDS if mean > 0 else Verdict.FAILS)
    if not verdicts:
        return Finding("There is no layer curve yet.", Verdict.UNTESTED)
    return Finding(" ".join(sentences), together(verdicts))


def over_lpt_by_block(folder: Path) -> Finding:
    """ID-SPAM against LPT at every block of the curves that have both."""
    sentences, verdicts = [], []
    for path in sorted(folder.glob("curve_*.csv")):
        runs = read_results(path).dropna(subset=["layer"])
        scores = runs.pivot_table(index=["layer", "seed"], columns="method", values="score")
        if {OURS, "LPT"} <= set(scores):
            lead = (scores[OURS] - scores["LPT"]).groupby("layer").agg(["mean", "sem"])
            ahead = (lead["mean"] > 2 * lead["sem"]).sum()
            behind = (lead["mean"] < -2 * lead["sem"]).sum()
            task = runs["test_task"].iloc[0]
            sentences.append(
                f"{task}: ahead of LPT at {ahead} of {len(lead)} blocks, behind at {behind}, the rest not told apart; "
                f"mean lead {100 * lead['mean'].mean():+.1f} points (`{path.name}`)."
            )
            verdicts.append(
                Verdict.HOLDS if ahead > len(lead) / 2 else Verdict.OPEN if ahead == behind == 0
                else Verdict.PARTLY if ahead > behind else Verdict.FAILS
            )  # fmt: skip
    if not verdicts:
        return Finding("No curve here has both methods.", Verdict.UNTESTED)
    return Finding(" ".join(sentences), together(verdicts))


def zero_shot(folder: Path) -> Finding:
    """ID-SPAM on a task that it was not trained on, against the soft prompts and the linear head."""
    sentences, verdicts = [], []
    for path in sorted(folder.glob("transfer_*.csv")):
        table = read_results(path)
        for (source, _), runs in table[table["train_task"] != table["test_task"]].groupby(
            ["train_task", "test_task"], sort=False
        ):
            pairs = pairwise(runs, OURS)
            shown = pairs[pairs["method"].isin((*SOFT_PROMPTS, "linear head"))]
            sentences.append(f"{source} to {in_words(runs, OURS, shown)} (`{path.name}`)")
            verdicts.append(verdict_of(shown[shown["method"] != "linear head"]))
    if not verdicts:
        return Finding("There is no transfer table yet.", Verdict.UNTESTED)
    return Finding(" ".join(sentences), together(verdicts))


def weights_matter(folder: Path) -> Finding:
    """The study of lesson 03."""
    try:
        found = findings(read_study(folder / "faithfulness_rotten_tomatoes"))
    except BadInput:
        return Finding("There is no study yet.", Verdict.UNTESTED)
    verdict, first = found[0].split(": ", 1)
    verdicts = {"Held": Verdict.HOLDS, "Did not hold": Verdict.FAILS}
    return Finding(" ".join([first[0].upper() + first[1:], *found[1:3]]), verdicts.get(verdict, Verdict.OPEN))
