"""One row of a results table: scores, and the accuracy's interval, of a trained classifier or the majority class."""

from collections import Counter

from ..classifier import PromptClassifier
from ..metrics import with_interval
from ..tasks import Examples


def evaluate(
    clf: PromptClassifier,
    examples: Examples,
    metric: str,
    *,
    max_length: int | None = None,
    precision: str = "auto",
    progress: str | None = None,
) -> dict:
    """The classifier's metrics on labelled texts."""
    return clf.evaluate(examples, metric, max_length=max_length, precision=precision, progress=progress)


def majority(train: Examples, examples: Examples, metric: str, num_labels: int) -> dict:
    """The metrics of always saying the training texts' most frequent class."""
    most = Counter(train.labels).most_common(1)[0][0]
    return with_interval(metric, examples.labels, [most] * len(examples), num_labels)
