"""Finished runs -> the tables NAME.csv (a row a run and test set) and NAME-epochs.csv (a row a run and epoch)."""

import pandas as pd

from ..files import write_text
from .folder import GridFolder
from .plan import Plan

SAME_TEXTS = ["train_task", "test_task", "metric", "fingerprint", "train_texts"]


def collect(plan: Plan, folder: GridFolder) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables of what is done so far, in the plan's order; the majority class's rows come first.

    Both are written into the folder, if anything is done.

    Raises:
        BadInput: a finished run's file is damaged, or the tables cannot be written.
    """
    done = [folder.read(run) for run in plan.runs if folder.done(run)]
    results = pd.DataFrame([*majority_rows(done), *(row for found in done for row in found["rows"])])
    epochs = pd.DataFrame([row for found in done for row in epoch_rows(found)])
    if done:
        write_text(folder.path / f"{plan.name}.csv", results.to_csv(index=False))
        write_text(folder.path / f"{plan.name}-epochs.csv", epochs.to_csv(index=False))
    return results, epochs


def majority_rows(done: list[dict]) -> list[dict]:
    """One for each training and test set."""
    rows = {tuple(row[name] for name in ("backbone", *SAME_TEXTS)): row for found in done for row in found["majority"]}
    return list(rows.values())


def epoch_rows(found: dict) -> list[dict]:
    """A run's epochs, with what tells the run from others."""
    first = found["rows"][0]
    names = ("run", "train_task", "backbone", "method", "layer", "seed", "lr", "batch_size", "weight_decay")
    return [{name: first[name] for name in names} | epoch for epoch in found["history"]]
