"""Where a task's rows come from: a data folder, the installation, or the hub; with the hub's columns."""

import os
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import BadInput
from ..files import first_line
from ..hub import hub_reachable
from .columns import Columns, columns_of, looking_into, read_columns
from .embedded import EMBEDDED, PACKAGE, embedded_columns
from .examples import Examples
from .registry import Task

DATA_DIR = "IDSPAM_DATA_DIR"


@dataclass(frozen=True)
class Source:
    """One place that has a task.

    Attributes:
        read: the hub's name of a split -> its rows.
        said: one sentence for the record.
        has_splits: False if there is one labelled table only, which `read` returns for any name.
    """

    read: Callable[[str], Columns]
    said: str
    has_splits: bool = True


def open_source(task: Task, source: str | Path = "auto", revision: str | None = None) -> Source:
    """The place to read `task` from.

    Args:
        source: "auto", "embedded", "hub", or a folder with TASK/SPLIT.parquet in it, columns as on the hub.
            "auto" tries the folder that IDSPAM_DATA_DIR names, then what is embedded, then the hub.
        revision: the hub's branch, tag or commit.

    Raises:
        BadInput: the task is not there.
    """
    if source == "hub":
        return _hub(task, revision)
    if source == "embedded":
        if task.name not in EMBEDDED:
            raise BadInput(f"{task.name} is not embedded; embedded are: {', '.join(EMBEDDED)}.")
        return _embedded(task)
    if source != "auto":
        folder = Path(source)
        if not _has(folder, task.name):
            raise BadInput(
                f"{folder} has no folder {task.name}: give a folder that holds "
                f"{task.name}/{task.splits['train']}.parquet, "
                "or 'embedded', 'hub' or 'auto'."
            )
        return _folder(task, folder)
    if os.environ.get(DATA_DIR):
        folder = Path(os.environ[DATA_DIR])
        if not folder.is_dir():
            raise BadInput(f"{DATA_DIR} is set to {folder}, which is not a folder: correct it or unset it.")
        if _has(folder, task.name):
            return _folder(task, folder)
    return _embedded(task) if task.name in EMBEDDED else _hub(task, revision)


def at_hand(name: str) -> bool:
    """Is the task in the folder that IDSPAM_DATA_DIR names, or embedded? Then no network is asked for it."""
    folder = os.environ.get(DATA_DIR)
    return name in EMBEDDED or bool(folder and _has(Path(folder), name))


def _has(folder: Path, name: str) -> bool:
    with looking_into(folder):
        return (folder / name).is_dir()


def to_examples(task: Task, columns: Columns, name: str) -> Examples:
    """A split's columns -> Examples.

    Raises:
        BadInput: a column is missing, the file's class names are not the task's, or a label is not 0..K-1.
    """
    needed = (*task.columns, task.label_column)
    missing = [column for column in needed if column not in columns.values]
    if missing:
        raise BadInput(f"{columns.origin} has no column {missing[0]!r}: {task.name} needs {', '.join(needed)}.")
    carried = columns.class_names.get(task.label_column)
    if carried not in (None, task.labels):
        raise BadInput(
            f"{columns.origin} has the classes {', '.join(carried)}, but {task.name} has "
            f"{', '.join(task.labels)}, in this order."
        )
    labels = columns.values[task.label_column]
    strange = next((i for i, label in enumerate(labels, 1) if label not in range(len(task.labels))), None)
    if strange:
        raise BadInput(
            f"{columns.origin} has the label {labels[strange - 1]} in row {strange}: {task.name} "
            f"needs 0..{len(task.labels) - 1} "
            "(-1 stands for a hidden label: such a split cannot be used)."
        )
    rows = zip(*(columns.values[column] for column in task.columns), strict=True)
    texts = [task.texts(dict(zip(task.columns, row, strict=True))) for row in rows]
    if not texts:
        raise BadInput(f"{columns.origin} has no rows.")
    pairs = None if texts[0][1] is None else [pair for _, pair in texts]
    return Examples([text for text, _ in texts], pairs, labels, name)


def _folder(task: Task, folder: Path) -> Source:
    def read(split: str) -> Columns:
        path = folder / task.name / f"{split}.parquet"
        with looking_into(path.parent):
            there = path.is_file()
        if not there:
            raise BadInput(
                f"{folder / task.name} has no {split}.parquet, which {task.name} needs: put the hub's "
                f"{split} split there."
            )
        return read_columns(path, (*task.columns, task.label_column))

    return Source(read, f"Parquet files in {folder / task.name}.")


def _embedded(task: Task) -> Source:
    said = f"The {task.name} rows of the installed package {PACKAGE}, checked against their recorded sha256."
    return Source(lambda split: embedded_columns(task.name), said, has_splits=False)


def _hub(task: Task, revision: str | None) -> Source:
    """Rows through `datasets`, pinned to the commit the hub has now. Without network: its local copy."""
    if task.hub is None:
        raise BadInput(f"{task.name} is not on the hub: {_ways_out(task)}.")
    address, config = task.hub
    if hub_reachable():
        from huggingface_hub import HfApi

        try:
            revision = HfApi().dataset_info(address, revision=revision, timeout=20).sha
        except Exception as error:  # the client's own, or httpx's
            raise BadInput(
                f"The hub does not give {address} ({first_line(error)}): try later or {_ways_out(task)}."
            ) from error

    def read(split: str) -> Columns:
        import datasets

        try:
            with _no_waiting():
                data = datasets.load_dataset(address, config, split=split, revision=revision)
        except Exception as error:  # a dozen kinds, from several libraries
            if not hub_reachable():
                reason = f"there is no network to ask the hub for {address}, nor a local copy of it"
            else:
                reason = f"the hub does not give {address} ({first_line(error)})"
            raise BadInput(f"{task.name} cannot be loaded, because {reason}: {_ways_out(task)}.") from error
        return columns_of(data, (*task.columns, task.label_column))

    name = f"{address} ({config})" if config else address
    return Source(read, f"{name} on the hub, revision {revision or 'unknown (the local copy)'}.")


def _ways_out(task: Task) -> str:
    embedded = " or ".join(EMBEDDED)
    return (
        f"set {DATA_DIR} to a folder with {task.name}/{task.splits['train']}.parquet and "
        f"{task.name}/{task.splits['test']}.parquet, "
        f"use {embedded}, which are embedded, or give your own CSV file"
    )


@contextmanager
def _no_waiting():
    """Where the hub is out of reach, tells `datasets` so, which would else try for long."""
    import datasets

    before = datasets.config.HF_HUB_OFFLINE
    datasets.config.HF_HUB_OFFLINE = before or not hub_reachable()
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE = before
