"""A task's name, or the user's own table -> training, validation and test rows, by a rule that is said."""

import hashlib
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ..errors import BadInput
from ..metrics import check_metric
from .columns import SUFFIXES, Columns, columns_of, is_column, is_table, looking_into, read_columns
from .examples import Examples
from .overlap import Overlap, warn_of_overlap
from .own import Table, table_from
from .registry import TASKS, Task
from .sources import open_source, to_examples
from .splits import divide, sample


@dataclass(frozen=True)
class TaskData:
    """A task's rows, ready to train on.

    Attributes:
        task: names, columns, metric.
        train: None where the rows are loaded for evaluation only.
        validation: chooses the epoch; None with holdout=0, where the last epoch is kept.
        test: what is reported on.
        source: one sentence, where the rows come from.
        split_rule: one sentence, how they were divided.
        overlap: test rows that are among the training rows; None where there is nothing to compare.
        fingerprint: 16 hex digits over all rows and the division.
    """

    task: Task
    train: Examples | None
    validation: Examples | None
    test: Examples
    source: str
    split_rule: str
    overlap: Overlap | None = None

    @cached_property
    def fingerprint(self) -> str:
        parts = (self.train, self.validation, self.test)
        digests = ["-" if part is None else part.fingerprint() for part in parts]
        return hashlib.sha256(" ".join(digests).encode()).hexdigest()[:16]

    def answered_by(self, names: Sequence[str]) -> "TaskData":
        """The same rows for a classifier with these classes, in this order.

        Where both have the same class names, the labels' ids become those of `names` (MNLI and CB count them
        differently); where they are called otherwise, class 0 stands for class 0 (SST-2's "negative", IMDB's "neg").

        Raises:
            BadInput: another number of classes.
        """
        own, names = self.task.labels, tuple(names)
        if len(own) != len(names):
            raise BadInput(
                f"{self.task.name} has {len(own)} classes ({', '.join(own)}), but what is trained tells {len(names)} "
                f"apart ({', '.join(names)}): choose a task with as many."
            )
        by_ids = equated(self.task, names)
        if by_ids:
            warnings.warn(by_ids, stacklevel=2)
        if by_ids or own == names:
            return self
        ids = [names.index(name) for name in own]

        def moved(part: Examples | None) -> Examples | None:
            return part and replace(part, labels=tuple(ids[label] for label in part.labels))

        parts = {name: moved(getattr(self, name)) for name in ("train", "validation", "test")}
        return replace(self, task=replace(self.task, labels=names), **parts)

    def tested_on(self, count: int) -> "TaskData":
        """The same, reported on a stratified choice of `count` test rows; as it is, if it has no more."""
        if count >= len(self.test):
            return self
        rule = f"{self.split_rule[:-1]}; tested on a stratified choice of {count:,} rows."
        return replace(self, test=sample(self.test, count), split_rule=rule)


def equated(task: Task, names: Sequence[str]) -> str:
    """Which classes of a task stand for those of a classifier by their ids alone, in a sentence; "" if names do."""
    if set(task.labels) == set(names):
        return ""
    pairs = ", ".join(f"{own} = {name}" for own, name in zip(task.labels, names, strict=True))
    return f"The classes of {task.name} have other names, so their ids say which stands for which: {pairs}."


SPLITS = {"train": ("train",), "validation": ("validation", "valid", "val", "dev"), "test": ("test",)}  # their names
ALL_ROWS = "Evaluated on all rows, those that were trained on too if the model was trained on this table."


