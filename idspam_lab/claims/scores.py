"""ID-SPAM's scores against those of other methods: on the task it was trained on, and on others."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from ..experiments.summary import pairwise, read_results, told_apart
from .verdict import OURS, Evidence, Finding, Verdict, in_words, together, verdict_of

SOFT_PROMPTS = ("prompt tuning", "P-tuning", "SMoP", "LPT", "DePT")  # that the paper's tables have; they decide
OTHERS = ("P-tuning v2", "prefix tuning", "IDPG")  # that it only cites; they are shown

MAJORITY = "majority class"
Case = tuple[str, str, pd.DataFrame]  # how its sentence begins, the file, runs that were tested on the same texts


def at_home(folder: Path) -> Iterator[Case]:
    """Every table of several methods, on the task that they were trained on."""
    for path in sorted([*folder.glob("compare_*.csv"), *folder.glob("transfer_*.csv")]):
        table = read_results(path)
        yield "", path.name, table[table["train_task"] == table["test_task"]]


def away(folder: Path, tables: str) -> Iterator[Case]:
    """Tables whose name fits, on each task that was not trained on first."""
    for path in sorted(folder.glob(tables)):
        table = read_results(path)
        elsewhere = table[table["train_task"] != table["test_task"]]
        for (source, _), runs in elsewhere.groupby(["train_task", "test_task"], sort=False):
            yield f"{source} to ", path.name, runs


def judged(cases: Iterable[Case], name: str, others: Sequence[str], beside: Sequence[str] = ()) -> Finding:
    """A method against others, in every case that has it and one of them at least.

    Args:
        others: the rivals that decide.
        beside: methods that are shown with them and decide nothing.
    """
    rivals, shown = tuple(others), (*others, *beside)
    sentences, verdicts = [], []
    for start, file, runs in cases:
        if name not in set(runs["method"]):
            continue
        pairs = pairwise(runs, name)
        deciding = pairs[pairs["method"].isin(rivals)]
        if len(deciding):
            told = in_words(runs, name, pairs[pairs["method"].isin(shown)])
            majority = runs.loc[runs["method"] == MAJORITY, "score"].max()
            constant = f" Always the largest class of the training texts: {100 * majority:.1f} %."
            if learned(runs, majority):
                verdicts.append(verdict_of(deciding))
                told += constant if start and majority == majority else ""
            else:
                told += f" No method does better than the majority class ({100 * majority:.1f} %): not counted."
            sentences.append(f"{start}{told} (`{file}`)")
    if not sentences:
        return Finding("No table here has these methods.", Verdict.UNTESTED)
    return Finding(" ".join(sentences), together(verdicts) if verdicts else Verdict.OPEN)


def learned(runs: pd.DataFrame, majority: float) -> bool:
    """Is a method told apart as better than the majority class? Of the others, a difference is luck."""
    leads = [scores - majority for _, scores in runs.dropna(subset=["seed"]).groupby("method")["score"]]
    return majority != majority or any(told_apart(lead) and lead.mean() > 0 for lead in leads)


def against(others: Sequence[str], name: str = OURS, beside: Sequence[str] = ()) -> Evidence:
    """ID-SPAM, or a variant of it, against other methods on the task that they were trained on."""
    return lambda folder: judged(at_home(folder), name, others, beside)


def on_another_task(tables: str, others: Sequence[str], beside: Sequence[str] = ()) -> Evidence:
    """ID-SPAM on a task that it was not trained on first, against other methods; `tables` says which files."""
    return lambda folder: judged(away(folder, tables), OURS, others, beside)
