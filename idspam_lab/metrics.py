"""The paper's metrics and macro F1 alone, computed by scikit-learn."""

from collections.abc import Sequence

from .errors import BadInput

METRICS = {  # what a task's score may be -> in words
    "accuracy": "accuracy",
    "acc_f1": "mean of accuracy and macro F1",
    "macro_f1": "macro F1",
}


def check_metric(metric: str) -> None:
    """It is one of METRICS.

    Raises:
        BadInput: it is not.
    """
    if metric not in METRICS:
        raise BadInput(f"There is no metric {metric!r}; the metrics are: {', '.join(METRICS)}.")


def score(metric: str, labels: Sequence[int], predictions: Sequence[int], num_labels: int) -> dict[str, float]:
    """Accuracy, macro F1, and the number that the paper reports; each in 0..1.

    Args:
        metric: "accuracy"; "acc_f1", the mean of accuracy and macro F1 (MRPC and QQP everywhere; all of Table 6); or
            "macro_f1", which the paper has nowhere: for classes that differ much in size.
        labels, predictions: class ids, (B,) each; lists or arrays.
        num_labels: K. Ids are 0..K-1.

    Returns:
        {"accuracy", "macro_f1", "score"}. macro_f1 is scikit-learn's plain mean over the classes that occur
        in labels or in predictions; a class that is never predicted right counts as 0.

    Raises:
        BadInput: unknown metric, nothing to score, unequal lengths, or an id outside 0..K-1.
    """
    import numpy as np
    from sklearn.metrics import accuracy_score, f1_score

    check_metric(metric)
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape or labels.ndim != 1:
        raise BadInput(
            f"Labels have the shape {labels.shape}, predictions {predictions.shape}: both should be (B,), the same B."
        )
    if not len(labels):
        raise BadInput("There are no rows to score.")
    for what, ids in (("label", labels), ("prediction", predictions)):
        if ids.min() < 0 or ids.max() >= num_labels:
            raise BadInput(f"A {what} is outside 0..{num_labels - 1} (they run from {ids.min()} to {ids.max()}).")
    accuracy = float(accuracy_score(labels, predictions))
    macro_f1 = float(f1_score(labels, predictions, average="macro", zero_division=0))
    found = {"accuracy": accuracy, "macro_f1": macro_f1}
    return found | {"score": found.get(metric, (accuracy + macro_f1) / 2)}


def with_interval(metric: str, labels: Sequence[int], predictions: Sequence[int], num_labels: int) -> dict:
    """What `score` gives, with the accuracy's 95 % Wilson interval: the luck of the texts drawn, not the seed's.

    Returns:
        {"accuracy", "macro_f1", "score", "interval": [low, high], "texts"}.

    Raises:
        BadInput: see `score`.
    """
    import numpy as np
    from scipy.stats import binomtest

    found = score(metric, labels, predictions, num_labels)
    right = int((np.asarray(labels) == np.asarray(predictions)).sum())
    interval = binomtest(right, len(labels)).proportion_ci(0.95, method="wilson")
    return found | {"interval": [float(interval.low), float(interval.high)], "texts": len(labels)}