def load_task(
    what,
    *,
    source: str | Path = "auto",
    holdout: float | int = 0.1,
    limit: int | None = None,
    seed: int = 0,
    metric: str | None = None,
    revision: str | None = None,
    text: str | None = None,
    pair: str | None = None,
    label: str | None = None,
) -> TaskData:
    """Everything needed to train on a task.

    Args:
        what: a name in TASKS; or the user's own: a table's path, a folder with train.* and perhaps
            validation.* (valid.*, val.*, dev.*) and test.*, a `datasets.Dataset` or DatasetDict, a DataFrame, a dict
            of columns (lists, numpy arrays, torch tensors).
        source: where a named task is read from, see `open_source`.
        holdout: validation rows, as a share (at most 2,000 of a training split) or a number; 0 for none.
        limit: train on that many rows only, stratified by label. Test and validation rows do not change.
        seed: picks the rows of `limit`, nothing else. Test and validation rows are the same for every seed.
        metric: in place of the task's own, one of `metrics.METRICS`.
        revision: of the hub's data set.
        text, pair, label: columns of the user's own data; guessed if not given.

    Warns:
        OverlapWarning: rows of a given test or validation split are among the training rows.

    Raises:
        BadInput: unknown name, no such file, no network, or something in the data that training cannot use.
    """
    check_holdout(holdout)
    check_metric(metric or "accuracy")
    task, parts, said = _parts(what, source, revision, dict(text=text, pair=pair, label=label), bool(holdout))
    train, validation, test, rule = divide(parts, holdout)
    if limit is not None and limit < len(train):
        train = sample(train, limit, seed)
        rule = f"{rule[:-1]}; trained on a stratified choice of {limit:,} rows (seed {seed})."
    found = warn_of_overlap(train, test) if "test" in parts else None  # what we divide ourselves does not overlap
    if "validation" in parts and validation is not None:
        warn_of_overlap(train, validation, " These rows choose the epoch.")
    for part in filter(None, (validation, test)):
        warn_of_absent_classes(part, task.labels)
    return TaskData(replace(task, metric=metric or task.metric), train, validation, test, said, rule, found)


def warn_of_absent_classes(part: Examples, labels: Sequence[str]) -> None:
    """A score on rows without a class says nothing of it."""
    absent = [name for number, name in enumerate(labels) if number not in set(part.labels)]
    if absent:
        warnings.warn(
            f"Of class {', '.join(absent)} there is no row among the {len(part):,} rows of {part.name}: a score on "
            "them says nothing of it.",
            stacklevel=3,
        )


def check_holdout(holdout: float | int) -> None:
    """It is a share, a number of rows, or 0.

    Raises:
        BadInput: it is not.
    """
    if isinstance(holdout, bool) or not (0 <= holdout < 1 or (holdout >= 1 and float(holdout).is_integer())):
        raise BadInput(f"holdout is {holdout}, but it is a share below 1, a number of rows, or 0.")


def load_for_evaluation(
    what,
    *,
    source: str | Path = "auto",
    whole: bool = False,
    limit: int | None = None,
    seed: int = 0,
    metric: str | None = None,
    revision: str | None = None,
    names: Sequence[str] | None = None,
    text: str | None = None,
    pair: str | None = None,
    label: str | None = None,
) -> TaskData:
    """Test rows alone, for a model that is trained already; train and validation are None.

    They are the test rows of `load_task`, so nothing that was trained on comes in; a folder or DatasetDict needs no
    train split if it has a test split. One table of the user's own is taken as it is, all of it.

    Args:
        whole: of an embedded task, or of training rows without a test split, all rows in place of our test rows; for
            models never trained on them.
        limit: a stratified choice of that many rows (`seed` picks them).
        names: the model's class names; labels of the user's own data are read by them.
        The rest as in `load_task`.
    """
    if _is_task(what):
        task = TASKS[what]
        place = open_source(task, source, revision)
        split = task.splits["test"]
        test = to_examples(task, place.read(split), f"{what}/{split}" if place.has_splits else what)
        said = place.said
        rule = f"Evaluated on the hub's {split} split." if place.has_splits else "Evaluated on all rows."
        if not place.has_splits and not whole:
            *_, test, _ = divide({"train": test}, 0)
            rule = f"Evaluated on the {len(test):,} rows that training never sees."
    else:
        splits, chosen = _splits(what), dict(text=text, pair=pair, label=label)
        given = "test" in (splits or ())
        columns = _one_table(what) if splits is None else splits["test"] if given else _train_split(what, splits)
        table = table_from(columns, **chosen, names=names)
        task, test, said = _own_task(what, table), table.examples, f"{columns.origin}: {table.said}"
        rule = "Evaluated on the test split as given." if given else ALL_ROWS
        if splits is not None and not given and not whole:
            test = _kept_back(what, splits, chosen, table)
            rule = (
                f"There is no test split, so it is evaluated on the {len(test):,} rows that training keeps back as one."
            )
    if limit is not None and limit < len(test):
        test = sample(test, limit, seed)
        rule = f"{rule[:-1]}: a stratified choice of {limit:,} (seed {seed})."
    return TaskData(replace(task, metric=metric or task.metric), None, None, test, said, rule)


def _is_task(what) -> bool:
    return isinstance(what, str) and what in TASKS


