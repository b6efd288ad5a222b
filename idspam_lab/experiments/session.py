"""The main job: train a method on a task beside its baselines, evaluate, explain, and leave a folder behind.

FOLDER/adapter/            the trained part (PromptClassifier.from_pretrained)
FOLDER/report.json         every number, and where it comes from
FOLDER/report.html         the same for people: one file that opens from disk
FOLDER/*.png               the pictures
FOLDER/checkpoints/        what a killed run goes on from
FOLDER/run.json            whose folder it is
"""

import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from accelerate import PartialState

from ..backbones import Backbone
from ..classifier import Explanation, PromptClassifier
from ..errors import BadInput
from ..files import check_writable, write_json
from ..methods.code import code_of
from ..methods.spelled import title_of
from ..report import write_report
from ..tasks import Examples, TaskData, warn_of_overlap
from ..training import Callback, Run, Settings
from ..training.device import device_of
from ..training.record import peak_memory_mb
from .results import evaluate, majority, similar, similarity_line
from .session_folder import PICTURES, claim


@dataclass(frozen=True)
class Target:
    """A task whose test texts are read: the own one, or another that nothing was trained on."""

    data: TaskData
    max_length: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Session:
    """What a session leaves in memory; its folder holds the rest."""

    clf: PromptClassifier
    explanations: list[Explanation]
    report: dict
    folder: Path


def run_session(
    data: TaskData,
    backbone: Backbone,
    *,
    folder: str | Path,
    method: str = "idspam",
    options: dict | None = None,
    settings: Settings | None = None,
    read: str | None = None,
    transfer: Target | None = None,
    explain: Sequence[str] | None = None,
    command: str = "",
    callbacks: Sequence[Callback] = (),
    say: Callable[[str], None] = print,
) -> Session:
    """Trains, evaluates, explains and writes. A folder holds one run, which goes on there if it was killed.

    Args:
        settings: of the method; default: its preset. The linear head has its own preset, with the same seed and length.
        transfer: texts to evaluate on without any training.
        explain: texts to show the token weights of; default: three of the test texts (see `telling_texts`).
        say: gets a line at each stage.

    Raises:
        BadInput: the folder cannot be written or holds another run (found out before anything is trained), or what
            `fit` raises.
    """
    folder, started = Path(folder), time.perf_counter()
    writes = PartialState().is_main_process  # of several processes (accelerate launch) one alone prints and writes
    if not writes:
        say = _nothing
    names = [method] if method == "linear_head" else ["linear_head", method]
    seed = settings.seed if settings else 0
    classifiers = {  # all are built before the first is trained, so that a wrong option is found out at once
        name: PromptClassifier(
            backbone, name, labels=data.task.labels, read=read, seed=seed, **(options or {} if name == method else {})
        )
        for name in names
    }
    if writes:
        check_writable(folder)
    say(f"{data.source} {data.split_rule}")
    if writes:
        done = claim(folder, as_told(classifiers[method], data, settings))
        if done:
            say(f"{folder} holds this run, finished on {done[:10]}: it is read back. To train it anew: --fresh.")
    runs: dict[str, Run] = {}
    length = (settings or classifiers[method].preset()).max_length
    rows = [majority_row(data, transfer)]
    with collect_warnings() as noticed:
        for name, clf in classifiers.items():
            chosen = settings if name == method and settings else beside(clf, settings)
            say(
                f"Training {title_of(name)}: {trained(clf):,} parameters, {len(data.train):,} texts, "
                f"{chosen.epochs} epoch{'s' if chosen.epochs > 1 else ''}."
            )
            runs[name] = clf.fit(
                data.train,
                data.validation,
                chosen,
                metric=data.task.metric,
                out=folder / "checkpoints" / name,
                callbacks=callbacks if name == method else (),
            )
            if runs[name].stopped and (name != method or not runs[name].best_epoch):
                raise KeyboardInterrupt  # a baseline that was cut short, or nothing that could be kept
            rows.append(result_row(clf, name, runs[name], data, transfer, chosen))
        rows[1:1] = similarity_rows(data, transfer, backbone, length)  # now that the backbone is where it trained
        explanations = []
        if clf.explains:
            told = Examples(tuple(explain), None, None) if explain else telling_texts(clf, data.test, chosen.max_length)
            explanations = clf.explain(told, max_length=chosen.max_length)
        if transfer:
            warn_of_overlap(data.train, transfer.data.test)
    if writes:
        save_or_rescue(clf, folder / "adapter")
        draw(folder, runs, method, data, explanations)
    report = {
        "title": f"{title_of(method)} on {data.task.name}",
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "task": describe(data),
        "transfer": transfer and describe(transfer.data) | {"note": transfer.note},
        "adapter": clf.adapter_config(),
        "backbone_folder": backbone.folder and str(backbone.folder),  # on this machine, so not in the adapter
        "run": runs[method].to_dict(),
        "results": rows,
        "explanations": [as_json(told, i, found) for i, found in enumerate(explanations)],
        "pictures": {name: file for name, file in PICTURES.items() if (folder / file).is_file()},
        "warnings": noticed,
        "seconds": time.perf_counter() - started,
        "peak_memory_mb": peak_memory_mb(device_of(clf)),
    }
    if writes:
        write_json(folder / "report.json", report)
        write_report(folder)
    return Session(clf, explanations, report, folder)


