"""One row of a results table: scores, and the accuracy's interval, of a trained classifier or the majority class."""

from collections import Counter

import numpy as np

from ..classifier import PromptClassifier
from ..metrics import score
from ..tasks import Examples


def with_interval(metric: str, labels, predictions, num_labels: int) -> dict:
    """The metrics, and the accuracy's 95 % Wilson interval: the luck of the texts drawn, not the seed's."""
    from scipy.stats import binomtest

    found = score(metric, labels, predictions, num_labels)
    right = int((np.asarray(labels) == np.asarray(predictions)).sum())
    interval = binomtest(right, len(labels)).proportion_ci(0.95, method="wilson")
    return found | {"interval": [float(interval.low), float(interval.high)], "texts": len(labels)}


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
    options = {"max_length": max_length, "precision": precision, "progress": progress}
    predictions = clf.predict_proba(examples, **options).argmax(-1)
    return with_interval(metric, examples.labels, predictions, len(clf.id2label))


def majority(train: Examples, examples: Examples, metric: str, num_labels: int) -> dict:
    """The metrics of always saying the training texts' most frequent class."""
    most = Counter(train.labels).most_common(1)[0][0]
    return with_interval(metric, examples.labels, [most] * len(examples), num_labels)