def _parts(what, source, revision, chosen: dict, validate: bool) -> tuple[Task, dict[str, Examples], str]:
    """(task, its parts as they are given, where from)."""
    if _is_task(what):
        task = TASKS[what]
        place = open_source(task, source, revision)
        if not place.has_splits:
            return task, {"train": to_examples(task, place.read("train"), what)}, place.said
        wanted = [part for part in task.splits if part != "validation" or validate]
        parts = {
            part: to_examples(task, place.read(task.splits[part]), f"{what}/{task.splits[part]}") for part in wanted
        }
        return task, parts, place.said
    splits = _splits(what)
    return _own_parts(what, {"train": _one_table(what)} if splits is None else splits, chosen)


def _own_parts(what, tables: dict[str, Columns], chosen: dict) -> tuple[Task, dict[str, Examples], str]:
    """`_parts` of the user's own tables."""
    first = table_from(_train_split(what, tables), **chosen)
    parts = {"train": first.examples}
    for part in ("validation", "test"):
        if part in tables:  # read as the training rows were: the same columns, the same classes
            columns = dict(zip(("text", "pair"), first.columns, strict=False), label=first.label_column)
            parts[part] = table_from(tables[part], **columns, names=first.labels).examples
    task = _own_task(what, first)
    named = {part: f"{task.name}/{part}" if "test" in parts or part != "train" else task.name for part in parts}
    parts = {part: replace(rows, name=named[part]) for part, rows in parts.items()}
    return task, parts, f"{tables['train'].origin}: {first.said}"


def _kept_back(what, splits: dict[str, Columns], chosen: dict, table: Table) -> Examples:
    """The test rows that `load_task` makes of training rows; their classes as `table`, of the same rows, has them.

    They are divided by the classes that training finds itself, for the choice of rows depends on the classes' ids.
    """
    _, parts, _ = _own_parts(what, splits, chosen)
    *_, test, _ = divide(parts, 0)
    place = dict(zip(parts["train"].labels, table.examples.labels, strict=True))
    return replace(test, labels=[place[label] for label in test.labels])


def _own_task(what, table: Table) -> Task:
    name = "own"
    if isinstance(what, (str, Path)):
        path = Path(os.path.abspath(what))  # of "." too
        name = (path.name if os.path.isdir(path) else path.stem) or name
    return Task(name, table.columns, table.labels, label_column=table.label_column, note="The user's own data.")


def _splits(what) -> dict[str, Columns] | None:
    """The tables of a folder, a DatasetDict or a dict of tables: "train", "validation", "test" where they are given.

    None for one table.
    """
    if isinstance(what, dict) and what and (all(map(is_table, what.values())) or not is_column(what.get("train", ()))):
        given = {part: next(filter(what.__contains__, names), None) for part, names in SPLITS.items()}
        return {part: columns_of(what[name]) for part, name in given.items() if name}
    if not isinstance(what, (str, Path)) or not os.path.isdir(what):  # unlike Path.is_dir it takes a word of any length
        return None
    return {part: read_columns(file) for part, file in files_in(what).items()}


def files_in(folder: str | Path) -> dict[str, Path]:
    """The tables that a folder of the user's own is read from, by their parts.

    Raises:
        BadInput: it may not be entered, or a part has two files.
    """
    with looking_into(folder):
        files = {part: _only_file(Path(folder), names) for part, names in SPLITS.items()}
    return {part: file for part, file in files.items() if file}


def _train_split(what, splits: dict[str, Columns]) -> Columns:
    if "train" in splits:
        return splits["train"]
    if isinstance(what, dict):
        raise BadInput(
            f"The {type(what).__name__} has no train split, only {', '.join(map(str, what))}: call the rows to train "
            "on 'train'."
        )
    raise BadInput(
        f"{what} has no train file: put train.csv there (or {', '.join(SUFFIXES[1:])}), perhaps test.csv too."
    )


def _one_table(what) -> Columns:
    if not isinstance(what, (str, Path)):
        return columns_of(what)
    path = Path(what)
    if isinstance(what, str) and not os.path.exists(path) and not path.suffix:
        raise BadInput(f"There is no task or file {what!r}; the tasks are: {', '.join(TASKS)}.")
    return read_columns(path)


def _only_file(folder: Path, names: Sequence[str]) -> Path | None:
    places = [folder / f"{name}{suffix}" for name in names for suffix in SUFFIXES]
    files = [place for place in places if place.is_file()]
    if len(files) > 1:
        raise BadInput(f"{folder} has {files[0].name} and {files[1].name}: keep one of them.")
    return files[0] if files else None