def as_told(clf: PromptClassifier, data: TaskData, settings: Settings | None) -> dict:
    """What a session's run depends on."""
    settings = settings or clf.preset()
    return {
        "method": clf.method_name,
        "layer": getattr(clf.method, "layer", None),
        "options": clf.options_beside_layer(),
        "read": clf.read,
        "head_dropout": clf.head_dropout,
        "backbone": f"{clf.backbone.name} {clf.backbone.identity().weights_sha256[:12]}",
        "tokenizer": clf.backbone.reading(),
        "code": code_of(type(clf.method)),
        "task": data.task.name,
        "texts": [len(data.train), len(data.validation or ()), data.train.fingerprint(), data.fingerprint],
        "classes": list(data.task.labels),
        "metric": data.task.metric,
        **{name: list(value) if isinstance(value, tuple) else value for name, value in settings.to_dict().items()},
    }


def save_or_rescue(clf: PromptClassifier, folder: Path) -> None:
    """Saves the adapter; where that fails (a full disk), in the system's temporary folder, so that no training is lost.

    Raises:
        BadInput: it could not be saved in `folder`; says where it is instead.
    """
    try:
        clf.save_pretrained(folder)
    except BadInput as error:
        rescue = tempfile.mkdtemp(prefix="idspam-adapter-")
        clf.save_pretrained(rescue)
        raise BadInput(f"{error} The trained adapter is in {rescue} instead.") from error


def _nothing(line: str) -> None:
    """Says nothing."""


def trained(clf: PromptClassifier) -> int:
    """How many parameters train."""
    return sum(p.numel() for p in clf.parameters() if p.requires_grad)


def beside(clf: PromptClassifier, settings: Settings | None) -> Settings:
    """A baseline's settings beside a method's: its own rate, the method's texts and seed, and no fewer epochs."""
    if settings is None:
        return clf.preset()
    alike = {name: getattr(settings, name) for name in ("max_length", "precision", "seed")}
    return clf.preset(**alike, epochs=max(settings.epochs, clf.preset().epochs))


def majority_row(data: TaskData, transfer: Target | None) -> dict:
    """Always the most frequent class of the training texts."""
    K, metric = len(data.task.labels), data.task.metric
    most = data.task.labels[Counter(data.train.labels).most_common(1)[0][0]]
    there = majority(data.train, transfer.data.test, transfer.data.task.metric, K) if transfer else None
    return {
        "method": "majority class",
        "label": most,
        "trained_parameters": 0,
        "test": majority(data.train, data.test, metric, K),
        "transfer": there,
        "train_seconds": 0.0,
    }


def similarity_rows(data: TaskData, transfer: Target | None, backbone: Backbone, max_length: int | None) -> list[dict]:
    """On pairs of texts the cosine of the two under the frozen model."""
    started = time.perf_counter()
    line = similarity_line(data, backbone, max_length)
    if line is None:
        return []
    there = similar(line, transfer.data, transfer.max_length) if transfer else None
    row = {"method": "cosine similarity", "trained_parameters": 2, "test": similar(line, data), "transfer": there}
    return [row | {"train_seconds": time.perf_counter() - started}]


