"""The user's own table -> Examples: which columns, what the labels mean, and what is wrong with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import BadInput
from .columns import Columns, columns_of, read_columns
from .examples import Examples
from .labels import encode, is_missing, which_rows

# Guesses, in this order, whatever the case. Two texts come first: "sentence1" alone would lose "sentence2".
PAIRS = (
    ("sentence1", "sentence2"),
    ("text1", "text2"),
    ("text", "text_pair"),
    ("premise", "hypothesis"),
    ("question1", "question2"),
    ("question", "sentence"),
    ("question", "passage"),
)
TEXTS = (
    "text",
    "sentence",
    "review",
    "content",
    "comment",
    "message",
    "tweet",
    "document",
    "title",
    "question",
)
LABELS = ("label", "labels", "class", "category", "target", "sentiment")


@dataclass(frozen=True)
class Table:
    """The user's rows.

    Attributes:
        examples: texts, pairs and class ids.
        labels: the classes' names in id order; () where the rows are not labelled.
        columns: the names of the text columns that were read (1 or 2).
        label_column: the name of the label column, or None.
        said: one sentence for the user: which columns, which classes.
    """

    examples: Examples
    labels: tuple[str, ...]
    columns: tuple[str, ...]
    label_column: str | None
    said: str


def read_table(
    path: str | Path, text=None, pair=None, label=None, *, names: Sequence[str] | None = None, labelled=True
) -> Table:
    """The rows of a .csv, .tsv, .parquet or .jsonl file. Texts are taken as they are, HTML included.

    Args:
        text, pair, label: the columns' names; those not given are guessed (see PAIRS, TEXTS, LABELS). A
            `pair` is guessed only along with `text`.
        names: the class names that are known already, in id order, as a trained classifier has them.
        labelled: False to read texts only; a label column is then left alone.

    Labels may be words (the classes are the words, sorted), whole numbers 0..K-1, or true/false.

    Raises:
        BadInput: the file cannot be read, a column is not there, a text is empty, a label is missing or out
            of range, there is one class only, or there are fewer rows than classes.
    """
    return table_from(read_columns(path), text, pair, label, names=names, labelled=labelled)


def from_dataset(data, text=None, pair=None, label=None, *, names: Sequence[str] | None = None, labelled=True) -> Table:
    """The rows of a `datasets.Dataset` (ClassLabel names are kept), a pandas DataFrame or a dict of columns (lists,
    numpy arrays, torch tensors).

    Arguments and errors are those of `read_table`.
    """
    return table_from(columns_of(data), text, pair, label, names=names, labelled=labelled)


def table_from(columns: Columns, text=None, pair=None, label=None, *, names=None, labelled=True) -> Table:
    """What `read_table` and `from_dataset` share."""
    text, pair = _text_columns(columns, text, pair, label)
    label = _label_column(columns, label, texts=[name for name in (text, pair) if name]) if labelled else None
    if len(columns) == 0:
        raise BadInput(f"{columns.origin} has no rows.")
    texts = _texts(columns, text)
    pairs = _texts(columns, pair) if pair else None
    ids, classes = encode(columns, label, names) if label else (None, ())
    said = f"Texts are read from column {text!r}" + (f" and {pair!r}" if pair else "")
    if label:
        said += f", labels from column {label!r} ({', '.join(f'{i} = {name}' for i, name in enumerate(classes))})"
    return Table(
        Examples(texts, pairs, ids, columns.origin),
        classes,
        (text, pair) if pair else (text,),
        label,
        said + ".",
    )


def _text_columns(columns: Columns, text, pair, label) -> tuple[str, str | None]:
    for name in (text, pair):
        if name is not None and name not in columns.values:
            raise BadInput(f"{columns.origin} has no column {name!r}; its columns are: {_listed(columns)}.")
    if text is not None:
        return text, pair
    there = {name.casefold(): name for name in columns.values if name not in (label, pair)}
    if pair is None:
        for first, second in PAIRS:
            if first in there and second in there:
                return there[first], there[second]
    for name in TEXTS:
        if name in there:
            return there[name], pair
    raise BadInput(
        f"{columns.origin} has no text column that can be guessed: name one (text=...) of {_listed(columns)}."
    )


def _label_column(columns: Columns, label, texts: Sequence[str]) -> str:
    if label is not None:
        if label not in columns.values:
            raise BadInput(f"{columns.origin} has no label column {label!r}; its columns are: {_listed(columns)}.")
        return label
    there = {name.casefold(): name for name in columns.values}
    for name in LABELS:
        if name in there:
            return there[name]
    if len(columns.values) == len(texts):
        where = " and ".join(map(repr, texts))
        raise BadInput(
            f"{columns.origin} has no labels, only texts (in {where}): to train or to evaluate, add a column with each "
            "text's class; to find the classes of texts, predict them."
        )
    raise BadInput(
        f"{columns.origin} has no label column that can be guessed: name one (label=...) of {_listed(columns)}."
    )


def _texts(columns: Columns, name: str) -> list[str]:
    values = columns.values[name]
    empty = [i for i, value in enumerate(values, 1) if is_missing(value)]
    if empty:
        raise BadInput(
            f"{columns.origin} has no text in column {name!r} of {which_rows(empty)}: fill in or remove these rows."
        )
    other = [i for i, value in enumerate(values, 1) if not isinstance(value, str)]
    if other:
        kind = type(values[other[0] - 1]).__name__
        raise BadInput(
            f"Column {name!r} of {columns.origin} holds {kind} in {which_rows(other)}, not text: name another column."
        )
    return values


def _listed(columns: Columns) -> str:
    return ", ".join(map(repr, columns.values)) or "none"
