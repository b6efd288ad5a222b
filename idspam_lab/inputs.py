"""What a classifier is given: texts, pairs and labels; and what of it is refused before anything is computed."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from .errors import BadInput
from .metrics import check_metric
from .tasks.columns import is_table

PACKAGE = f"{Path(__file__).parent}{os.sep}"


def columns(texts) -> tuple[Sequence[str], Sequence[str] | None, Sequence[int] | None]:
    """First texts, second texts or None, labels or None.

    Raises:
        BadInput: one text, or a table, where a list is wanted.
    """
    if hasattr(texts, "tolist"):  # a pandas Series, or a numpy array of texts or pairs
        texts = texts.tolist()
    if isinstance(texts, str):
        raise BadInput("One text was given where a list of texts is wanted: write [text].")
    if is_other(texts):
        raise BadInput(f"A {type(texts).__name__} was given where texts are wanted: {instead_of(texts)}.")
    if hasattr(texts, "texts"):  # tasks.Examples
        return texts.texts, texts.pairs, texts.labels
    texts = list(texts)
    if texts and all(isinstance(text, tuple | list) and len(text) == 2 for text in texts):
        return [a for a, _ in texts], [b for _, b in texts], None
    return texts, None, None


def listed(texts):
    """What can be read once only, such as a generator, as a list; all else as it is."""
    return list(texts) if isinstance(texts, Iterator) else texts


def is_other(data) -> bool:
    """A table, another mapping, what read_table gives, or a task: no texts one after the other."""
    if hasattr(data, "tolist"):  # a Series has keys, too
        return False
    return is_table(data) or any(hasattr(data, name) for name in ("keys", "examples", "split_rule"))


def instead_of(data) -> str:
    """What to give in place of a table or a task."""
    if hasattr(data, "split_rule"):  # TaskData
        return "give its data.train, data.validation or data.test"
    if hasattr(data, "examples"):  # what read_table gives
        return "give its .examples"
    return 'give one column, as in table["text"], or with labels load_task(table).train'


def level_outside() -> int:
    """The `stacklevel` of the line outside the package that a warning of its caller is about.

    `warnings.warn` can find it by itself (skip_file_prefixes) from Python 3.12 on.
    """
    frame, level = sys._getframe(1), 1
    while frame.f_back and frame.f_code.co_filename.startswith(PACKAGE):
        frame, level = frame.f_back, level + 1
    return level


def check_training(clf, train, validation, metric: str) -> None:
    """All that would stop a training later is looked at before it starts.

    Raises:
        BadInput: labels are missing or unknown, all training texts are of one class, what stands for the validation
            texts is none, the metric is unknown, or nothing trains.
    """
    check_metric(metric)
    if not any(p.requires_grad for p in clf.parameters()):
        raise BadInput(f"{clf.method_name!r} with a verbalizer has nothing to train: predict with it as it is.")
    check_labels(train, clf.id2label, "training")
    if validation is not None and not hasattr(validation, "__len__"):
        kind = type(validation).__name__
        raise BadInput(f"{kind} was given as validation texts: give Examples there, and settings by their name.")
    if validation is not None and len(validation):
        check_labels(validation, clf.id2label, "validation")
    labels = train.labels
    if len(set(labels)) < 2:
        only = f"of class {clf.id2label[labels[0]]!r}" if len(labels) else "missing"
        raise BadInput(f"All {len(labels)} training texts are {only}: training needs texts of two classes at least.")


def check_labels(examples, id2label: dict[int, str], what: str) -> None:
    """There are labels, and all are known.

    Raises:
        BadInput: otherwise.
    """
    labels = getattr(examples, "labels", None)
    if is_other(examples):
        raise BadInput(f"A {type(examples).__name__} was given as {what} texts: {instead_of(examples)}.")
    if labels is None:
        raise BadInput(
            f"The {what} texts have no labels: write Examples(texts, labels=ids), where an id is a class's place among "
            "the labels (clf.label2id), or load a task that has them."
        )
    unknown = sorted(set(labels) - set(id2label))
    if unknown:
        raise BadInput(
            f"Label {unknown[0]} of the {what} texts is not one of the {len(id2label)} classes: label ids go from 0 to "
            f"{len(id2label) - 1}."
        )


def as_json(value):
    """An option or a setting as JSON can hold it: numpy's numbers as Python's, anything in a row as a list."""
    if isinstance(value, (range, tuple, np.ndarray)):
        return [as_json(one) for one in value]
    return value.item() if isinstance(value, np.generic) else value
