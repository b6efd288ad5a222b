"""Checks of lesson 08's exercises: a score that a rare class counts in, and texts on both sides of a split."""

from collections.abc import Callable, Sequence

from ..tasks.overlap import key
from .checks import Verdict
from .judging import judge_cases


def check_macro_f1(student: Callable[[Sequence[int], Sequence[int]], float]) -> Verdict:
    """macro_f1(labels, predictions) -> the mean of the classes' F1, each 2 TP / (2 TP + FP + FN)."""
    from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

    def by(measure: Callable, average: str = "macro", **options) -> Callable:
        return lambda labels, predictions: float(
            measure(labels, predictions, average=average, zero_division=0, **options)
        )

    right = by(f1_score)

    def of_means(labels, predictions) -> float:
        precision, recall = by(precision_score)(labels, predictions), by(recall_score)(labels, predictions)
        return 2 * precision * recall / (precision + recall)

    def class_1(labels, predictions) -> float:
        return by(f1_score, labels=[1])(labels, predictions)

    def of_the_labels(labels, predictions) -> float:
        return by(f1_score, labels=sorted(set(labels)))(labels, predictions)

    return judge_cases(
        student,
        [
            ([0, 0, 0, 0, 1], [0, 0, 0, 0, 0]),  # the majority class, always
            ([0, 0, 0, 1, 1], [0, 0, 1, 1, 0]),
            ([0, 0, 0, 0, 1, 1], [0, 1, 1, 1, 1, 1]),
            ([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2]),
            ([0, 0, 1, 1], [0, 0, 1, 2]),  # a class that is only predicted
            ([0, 0, 2, 2], [0, 2, 2, 2]),  # no class 1
        ],
        right,
        {
            "this is the accuracy, to which a frequent class gives most.": lambda labels, predictions: float(
                accuracy_score(labels, predictions)
            ),
            "this is the mean recall (balanced accuracy): false alarms do not count in it.": by(recall_score),
            "this is the mean precision: what was missed does not count in it.": by(precision_score),
            "this is the F1 of class 1 alone: take each class's, then the mean.": class_1,
            "each class counts by how often it occurs, so the frequent one decides again: take the plain mean.": by(
                f1_score, "weighted"
            ),
            "this is the F1 of the mean precision and the mean recall: first each class's F1, then the mean.": of_means,
            "a class that is predicted but never right counts too, with 0: take the classes of both lists.": (
                of_the_labels
            ),
            "a class that is in neither list is no class here: take those that occur.": lambda labels, predictions: by(
                f1_score, labels=range(max(*labels, *predictions) + 1)
            )(labels, predictions),
            "these are percent; return a share between 0 and 1.": lambda *case: 100 * right(*case),
        },
        "every class counts the same, however rare it is.",
    )


def check_leaks(student: Callable[[Sequence[str], Sequence[str]], int]) -> Verdict:
    """leaks(train, test) -> how many test texts are among the training texts, but for case and white space."""

    def by(same: Callable[[str], str]) -> Callable:
        """Counts test texts whose `same` is that of a training text."""

        def count(train: Sequence[str], test: Sequence[str]) -> int:
            seen = {same(text) for text in train}
            return sum(same(text) in seen for text in test)

        return count

    right = by(key)
    films = ["It 's dull .", "a  gripping film", "A gripping film", "so-so", "never mind"]
    return judge_cases(
        student,
        [
            (films, ["it's dull.", "a gripping film", "new"]),
            (films, ["so-so", "so-so", "SO-SO", "mind"]),  # twice in the test texts: two scores that are too good
            (films, ["It 's dull .", " never mind\n"]),
            (films, ["A GRIPPING FILM", "a gripping  film"]),
            (films, ["a gripping", "film"]),  # parts of texts
        ],
        right,
        {
            "texts are compared letter by letter: other case or white space hides a leak.": by(str),
            "upper and lower case still differ.": by(lambda text: "".join(text.split())),
            "white space still differs.": by(str.casefold),
            "tabs and line ends are white space too: take them out as well.": by(
                lambda text: text.casefold().replace(" ", "")
            ),
            'only white space at the ends is taken off: "It \'s" and "it\'s" are the same text too.': by(
                lambda text: text.casefold().strip()
            ),
            'white space is made one blank, but "It \'s" and "it\'s" are the same text too: take it out.': by(
                lambda text: " ".join(text.casefold().split())
            ),
            "training texts are counted; count the test texts, whose scores are too good.": (
                lambda train, test: by(key)(test, train)
            ),
            "a test text that is there twice counts twice: it is scored twice.": lambda train, test: len(
                {key(text) for text in train} & {key(text) for text in test}
            ),
            "this is a share; return how many.": lambda train, test: right(train, test) / len(test),
            "this only says whether there are any; return how many.": lambda train, test: right(train, test) > 0,
            "a part of a training text is no leak here: compare whole texts.": lambda train, test: sum(
                any(key(text) in key(seen) for seen in train) for text in test
            ),
        },
        "the same text in another dress is the same text.",
    )
