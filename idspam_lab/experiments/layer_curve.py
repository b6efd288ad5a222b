"""The layer curve in one go: the runs of every block and seed share the passes of the frozen model.

curve = layer_curve("rotten_tomatoes", seeds=3)  # a row a block and seed
plots.layer_curve(curve)
"""

import shutil
import time
import warnings
from collections.abc import Iterable, Sequence
from numbers import Integral
from pathlib import Path

import pandas as pd

from ..backbones import Backbone, check_layer, load_backbone
from ..classifier import PromptClassifier
from ..errors import BadInput
from ..frozen import fit_many, predict_many
from ..frozen.many import Losing
from ..frozen.shared import SharedPass
from ..inputs import as_json
from ..methods.spelled import read_method
from ..metrics import with_interval
from ..tasks import TaskData, load_task
from ..training import Run, Settings
from .compare import as_row, majority_of, row_of
from .finished import key_of
from .session import Target, beside

ORDER = 0  # the seed of the batches' order, which all runs share


def layer_curve(
    task: str | TaskData,
    layers: str | int | Sequence[int] = "all",
    seeds: int | Sequence[int] = 3,
    *,
    method: str = "idspam",
    backbone: str | Backbone = "minilm",
    baselines: bool = True,
    command: str = "",
    out: str | Path | None = None,
    progress: bool = True,
    **settings,
) -> pd.DataFrame:
    """Trains a method at every block with every seed, and evaluates on the test texts.

    Args:
        task: a name for `load_task`, or what it gives.
        layers: "all", or a block, or several.
        seeds: how many, from 0, or which.
        method: as `read_method` reads it, "idspam:heads=4", without a layer.
        out: folder for checkpoints: the same call goes on from there if this one is killed. They are gone at the end.
        baselines: also the majority class and a linear head, as rows without a layer.
        settings: in place of the method's preset.

    Returns:
        A row a run, with the columns of `compare`. Times are a run's share of the passes.

    Warns:
        UserWarning: the loss of a run became no number; it has no row.

    Raises:
        BadInput: a layer that the model has not, a method that cannot share passes, or no run came to its end.
    """
    data, frozen = opened(task, backbone)
    clfs, chosen = runs_of(data, frozen, method, which_layers(frozen, layers), which_seeds(seeds), settings)
    places = checkpoints(out, data, clfs, chosen) if out else None
    clfs, trained = finished(clfs, train_together(clfs, chosen, data, out=places, progress=progress))
    rows = evaluate_together(clfs, trained, chosen[0], data, method, command)
    if baselines:
        plain = linear_head(data, frozen, chosen[0], command)
        rows = [majority_of(data, Target(data), frozen, command), plain, *rows]
    if places:
        shutil.rmtree(places[0].parent, ignore_errors=True)
    return pd.DataFrame(rows)


def checkpoints(
    out: str | Path, data: TaskData, clfs: Sequence[PromptClassifier], settings: Sequence[Settings]
) -> list[Path]:
    """A folder for each run's checkpoint; other texts, methods or settings have others."""
    runs = [[clf.run_identity(), one.to_dict()] for clf, one in zip(clfs, settings, strict=True)]
    here = Path(out) / "checkpoints" / key_of(data, clfs[0].backbone, clfs[0].method_name, settings[0], None, *runs)
    return [here / str(number) for number in range(len(clfs))]


def opened(task: str | TaskData, backbone: str | Backbone) -> tuple[TaskData, Backbone]:
    """Names are loaded."""
    data = load_task(task) if isinstance(task, str) else task
    return data, backbone if isinstance(backbone, Backbone) else load_backbone(backbone)


def which_layers(backbone: Backbone, layers: str | int | Sequence[int]) -> list[int]:
    """The blocks; a number names one.

    Raises:
        BadInput: one is out of range, or there is none.
    """
    chosen = range(backbone.L) if isinstance(layers, str) and layers == "all" else in_a_row(layers)
    if not chosen:
        raise BadInput('layers is empty: name blocks, or "all".')
    return sorted({check_layer(layer, backbone) for layer in chosen})


