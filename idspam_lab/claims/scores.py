"""ID-SPAM's scores against those of other methods: on the task it was trained on, and on others."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ..experiments.summary import pairwise, read_results
from .verdict import OURS, Evidence, Finding, Verdict, in_words, together, verdict_of

SOFT_PROMPTS = ("prompt tuning", "P-tuning", "P-tuning v2", "prefix tuning", "SMoP", "LPT", "DePT", "IDPG")


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


def on_another_task(tables: str, others: Iterable[str], beside: Iterable[str] = ()) -> Evidence:
    """ID-SPAM on a task that it was not trained on first, against other methods.

    Args:
        tables: which files, as a pattern.
        others: the rivals that decide.
        beside: methods that are shown with them and decide nothing.
    """
    rivals, shown = tuple(others), (*others, *beside)

    def evidence(folder: Path) -> Finding:
        sentences, verdicts = [], []
        for path in sorted(folder.glob(tables)):
            table = read_results(path)
            for (source, _), runs in table[table["train_task"] != table["test_task"]].groupby(
                ["train_task", "test_task"], sort=False
            ):
                pairs = pairwise(runs, OURS)
                pairs = pairs[pairs["method"].isin(shown)]
                deciding = pairs[pairs["method"].isin(rivals)]
                if len(deciding):
                    sentences.append(f"{source} to {in_words(runs, OURS, pairs)} (`{path.name}`)")
                    verdicts.append(verdict_of(deciding))
        if not verdicts:
            return Finding("There is no such table yet.", Verdict.UNTESTED)
        return Finding(" ".join(sentences), together(verdicts))

    return evidence
