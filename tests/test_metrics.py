"""The paper's metrics against scikit-learn's, and against numbers worked out by hand."""

import numpy as np
import pytest
from sklearn import metrics as sklearn

from idspam_lab.errors import BadInput
from idspam_lab.metrics import METRICS, score


@pytest.mark.parametrize("num_labels", [2, 3, 7])
def test_agrees_with_scikit_learn(num_labels):
    random = np.random.default_rng(num_labels)
    labels, predictions = random.integers(0, num_labels, (2, 500))
    accuracy = sklearn.accuracy_score(labels, predictions)
    macro_f1 = sklearn.f1_score(labels, predictions, average="macro")
    means = {"accuracy": accuracy, "acc_f1": (accuracy + macro_f1) / 2, "macro_f1": macro_f1}
    assert set(means) == set(METRICS)
    for metric, expected in means.items():
        got = score(metric, labels, predictions, num_labels)
        assert got == pytest.approx({"accuracy": accuracy, "macro_f1": macro_f1, "score": expected})
        assert all(type(value) is float for value in got.values())  # the run's record is JSON


def test_macro_is_not_the_positive_class_alone():
    # 3 of 4 right. F1 of class 1 is 2*2/(2*2+1) = 0.8, of class 0 it is 2*1/(2*1+1) = 2/3.
    got = score("acc_f1", [0, 0, 1, 1], [0, 1, 1, 1], 2)
    assert got == pytest.approx(
        {"accuracy": 0.75, "macro_f1": (0.8 + 2 / 3) / 2, "score": (0.75 + (0.8 + 2 / 3) / 2) / 2}
    )


def test_majority_class_counts_the_other_class_as_zero():
    assert score("acc_f1", [0, 1, 1, 1], [1, 1, 1, 1], 2)["macro_f1"] == pytest.approx(6 / 7 / 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("f1", [0, 1], [0, 1], 2), "no metric 'f1'"),
        (("accuracy", [], [], 2), "no rows"),
        (("accuracy", [0, 1], [0], 2), "same B"),
        (("accuracy", [0, 1], [[0], [1]], 2), "same B"),
        (("accuracy", [0, 2], [0, 1], 2), "label is outside 0..1"),
        (("accuracy", [0, 1], [0, -1], 2), "prediction is outside 0..1"),
    ],
)
def test_bad_input(arguments, words):
    with pytest.raises(BadInput, match=words):
        score(*arguments)