def result_row(
    clf: PromptClassifier, name: str, run: Run, data: TaskData, transfer: Target | None, settings: Settings
) -> dict:
    """One trained method's row."""
    title = title_of(name)
    there = None
    if transfer:
        target = transfer.data
        there = evaluate(
            clf,
            target.test,
            target.task.metric,
            max_length=transfer.max_length,
            precision=settings.precision,
            progress=f"{title} on {target.task.name}",
        )
    return {
        "method": title,
        "trained_parameters": run.trained_parameters,
        "test": evaluate(
            clf, data.test, data.task.metric, max_length=settings.max_length, precision=settings.precision
        ),
        "transfer": there,
        "train_seconds": run.seconds,
        "settings": run.settings,
        "best_epoch": run.best_epoch,
    }


def telling_texts(clf: PromptClassifier, test: Examples, max_length: int | None) -> Examples:
    """Three test texts of 6 to 16 words: the first read right in each of two classes, and the first misread."""
    short = [i for i, text in enumerate(test.texts) if 6 <= len(text.split()) <= 16][:200]
    some = test.select(short or range(min(3, len(test))))
    predicted = clf.predict_proba(some, max_length=max_length).argmax(-1)
    chosen = []
    for wanted in (lambda p, y: p == y == 1, lambda p, y: p == y == 0, lambda p, y: p != y):
        chosen += [i for i, (p, y) in enumerate(zip(predicted, some.labels, strict=True)) if wanted(p, y)][:1]
    return some.select(chosen or [0])


def draw(folder: Path, runs: dict[str, Run], method: str, data: TaskData, explanations: list[Explanation]) -> None:
    """The pictures of a session. The curve is of the validation texts, so its baselines are too."""
    from matplotlib.figure import Figure

    from ..plots import save, style, token_weights, training_curve

    lines = {}
    if data.validation is not None:
        lines["majority"] = majority(data.train, data.validation, "accuracy", len(data.task.labels))["accuracy"]
        if method != "linear_head":
            lines["linear_head"] = runs["linear_head"].best["validation_accuracy"]
    with style():
        figure = Figure(figsize=(8, 5), layout="constrained")
        training_curve(runs[method].history, **lines, ax=figure.subplots())
        save(figure, folder / PICTURES["training_curve"])
        if explanations:
            figure = Figure(figsize=(9, 3.2 * len(explanations)), layout="constrained")
            for ax, explanation in zip(
                figure.subplots(len(explanations), squeeze=False)[:, 0], explanations, strict=True
            ):
                token_weights(explanation, ax=ax)
            save(figure, folder / PICTURES["token_weights"])


def describe(data: TaskData) -> dict:
    """A task's rows, as the report shows them."""
    return {
        "name": data.task.name,
        "source": data.source,
        "split_rule": data.split_rule,
        "fingerprint": data.fingerprint,
        "train": len(data.train) if data.train is not None else 0,
        "validation": len(data.validation) if data.validation is not None else 0,
        "test": len(data.test),
        "labels": list(data.task.labels),
        "metric": data.task.metric,
        "note": data.task.note,
    }


def as_json(examples: Examples, i: int, explanation: Explanation) -> dict:
    """The explanation of text i, without its attention matrix."""
    found = {
        "text": examples.texts[i] if examples.pairs is None else f"{examples.texts[i]} | {examples.pairs[i]}",
        "tokens": explanation.tokens,
        "weights": [float(w) for w in explanation.weights],
        "label": explanation.label,
        "probabilities": explanation.probabilities,
    }
    if examples.labels is not None:
        found["true_label"] = list(explanation.probabilities)[examples.labels[i]]
    return found


@contextmanager
def collect_warnings():
    """Warnings raised inside, as a list of different sentences; each is shown once, unless a filter hides it."""
    sentences: list[str] = []
    show, filters = warnings.showwarning, list(warnings.filters)

    def keep(message, category, filename, lineno, file=None, line=None):
        if str(message) not in sentences:  # each is said once
            sentences.append(str(message))
            if not is_hidden(str(message), category, filters):
                show(message, category, filename, lineno, file, line)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = keep
        yield sentences


def is_hidden(message: str, category: type[Warning], filters: list[tuple]) -> bool:
    """Does the first of Python's warning filters that fits say "ignore"?"""
    for action, start, kind, module, line in filters:
        if (start is None or start.match(message)) and issubclass(category, kind) and module is None and not line:
            return action == "ignore"
    return False
