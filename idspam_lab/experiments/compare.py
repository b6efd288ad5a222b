"""Several methods on one task, over seeds: a row of Table 2 is one command.

FOLDER/rows/METHOD-seedK.json   one finished run; a run that is there is not done again
FOLDER/adapters/METHOD-seedK/   its trained part (PromptClassifier.from_pretrained)
FOLDER/results.csv              all of them, tidy: a row a run, also of earlier calls with the same data and settings
FOLDER/results.png              the same as a picture
"""

import shutil
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pandas as pd

from ..adapter_checks import WEIGHTS
from ..backbones import Backbone
from ..classifier import PromptClassifier
from ..files import check_writable, write_json, write_text
from ..methods.spelled import read_method, title_of, write_method
from ..tasks import TaskData, warn_of_overlap
from ..training import Run
from .collect import VERSIONS, check_place
from .finished import check_run, earlier, place_of, read_rows
from .results import evaluate, majority, similar, similarity_line
from .session import Target

BASELINES = {"majority": "majority class", "similarity": "cosine similarity"}  # how they are spelled -> their titles


def compare(
    data: TaskData,
    backbone: Backbone,
    methods: Sequence[str],
    seeds: Sequence[int] = (0, 1, 2),
    *,
    folder: str | Path,
    transfer: Target | None = None,
    command: str = "",
    fresh: bool = False,
    say: Callable[[str], None] = print,
    **settings,
) -> pd.DataFrame:
    """Trains every method with every seed, beside the majority class and the linear head.

    On pairs of texts that are of two classes the cosine of the two is a third baseline (analysis/similarity.py).

    Args:
        methods: as `read_method` reads them, "idspam:heads=4".
        transfer: texts of another task to evaluate on as well, without training there.
        fresh: where the folder holds a run of these names that is another one, train this one in its place.
        settings: for every run, in place of the methods' presets.

    Returns:
        A row a run and a test set, of those that were asked for; see `row_of` for the columns.

    Warns:
        OverlapWarning: texts of `transfer` are among the training texts.

    Raises:
        BadInput: an unknown method or option, or the folder cannot be written, or its results.csv is somebody else's,
            or it holds another run of these names.
    """
    words = list(dict.fromkeys(["linear_head", *(write_method(*read_method(word)) for word in methods)]))
    for word in words:  # a wrong option is found out before anything is trained
        build(data, backbone, word, 0)
    check_writable(folder)
    check_place(Path(folder) / "results.csv")
    for word, seed in [] if fresh else product(words, seeds):
        check_run(data, backbone, word, seed, Path(folder), transfer, settings)
    if transfer:
        warn_of_overlap(data.train, transfer.data.test)
    rows = [majority_of(data, test, backbone, command) for test in tests_of(data, transfer)]
    rows += similarity_of(data, tests_of(data, transfer), backbone, settings.get("max_length"), command)
    for number, (word, seed) in enumerate([(word, seed) for word in words for seed in seeds], start=1):
        say(f"{number} of {len(words) * len(seeds)}: {title_of(word)}, seed {seed}")
        rows += run_once(data, backbone, word, seed, Path(folder), transfer, command, settings, say)
    before = earlier(data, backbone, set(product(words, seeds)), Path(folder), transfer, settings)
    write_text(Path(folder) / "results.csv", pd.DataFrame([*rows, *before]).to_csv(index=False))
    return pd.DataFrame(rows)


def draw(results: pd.DataFrame, folder: str | Path) -> Path:
    """results.png: the methods side by side, with the lines of the majority class and the linear head."""
    from ..plots import method_comparison, save

    return save(method_comparison(results).figure, Path(folder) / "results.png")


def build(data: TaskData, backbone: Backbone, word: str, seed: int, read: str | None = None) -> PromptClassifier:
    """The untrained classifier of a spelled method."""
    method, options = read_method(word)
    return PromptClassifier(backbone, method, labels=data.task.labels, seed=seed, read=read, **options)


