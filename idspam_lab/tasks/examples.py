"""Labelled texts, and nothing else: what every part of the package passes around."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Number

from ..errors import BadInput


@dataclass(frozen=True)
class Examples:
    """Rows of a task. Immutable; lists are turned into tuples.

    Attributes:
        texts: the first text of each row.
        pairs: the second text of each row, or None for a task with one text.
        labels: class ids 0..K-1, or None where the rows are not labelled.
        name: where the rows come from, as in "sst2/validation".

    Raises:
        BadInput: a label is no whole number, or a number stands where a second text should.
    """

    texts: tuple[str, ...]
    pairs: tuple[str, ...] | None = None
    labels: tuple[int, ...] | None = None
    name: str = ""

    def __post_init__(self):
        for field in ("texts", "pairs", "labels"):
            values = getattr(self, field)
            if values is not None:
                if isinstance(values, str):
                    raise TypeError(f"Examples.{field} is a list with one entry for each row, not one string.")
                object.__setattr__(self, field, class_ids(values) if field == "labels" else tuple(values))
                if len(getattr(self, field)) != len(self.texts):
                    raise ValueError(f"{len(self.texts)} texts, but {len(getattr(self, field))} {field}.")
        if any(isinstance(pair, Number) for pair in self.pairs or ()):
            raise BadInput(
                "Numbers stand where the second texts of pairs should: give labels as Examples(texts, labels=[...])."
            )

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, rows: slice) -> "Examples":
        """examples[10:20] is Examples again. For one row, ask examples.texts[i]."""
        if not isinstance(rows, slice):
            raise TypeError(
                "Examples take a slice; for one row, use examples.texts[i], and for some, examples.select([...])."
            )
        return self.select(range(*rows.indices(len(self))))

    def select(self, indices: Iterable[int], name: str | None = None) -> "Examples":
        """The rows at `indices`, in that order."""
        indices = list(indices)
        return Examples(
            tuple(self.texts[i] for i in indices),
            None if self.pairs is None else tuple(self.pairs[i] for i in indices),
            None if self.labels is None else tuple(self.labels[i] for i in indices),
            self.name if name is None else name,
        )

    def fingerprint(self) -> str:
        """The first 16 hex digits of a sha256 over texts, pairs, labels and their order; not the name."""
        digest = hashlib.sha256(f"{len(self)} {self.pairs is not None} {self.labels is not None}\n".encode())
        for column in (self.texts, self.pairs or ()):
            for text in column:
                raw = text.encode("utf-8", "surrogatepass")
                digest.update(b"%d:" % len(raw) + raw)  # with its length, so that "ab","c" is not "a","bc"
        digest.update(repr(self.labels).encode())
        return digest.hexdigest()[:16]


def class_ids(values: Iterable) -> tuple[int, ...]:
    """Labels as Python's whole numbers: numpy's, 1.0 and True are 1 too.

    Raises:
        BadInput: one is a name, or not whole; says which, from 1.
    """
    found = []
    for number, value in enumerate(values, start=1):
        try:
            whole = int(value)
        except (TypeError, ValueError, OverflowError):
            whole = None
        if whole is None or whole != value:
            raise BadInput(
                f"Label {number} is {value!r}, but a label is a class's number, 0 or more: write its place among the "
                "classes' names (clf.label2id has it)."
            )
        found.append(whole)
    return tuple(found)
