"""Trains and evaluates the runs of one group, in this process."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ..classifier import PromptClassifier
from ..experiments import Target
from ..experiments.compare import as_row, build, majority_of, row_of, similarity_of
from ..experiments.layer_curve import scores_together, train_together
from ..methods.spelled import read_method, write_method
from ..tasks import TaskData, equated, load_for_evaluation, load_task, overlap
from ..training import Run
from ..training.checkpoint import copy_of, put_back, trained_tensors
from .models import Models
from .plan import GridRun


class Trained(NamedTuple):
    """A run that has been trained."""

    planned: GridRun
    clf: PromptClassifier
    run: Run


def execute(
    planned: Sequence[GridRun],
    models: Models,
    folder: Path | None = None,
    *,
    keep: bool = False,
    command: str = "",
    progress: bool = False,
) -> dict[str, dict]:
    """Trains the runs of a group, which share passes if there are several.

    Args:
        folder: for checkpoints, from which killed runs go on (they stay: `GridFolder.write` removes a run's), and for
            adapters.
        keep: writes each run's trained part to folder/adapters/ID.

    Returns:
        For each run, by its id, what its file will hold: `run`, as planned; `rows`, one a test set, with the columns of
        `compare`; `baselines`, the rows of the majority class and, with the linear head, of the texts' cosine;
        `history`, one dict an epoch; `remarks`, sentences to read its scores on other tasks by. For a run whose loss
        became no number `failed` alone, a sentence.

    Raises:
        BadInput: texts or model are not there, or what `fit` raises.
    """
    first = planned[0]
    said = {"test_limit": first.test_limit, "metric": first.metric}
    said |= {"origins": first.origins[1:], "columns": tuple(first.columns.items())}
    data = texts_of(first.task, first.holdout, first.limit, **said)
    backbone = models.load(first.backbone)
    clfs = [build(data, backbone, spelled(run), run.settings.seed, run.read) for run in planned]
    checkpoints = [folder / "checkpoints" / run.id for run in planned] if folder else None
    runs = train(clfs, planned, data, checkpoints, progress)
    trained = [Trained(*each) for each in zip(planned, clfs, runs, strict=True) if each[2].stopped is None]
    others = [] if first.few_shot else [test_texts_of(name, data.task.labels, **said) for name in first.transfer]
    tests = [Target(data), *map(Target, others)]
    remarks = remarks_on(data, others)
    found = {one.id: {"failed": run.stopped} for one, run in zip(planned, runs, strict=True)}
    baselines = [majority_of(data, test, backbone, command) for test in tests]
    if any(run.method == "linear_head" for run in planned):  # with these alone: it is the same for every method
        baselines += similarity_of(data, tests, backbone, first.settings.max_length, command)
    for one in trained:
        found[one.planned.id] = {"run": one.planned.to_dict(), "rows": [], "baselines": list(baselines)}
        found[one.planned.id] |= {"history": one.run.history, "remarks": list(remarks)}
        if keep and folder:
            one.clf.save_pretrained(folder / "adapters" / one.planned.id)
    for test in tests:
        for one, row in zip(trained, evaluated(trained, data, test, command), strict=True):
            found[one.planned.id]["rows"].append(row | extras(one, len(planned)))
    for one in trained if first.few_shot else ():
        rows, baselines, more = few_shot_rows(one, data, command)
        found[one.planned.id]["rows"] += [row | extras(one, 1) for row in rows]
        found[one.planned.id]["baselines"] += baselines
        found[one.planned.id]["remarks"] += more
    return found


@lru_cache(maxsize=2)
def texts_of(
    task: str,
    holdout: float,
    limit: int | None,
    *,
    test_limit: int | None,
    metric: str | None,
    origins: tuple,
    columns: tuple[tuple[str, str | None], ...],
) -> TaskData:
    """A task's texts, read once for the groups that follow each other; `origins` tells other texts of that name."""
    return cut(load_task(task, holdout=holdout, limit=limit, metric=metric, **dict(columns)), test_limit)


@lru_cache(maxsize=2)
def test_texts_of(
    task: str,
    names: tuple[str, ...],
    *,
    test_limit: int | None,
    metric: str | None,
    origins: tuple,
    columns: tuple[tuple[str, str | None], ...],
) -> TaskData:
    """The same of a task that is only evaluated on, by a classifier with classes of these names."""
    found = load_for_evaluation(task, whole=True, metric=metric, names=names, **dict(columns))
    return cut(answered(found, names), test_limit)


def answered(there: TaskData, names: tuple[str, ...]) -> TaskData:
    """`there.answered_by(names)`, whose warning the run's remarks hold: said once, and not by every process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return there.answered_by(names)


def remarks_on(data: TaskData, others: Sequence[TaskData]) -> list[str]:
    """Of other tasks: which classes were equated by their ids, and whether their texts were trained on."""
    found = []
    for there in others:
        seen = overlap(data.train, there.test)
        found += [equated(there.task, data.task.labels), f"Trained on {data.task.name}: {seen}" if seen else ""]
    return [sentence for sentence in found if sentence]


def cut(data: TaskData, test_limit: int | None) -> TaskData:
    """With no more test texts than that."""
    return data if test_limit is None else data.tested_on(test_limit)


def train(
    clfs: Sequence[PromptClassifier],
    planned: Sequence[GridRun],
    data: TaskData,
    checkpoints: Sequence[Path] | None,
    progress: bool,
) -> list[Run]:
    """All on the same passes, or one alone.

    Raises:
        KeyboardInterrupt: stopped by hand; `fit` would leave it at the best epoch so far, which is no result here.
    """
    if len(clfs) > 1:
        return train_together(clfs, [run.settings for run in planned], data, out=checkpoints, progress=progress)
    told = {"metric": data.task.metric, "out": checkpoints and checkpoints[0], "progress": progress}
    run = clfs[0].fit(data.train, data.validation, planned[0].settings, **told)
    if run.stopped:
        raise KeyboardInterrupt
    return [run]


def spelled(run: GridRun) -> str:
    """The method with its layer."""
    name, options = read_method(run.method)
    return write_method(name, options if run.layer is None else options | {"layer": run.layer})


def evaluated(trained: Sequence[Trained], data: TaskData, test: Target, command: str) -> list[dict]:
    """A row a run on one test set; runs that have shared passes in training share them here."""
    if len(trained) == 1:
        one = trained[0]
        return [row_of(one.clf, one.planned.method, one.run, data, test, command)]
    there = test.data
    scores, share = scores_together([one.clf for one in trained], trained[0].planned.settings, there)
    return [
        as_row(one.clf, one.planned.method, one.run, data, there, found, share, command)
        for one, found in zip(trained, scores, strict=True)
    ]


def few_shot_rows(one: Trained, data: TaskData, command: str) -> tuple[list[dict], list[dict], list[str]]:
    """Trained further on a few texts of each other task, then tested there; each time from where the run had ended.

    The seed picks the texts. The last epoch is kept: so few texts leave none to pick one by.

    Returns:
        A row a task, the majority class's beside them, and what `remarks_on` says.
    """
    planned, before = one.planned, copy_of(trained_tensors(one.clf))
    rows, baselines, remarks = [], [], []
    for name in planned.transfer:
        told = {"limit": planned.few_shot, "seed": planned.settings.seed, "metric": planned.metric, **planned.columns}
        there = cut(answered(load_task(name, holdout=0, **told), data.task.labels), planned.test_limit)
        remarks += remarks_on(data, [there])
        further = one.clf.fit(there.train, None, planned.settings, metric=there.task.metric, progress=False)
        if further.stopped:  # by hand: no result
            raise KeyboardInterrupt
        rows.append(row_of(one.clf, planned.method, one.run, data, Target(there), command))
        rows[-1]["few_shot"] = len(there.train)
        constant = majority_of(replace(data, train=there.train), Target(there), one.clf.backbone, command)
        baselines.append(constant | {"train_texts": len(data.train)})  # the few texts say which class is the largest
        put_back(one.clf, before)
    return rows, baselines, remarks


def extras(one: Trained, together: int) -> dict:
    """What a grid's rows have beyond `compare`'s.

    `seconds_to_best` is training without validation, up to the epoch that is kept. The states that all epochs use are
    in it, but where an earlier run has left them in a file.
    """
    to_best = one.run.history[: one.run.best_epoch]
    return {
        "run": one.planned.id,
        "seconds_to_best": sum(epoch["train_seconds"] for epoch in to_best),
        "together": together,  # runs that shared the passes; the times are a run's share
        "adapter_mb": sum(p.numel() * p.element_size() for p in trained_tensors(one.clf).values()) / 1e6,
    }
