"""The checks of lesson 08 accept what is right and name the usual mistakes."""

import re

import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from idspam_lab.lessons import check_leaks, check_macro_f1


def macro_f1(labels, predictions, classes=None):
    scores = []
    for c in classes or set(labels) | set(predictions):
        right = sum(a == b == c for a, b in zip(labels, predictions, strict=True))
        scores.append(2 * right / (labels.count(c) + predictions.count(c)))
    return sum(scores) / len(scores)


def flat(text):
    return "".join(text.lower().split())


def leaks(train, test, same=flat):
    seen = {same(text) for text in train}
    return sum(same(text) in seen for text in test)


def test_right_answers():
    assert check_macro_f1(macro_f1).right and check_leaks(leaks).right


def every_number(y, p):
    return f1_score(y, p, labels=range(max(*y, *p) + 1), average="macro", zero_division=0)


def precision_and_recall(y, p):
    a, b = (measure(y, p, average="macro", zero_division=0) for measure in (precision_score, recall_score))
    return 2 * a * b / (a + b)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda y, p: sum(a == b for a, b in zip(y, p, strict=True)) / len(y), "this is the accuracy"),
        (lambda y, p: f1_score(y, p, average="micro"), "this is the accuracy"),
        (lambda y, p: recall_score(y, p, average="macro", zero_division=0), "balanced accuracy"),
        (lambda y, p: precision_score(y, p, average="macro", zero_division=0), "mean precision"),
        (lambda y, p: macro_f1(y, p, [1]), "class 1 alone"),
        (lambda y, p: f1_score(y, p, average="weighted", zero_division=0), "how often it occurs"),
        (precision_and_recall, "F1 of the mean precision"),
        (lambda y, p: macro_f1(y, p, sorted(set(y))), "classes of both lists"),
        (lambda y, p: 100 * macro_f1(y, p), "percent"),
        (lambda y, p: macro_f1(y, p, [0, 1, 2]), "stops with ZeroDivisionError"),
        (every_number, "in neither list"),
        (lambda y, p: ..., "returns nothing"),
        (lambda y, p: 0.5, "no usual mistake fits"),
    ],
)
def test_mistakes_in_macro_f1(answer, said):
    verdict = check_macro_f1(answer)
    assert not verdict.right and re.search(said, verdict.sentence), verdict


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda train, test: sum(text in train for text in test), "letter by letter"),
        (lambda train, test: leaks(train, test, lambda text: text.replace(" ", "").strip()), "lower case still"),
        (lambda train, test: leaks(train, test, str.lower), "white space still differs"),
        (lambda train, test: leaks(train, test, lambda text: text.strip().lower()), "at the ends"),
        (lambda train, test: leaks(train, test, lambda text: " ".join(text.lower().split())), "made one blank"),
        (lambda train, test: leaks(train, test, lambda text: text.replace(" ", "").lower()), "tabs and line ends"),
        (lambda train, test: leaks(test, train), "training texts are counted"),
        (lambda train, test: leaks(train, set(map(flat, test))), "twice counts twice"),
        (lambda train, test: leaks(train, test) / len(test), "this is a share"),
        (lambda train, test: leaks(train, test) > 0, "whether there are any"),
        (
            lambda train, test: sum(any(t.lower() in s.lower().replace(" ", "") for s in train) for t in test),
            "no usual",
        ),
        (lambda train, test: sum(any(flat(t) in flat(s) for s in train) for t in test), "compare whole texts"),
        (lambda train, test: None, "returns nothing"),
        (lambda train, test: 7, "no usual mistake fits"),
    ],
)
def test_mistakes_in_leaks(answer, said):
    verdict = check_leaks(answer)
    assert not verdict.right and re.search(said, verdict.sentence), verdict
