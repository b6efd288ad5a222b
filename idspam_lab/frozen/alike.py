"""What runs that share passes must have in common, and what of them is refused before anything is computed."""

from collections.abc import Sequence
from pathlib import Path

from torch import nn

from ..errors import BadInput
from ..training.settings import Settings

SHARED = ("epochs", "batch_size", "max_length", "precision", "order")


def check_runs(clfs: Sequence, settings: Sequence[Settings], out: Sequence[Path] | None = None) -> None:
    """One Settings, and perhaps one folder, for each classifier, and all can read the same labelled texts.

    Raises:
        BadInput: otherwise.
    """
    if isinstance(clfs, nn.Module):
        raise BadInput("One classifier was given where a list is wanted: write [clf], or train it alone with fit.")
    if not len(clfs):
        raise BadInput("There is no classifier to train: give one at least.")
    if isinstance(settings, Settings):
        raise BadInput(f"One Settings was given where a list is wanted: write one for each of the {len(clfs)} runs.")
    if not isinstance(settings, list | tuple) or not all(isinstance(one, Settings) for one in settings):
        raise BadInput("The settings are no list of Settings: write one for each run, as clf.preset(seed=1).")
    if len(settings) != len(clfs):
        raise BadInput(f"There are {len(clfs)} classifiers and {len(settings)} settings: give one for each run.")
    if isinstance(out, str | Path):
        raise BadInput(f"out is one folder ({out}), but each of the {len(clfs)} runs has its own: give a list.")
    if out is not None and not len({Path(folder) for folder in out}) == len(out) == len(clfs):
        raise BadInput(f"out has {len(out)} folders for {len(clfs)} runs: give one for each, all different ones.")
    check_readers(clfs)


def check_readers(clfs: Sequence) -> None:
    """Different classifiers, with as many classes each, which make the same of a text.

    Raises:
        BadInput: otherwise.
    """
    first = clfs[0]
    for number, clf in enumerate(clfs, start=1):
        if any(clf is other for other in clfs[: number - 1]):
            raise BadInput(f"Classifier {number} is given twice: build one for each run, for each run trains its own.")
        if len(clf.id2label) != len(first.id2label):
            counts = f"{len(clf.id2label)} classes and the first {len(first.id2label)}"
            raise BadInput(f"Classifier {number} has {counts}: runs that share passes have the same texts and labels.")
        if (clf.verbalizer and clf.verbalizer.template) != (first.verbalizer and first.verbalizer.template):
            raise BadInput(f"Classifier {number} has another template than the first: they would read other texts.")


def check_alike(settings: Sequence[Settings]) -> None:
    """What runs that share passes must have in common.

    Raises:
        BadInput: something differs.
    """
    for name in SHARED:
        values = list(dict.fromkeys(getattr(one, name) for one in settings))
        if len(values) > 1:
            what = "order_seed" if name == "order" else name
            advice = "; without order_seed the order follows the seed" if name == "order" else ""
            raise BadInput(
                f"Runs that share passes need the same {what}, but there are {', '.join(map(str, values))}{advice}."
            )
