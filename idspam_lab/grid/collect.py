"""Finished runs -> tables.

NAME.csv         a row a run and test set; the majority class's rows come first
NAME-epochs.csv  a row a run and epoch
NAME-tuned.csv   as NAME.csv, of each method's best settings alone; where the file lists several and there are
                 validation texts to choose by

Files of one name can share a folder, but not a table: each table's writer is on record.
"""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ..errors import BadInput
from ..experiments.collect import check_place
from ..files import write_text
from .block import SETTINGS
from .folder import GridFolder
from .plan import Plan
from .tuned import several_settings, tuned

SAME_TEXTS = ["train_task", "test_task", "metric", "fingerprint", "train_texts"]


class Tables(NamedTuple):
    """What is done of a grid."""

    results: pd.DataFrame
    epochs: pd.DataFrame
    tuned: pd.DataFrame  # of the results those of the best settings: all of them where there is one choice only


def table_path(plan: Plan, folder: GridFolder, which: str) -> Path:
    """Of one of the tables: "", "-epochs" or "-tuned"."""
    return folder.path / f"{plan.name}{which}.csv"


def check_places(plan: Plan, folder: GridFolder) -> None:
    """The tables may be written; asked before the runs begin.

    Raises:
        BadInput: something else has one of their names.
    """
    for which in ("", "-epochs", "-tuned"):
        check_place(table_path(plan, folder, which))
        check_writer(plan, folder, table_path(plan, folder, which))


def check_writer(plan: Plan, folder: GridFolder, path: Path) -> None:
    """No table of runs that another command or another grid file found would be written over.

    A grid file may be edited and its table written anew: the runs stay in FOLDER/rows. One that was moved has another
    path, so a table of runs that are all in the plan is taken for its own.

    Raises:
        BadInput: one would be.
    """
    if not path.is_file():
        return
    elsewhere = "name another folder (--out), give the grid file another name, or move the table away"
    runs = pd.read_csv(path, dtype={"run": str}).get("run")  # an id may read like a number
    if runs is None:
        raise BadInput(f"{path} holds runs that are no grid's and would be written over: {elsewhere}.")
    record = folder.writer(path)
    writer = record.read_text(encoding="utf-8").strip() if record.is_file() else str(plan.file)
    if writer != str(plan.file) and not set(runs.dropna()) <= {run.id for run in plan.runs}:
        raise BadInput(
            f"{path} is the table of another grid file of this name, {writer}, and would be written over: {elsewhere}."
        )


def collect(plan: Plan, folder: GridFolder) -> Tables:
    """All tables of what is done so far, in the plan's order. They are written into the folder, if anything is done.

    Raises:
        BadInput: a finished run's file is damaged, or the tables cannot be written.
    """
    check_places(plan, folder)  # once more: another file may have been at work at the same time
    done = [folder.read(run) for run in plan.runs if folder.done(run)]
    results, epochs = result_rows(done), pd.DataFrame([row for found in done for row in epoch_rows(found)])
    chosen = tuned(done) if several_settings(done) else []
    best = result_rows(chosen) if chosen else results
    files = {"": results, "-epochs": epochs} | ({"-tuned": best} if chosen else {})
    for name, table in files.items() if done else ():
        path = table_path(plan, folder, name)
        write_text(folder.writer(path), f"{plan.file}\n")
        write_text(path, table.to_csv(index=False))
    return Tables(results, epochs, best)


def result_rows(done: list[dict]) -> pd.DataFrame:
    """A row a run and test set, below the majority class's; with each setting in which the runs differ."""
    chosen = [found["run"]["settings"] for found in done]
    differ = [name for name in SETTINGS if len({settings[name] for settings in chosen}) > 1]
    rows = [
        row | {name: settings[name] for name in differ}
        for found, settings in zip(done, chosen, strict=True)
        for row in found["rows"]
    ]
    return pd.DataFrame([*baseline_rows(done), *rows])


def baseline_rows(done: list[dict]) -> list[dict]:
    """One for each training and test set, and with a linear head on pairs of texts one of their cosine."""
    same = ("method", "backbone", *SAME_TEXTS)
    return list({tuple(row[name] for name in same): row for found in done for row in found["baselines"]}.values())


def epoch_rows(found: dict) -> list[dict]:
    """A run's epochs, with what tells the run from others."""
    first = found["rows"][0]
    names = ("run", "train_task", "backbone", "method", "layer", "seed", "lr", "batch_size", "weight_decay")
    return [{name: first[name] for name in names} | epoch for epoch in found["history"]]
