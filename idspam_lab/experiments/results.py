"""One row of a results table: scores, and the accuracy's interval, of a trained classifier or of a baseline."""

from collections import Counter

from ..analysis.similarity import SimilarityClassifier
from ..backbones import Backbone
from ..classifier import PromptClassifier
from ..metrics import with_interval
from ..tasks import Examples, TaskData


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


def similarity_line(data: TaskData, backbone: Backbone, max_length: int | None) -> SimilarityClassifier | None:
    """The cosine of two texts as a classifier; None where a row is no pair, or there are not two classes."""
    if data.train.pairs is None or len(data.task.labels) != 2 or len(set(data.train.labels)) != 2:
        return None
    return SimilarityClassifier(backbone, data.train, max_length)


def similar(line: SimilarityClassifier, there: TaskData, max_length: int | None = None) -> dict | None:
    """The metrics of that line on test texts; None where they are no pairs."""
    if there.test.pairs is None:
        return None
    return with_interval(there.task.metric, there.test.labels, line.predict(there.test, max_length), 2)
