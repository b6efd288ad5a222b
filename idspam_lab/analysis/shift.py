"""Why does a classifier lose accuracy on another domain? Because it ranks the texts worse, or says one class too often?

The two have different cures. A shifted threshold is put back without labels, if one knows how many texts there are of
each class; a worse ranking is not.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from ..classifier import PromptClassifier
from ..errors import BadInput
from ..tasks import Examples


def balanced(p: np.ndarray, share: float) -> np.ndarray:
    """The texts with the highest p, as many as `share` of all (rounded). (texts,) -> (texts,) of 0 and 1"""
    said = np.zeros(len(p), int)
    said[np.argsort(-p, kind="stable")[: round(share * len(p))]] = 1
    return said


def shift(p: np.ndarray, labels: Sequence[int]) -> dict[str, float]:
    """Accuracy, ranking and threshold of two-class predictions.

    Args:
        p: probability of class 1. (texts,)
        labels: 0 or 1.

    Returns:
        accuracy; said: the share that is read as class 1; true: the share that is; auroc: the chance that a text of
        class 1 has a higher p than one of class 0; balanced: the accuracy if as many texts were read as class 1 as
        there are.

    Raises:
        BadInput: labels are not of two classes 0 and 1.
    """
    p, labels = np.asarray(p), np.asarray(labels)
    if set(labels.tolist()) != {0, 1}:
        raise BadInput(f"The labels are {sorted(set(labels.tolist()))}, but this needs texts of two classes, 0 and 1.")
    return {
        "accuracy": float(((p > 0.5) == labels).mean()),
        "said": float((p > 0.5).mean()),
        "true": float(labels.mean()),
        "auroc": float(roc_auc_score(labels, p)),
        "balanced": float((balanced(p, labels.mean()) == labels).mean()),
    }


def shift_by_length(
    classifiers: Mapping[str, PromptClassifier], examples: Examples, lengths: Sequence[int]
) -> pd.DataFrame:
    """`shift` of several classifiers on the same texts, cut at several lengths (in tokens).

    Columns: method, max_length, and those of `shift`.
    """
    rows = []
    for length in lengths:
        for name, clf in classifiers.items():
            p = clf.predict_proba(examples, max_length=length)[:, 1]
            rows.append({"method": name, "max_length": length} | shift(p, examples.labels))
    return pd.DataFrame(rows)