def which_seeds(seeds: int | Sequence[int]) -> list[int]:
    """The seeds; a number means so many, from 0.

    Raises:
        BadInput: there is none.
    """
    chosen = list(range(seeds)) if isinstance(seeds, Integral) else list(dict.fromkeys(in_a_row(seeds)))
    if not chosen:
        raise BadInput("There is no seed: give at least one.")
    return chosen


def in_a_row(given) -> list:
    """One or several of something, with numpy's numbers as Python's."""
    return [as_json(one) for one in (given if isinstance(given, Iterable) else [given])]


def runs_of(
    data: TaskData,
    backbone: Backbone,
    method: str,
    layers: Sequence[int],
    seeds: Sequence[int],
    changes: dict,
    read: str | None = None,
) -> tuple[list[PromptClassifier], list[Settings]]:
    """A classifier and its settings for each block and seed."""
    name, options = read_method(method)
    if "layer" in options:
        raise BadInput(f"The method {method!r} names a layer, but here every run has its own: leave it out.")
    clfs, settings = [], []
    for layer in layers:
        for seed in seeds:
            told = options | {"layer": layer, "seed": seed, "read": read}
            clfs.append(PromptClassifier(backbone, name, labels=data.task.labels, **told))
            settings.append(clfs[-1].preset(**(changes | {"seed": seed, "order_seed": ORDER})))
    return clfs, settings


def train_together(
    clfs: Sequence[PromptClassifier],
    settings: Sequence[Settings],
    data: TaskData,
    *,
    losing: Losing | None = None,
    out: Sequence[Path] | None = None,
    progress: bool = True,
) -> list[Run]:
    """All runs on a task's texts. `out`: see fit_many."""
    told = {"metric": data.task.metric, "losing": losing, "out": out, "progress": progress}
    return fit_many(clfs, data.train, data.validation, settings, **told)


def finished(clfs: Sequence[PromptClassifier], runs: Sequence[Run]) -> tuple[list[PromptClassifier], list[Run]]:
    """Those that came to their end; of the others it is said why not.

    Raises:
        BadInput: there is none.
    """
    for clf, run in zip(clfs, runs, strict=True):
        if run.stopped:
            warnings.warn(f"Layer {clf.method.layer}, seed {run.settings['seed']}: {run.stopped}", stacklevel=3)
    done = [(clf, run) for clf, run in zip(clfs, runs, strict=True) if not run.stopped]
    if not done:
        raise BadInput(f"No run came to its end. The first: {runs[0].stopped}")
    return [clf for clf, _ in done], [run for _, run in done]


def evaluate_together(
    clfs: Sequence[PromptClassifier], runs: Sequence[Run], settings: Settings, data: TaskData, method: str, command: str
) -> list[dict]:
    """A row a run."""
    scores, share = scores_together(clfs, settings, data)
    return [
        as_row(clf, method, run, data, data, found, share, command)
        for clf, run, found in zip(clfs, runs, scores, strict=True)
    ]


def scores_together(clfs: Sequence[PromptClassifier], settings: Settings, there: TaskData) -> tuple[list[dict], float]:
    """Each one's scores on a task's test texts, read in shared passes, and one's seconds a text."""
    rows = clfs[0].rows(there.test, settings.max_length)
    started = time.perf_counter()
    logits = predict_many(SharedPass(clfs, rows[0], settings.precision), clfs, rows)  # (runs, texts, K)
    share = (time.perf_counter() - started) / (len(clfs) * len(rows))
    metric, labels, K = there.task.metric, there.test.labels, len(there.task.labels)
    return [with_interval(metric, labels, predicted, K) for predicted in logits.argmax(-1).numpy()], share


def linear_head(data: TaskData, backbone: Backbone, settings: Settings, command: str) -> dict:
    """What the frozen model gives without a prompt, as a row without a layer."""
    clf = PromptClassifier(backbone, "linear_head", labels=data.task.labels, seed=settings.seed)
    told = {"metric": data.task.metric, "progress": False}
    run = clf.fit(data.train, data.validation, beside(clf, settings), **told)
    if run.stopped:  # by hand: no result
        raise KeyboardInterrupt
    return row_of(clf, "linear_head", run, data, Target(data, settings.max_length), command)