def run_once(
    data: TaskData,
    backbone: Backbone,
    word: str,
    seed: int,
    folder: Path,
    transfer: Target | None,
    command: str,
    changes: dict,
    say: Callable[[str], None] = print,
) -> list[dict]:
    """The rows of one run: read from the folder if it is there, else trained, evaluated and written."""
    settings, key, path = place_of(data, backbone, word, seed, folder, transfer, changes)
    done = read_rows(path, key)
    if done is not None:
        return done
    if path.is_file():
        say(f"{path} is of other data, settings or weights, or of another version of idspam_lab: it is trained anew.")
    clf, checkpoints = build(data, backbone, word, seed), folder / "checkpoints" / key
    run = clf.fit(data.train, data.validation, settings, metric=data.task.metric, out=checkpoints)
    if run.stopped:  # by hand: its best epoch so far is no result here, and the same command goes on from there
        raise KeyboardInterrupt
    clf.save_pretrained(folder / "adapters" / path.stem)
    size = (folder / "adapters" / path.stem / WEIGHTS).stat().st_size
    rows = [
        row_of(clf, word, run, data, test, command) | {"adapter_mb": size / 1e6} for test in tests_of(data, transfer)
    ]
    write_json(path, {"key": key, "rows": rows})
    shutil.rmtree(checkpoints, ignore_errors=True)
    return rows


def tests_of(data: TaskData, transfer: Target | None) -> list[Target]:
    """What is evaluated on: the task's own test texts, and those of another task."""
    return [Target(data), *([transfer] if transfer else [])]


def row_of(clf: PromptClassifier, word: str, run: Run, data: TaskData, test: Target, command: str) -> dict:
    """One run's result on the texts of `test`."""
    there, started = test.data, time.perf_counter()
    told = {"max_length": test.max_length or run.settings["max_length"], "precision": run.settings["precision"]}
    found = evaluate(clf, there.test, there.task.metric, **told)
    predict_seconds = (time.perf_counter() - started) / len(there.test)
    return as_row(clf, word, run, data, there, found, predict_seconds, command)


def as_row(
    clf: PromptClassifier,
    word: str,
    run: Run,
    data: TaskData,
    there: TaskData,
    found: dict,
    predict_seconds: float,
    command: str,
) -> dict:
    """One result with where it comes from. Times are seconds a text: of training a text of an epoch, the states that
    all epochs use included.

    Args:
        found: what `evaluate` found on the test texts of `there`.
    """
    settings = run.settings
    trained = sum(epoch["train_seconds"] for epoch in run.history) / (len(run.history) * len(data.train))
    environment = run.environment
    return {
        **heading(data, there, clf.backbone, word),
        "layer": getattr(clf.method, "layer", None),
        "read": clf.read,
        "seed": settings["seed"],
        **scores_of(found),
        "train_texts": len(data.train),
        "epochs": settings["epochs"],
        "best_epoch": run.best_epoch,
        "lr": settings["lr"],
        "batch_size": settings["batch_size"],
        "weight_decay": settings["weight_decay"],
        "max_length": settings["max_length"],
        "trained_parameters": run.trained_parameters,
        "train_seconds_per_text": trained,
        "predict_seconds_per_text": predict_seconds,
        "peak_memory_mb": round(run.peak_memory_mb),
        "processor": environment["hardware"].get("gpu", environment["hardware"]["processor"]),
        "device": environment["hardware"]["device"],
        "threads": environment["hardware"]["threads"],
        **{name: environment["versions"][name] for name in VERSIONS},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
    }


def majority_of(data: TaskData, test: Target, backbone: Backbone, command: str) -> dict:
    """The majority class's row."""
    found = majority(data.train, test.data.test, test.data.task.metric, len(data.task.labels))
    return heading(data, test.data, backbone, "majority") | scores_of(found) | {
        "train_texts": len(data.train), "trained_parameters": 0, "command": command,
    }  # fmt: skip


def similarity_of(
    data: TaskData, tests: Sequence[Target], backbone: Backbone, max_length: int | None, command: str
) -> list[dict]:
    """The rows of the two texts' cosine, if it is one that can be drawn a line through (`similarity_line`)."""
    line = similarity_line(data, backbone, max_length)
    found = [(test.data, similar(line, test.data, test.max_length)) for test in tests] if line else []
    return [
        heading(data, there, backbone, "similarity") | scores_of(scores) | {
            "train_texts": len(data.train), "trained_parameters": 2, "max_length": max_length, "command": command,
        }
        for there, scores in found if scores
    ]  # fmt: skip


def heading(data: TaskData, there: TaskData, backbone: Backbone, word: str) -> dict:
    """What a row is about."""
    return {
        "train_task": data.task.name,
        "test_task": there.task.name,
        "method": BASELINES.get(word) or title_of(word),
        "spelled": word,
        "backbone": backbone.name,
        "metric": there.task.metric,
        "fingerprint": there.fingerprint,
    }


def scores_of(found: dict) -> dict:
    """The numbers of `evaluate`, flat."""
    low, high = found["interval"]
    return {name: found[name] for name in ("score", "accuracy", "macro_f1", "texts")} | {
        "accuracy_low": low,
        "accuracy_high": high,
    }
