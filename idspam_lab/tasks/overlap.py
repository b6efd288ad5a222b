"""Are evaluation texts among the training texts? If they are, a score says less than it seems to."""

import warnings
from dataclasses import dataclass

from .examples import Examples

# Two editions of one corpus differ in how they are tokenised and in how they write quotes and brackets.
_UNIFY = str.maketrans("[]{}", "()()", "`´'‘’\"“”")


class OverlapWarning(UserWarning):
    """Evaluation texts occur in the training texts."""


def key(text: str) -> str:
    """What two texts share if they are the same but for case, white space, quotation marks, kind of bracket.

    "It 's [here]" and "it's (here)" have one key. All white space goes, and with it that around punctuation.
    """
    return "".join(text.casefold().translate(_UNIFY).split())


def keys(examples: Examples) -> list[str]:
    """One key for each row, over both of its texts."""
    if examples.pairs is None:
        return [key(text) for text in examples.texts]
    return [f"{key(text)}\n{key(pair)}" for text, pair in zip(examples.texts, examples.pairs, strict=True)]


@dataclass(frozen=True)
class Overlap:
    """`count` of `total` evaluation rows are among the training rows; `examples` shows up to three. False if none."""

    count: int
    total: int
    examples: tuple[str, ...] = ()
    where: str = ""

    def __bool__(self) -> bool:
        return self.count > 0

    def __str__(self) -> str:
        if not self:
            return f"None of the {self.total:,} rows of {self.where} is among the training rows."
        return (
            f"{self.count:,} of the {self.total:,} rows of {self.where} are among the training rows too "
            f"(for one, {self.examples[0][:80]!r}): the score will look better than it is."
        )


def overlap(train: Examples, test: Examples) -> Overlap:
    """The rows of `test` that are in `train`, by `key`. A row with two texts counts if both agree."""
    seen = set(keys(train))
    found = [i for i, k in enumerate(keys(test)) if k in seen]
    return Overlap(len(found), len(test), tuple(test.texts[i] for i in found[:3]), test.name or "the evaluation texts")


def warn_of_overlap(train: Examples, test: Examples, more: str = "") -> Overlap:
    """`overlap`, said if there is any.

    Args:
        more: a further sentence.

    Warns:
        OverlapWarning: rows of `test` are in `train`.
    """
    found = overlap(train, test)
    if found:
        warnings.warn(OverlapWarning(f"{found}{more}"), stacklevel=3)
    return found
