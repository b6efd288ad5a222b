"""What the labels of the user's own table mean: words, numbers or true/false -> class ids and class names."""

import re
import warnings
from collections import Counter
from collections.abc import Sequence

from ..errors import BadInput
from .columns import Columns

NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]{0,17}))(\.[0-9]+)?")  # not "007", "+1" or "1.": a number would change them
DIGITS = re.compile(r"\s*[+-]?[0-9]+(\.[0-9]*)?\s*")  # names that look like numbers, those three too


def encode(columns: Columns, name: str, known: Sequence[str] | None) -> tuple[list[int], tuple[str, ...]]:
    """(class ids, class names). The names are the `known` ones, else those that the column carries, else the
    labels themselves.

    In a column that carries names, numbers are ids whatever the names are. In another, labels are found by what the
    `known` names stand for (1.0 is "1", True is "true"); only where none is found, numbers and true/false are ids.

    Raises:
        BadInput: a label is missing, out of range or no class; one class only; fewer rows than classes.
    """
    what = f"Column {name!r} of {columns.origin}"
    known, carried = None if known is None else tuple(known), columns.class_names.get(name)
    if known is not None and carried is not None and sorted(known) != sorted(carried):
        raise BadInput(f"{what} has the classes {', '.join(carried)}, but these are expected: {', '.join(known)}.")
    names = known if carried is None else carried
    given = [v.tolist() if hasattr(v, "tolist") else v for v in columns.values[name]]  # numpy's scalars
    values = given if columns.typed else _typed(given)
    places = [None] * len(values) if names is None or carried is not None else _places(given, names)
    check_missing(what, values, places)

    if all(isinstance(value, str) for value in values):
        names = names or tuple(sorted(set(values)))
        ids = _found(what, values, _places(given, names), names)
    elif carried is None and names is not None and _are_names(values, places, names):
        ids = _found(what, values, places, names)
    elif all(isinstance(value, bool) for value in values):
        ids, names = [int(value) for value in values], names or ("False", "True")
    elif all(isinstance(value, int) or (isinstance(value, float) and value.is_integer()) for value in values):
        ids = [int(value) for value in values]
        if names is None:  # stars from 1 to 5, say: the numbers are the names
            present = sorted(set(ids))
            if present[0] < 0:
                raise BadInput(f"{what} has the label {present[0]}, but classes that are numbers are 0 or more.")
            place = {number: i for i, number in enumerate(present)}
            ids, names = [place[number] for number in ids], tuple(map(str, present))
    else:
        raise BadInput(f"{what} does not hold classes: {why_no_classes(values)}")
    warn_of_look_alikes(what, names)

    outside = [i for i, value in enumerate(ids, 1) if not 0 <= value < len(names)]
    if outside:
        raise BadInput(f"{what} has a label outside 0..{len(names) - 1} in {which_rows(outside)}.")
    if known is None and len(ids) < len(names):
        raise BadInput(f"{columns.origin} has {len(ids)} rows for {len(names)} classes: each class needs at least one.")
    if known is None and len(set(ids)) == 1:
        raise BadInput(f"{what} has one class only ({names[ids[0]]!r}): to learn, at least two are needed.")
    if known not in (None, names):  # the same classes in another order
        place = [known.index(class_name) for class_name in names]
        return [place[number] for number in ids], known
    return ids, names


def check_missing(what: str, values: list, places: list[int | None]) -> None:
    """Every row has a label; -1 is one only where a class is called so.

    Raises:
        BadInput: otherwise.
    """
    rows = enumerate(zip(values, places, strict=True), 1)
    missing = [i for i, (value, place) in rows if place is None and (is_missing(value) or value == -1)]
    if missing:
        raise BadInput(
            f"{what} has no label (nothing, NaN or -1) in {which_rows(missing)}: fill in or remove these "
            "rows, and if -1 is a class, number the classes from 0."
        )


def why_no_classes(values: list) -> str:
    """What else than classes the labels seem to be."""
    if any(isinstance(value, (list, tuple, dict, set)) for value in values):
        return "a label is one class, and several to a text are not supported."
    if all(isinstance(value, (int, float)) for value in values):
        measured = next((value for value in values if not float(value).is_integer()), values[0])
        return f"they are numbers such as {measured}, and what is measured (regression) is not supported."
    return "labels are words, whole numbers, or true/false, not a mixture."


def warn_of_look_alikes(what: str, names: Sequence[str]) -> None:
    """Classes that differ in nothing but case or blanks are most likely one class, typed in two ways."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(" ".join(name.casefold().split()), name)
        if other != name:
            warnings.warn(f"{what} has the classes {other!r} and {name!r}: they are taken for two.", stacklevel=2)


def _places(given: list, names: Sequence[str]) -> list[int | None]:
    """Where each label stands among the names: by how it is written, else by what it stands for, else None."""
    written = {name: i for i, name in enumerate(names)}
    keys = [_key(name) for name in names]
    shared = Counter(keys)
    meant = {key: i for i, key in enumerate(keys) if shared[key] == 1}

    def place(label) -> int | None:
        if not isinstance(label, (str, int, float)) or label != label:  # None, NaN, lists
            return None
        text = str(label)
        kind, value = _key(label)
        for found in (written.get(text), written.get(text.strip()), meant.get((kind, value))):
            if found is not None:
                return found
        return meant.get((False, value)) if kind else None  # true and false are 1 and 0, too

    return [place(label) for label in given]


def _found(what: str, values: list, places: list[int | None], names: Sequence[str]) -> list[int]:
    if None in places:
        strange = values[places.index(None)]
        shown = strange if isinstance(strange, str) else _key(strange)[1]
        raise BadInput(f"{what} has the label {shown!r}, which is not one of: {', '.join(names)}.")
    return places


def _are_names(values: list, places: list[int | None], names: Sequence[str]) -> bool:
    """Are these labels, not all of them words, names of classes? Else they are ids.

    Beside names that are numbers, a number is never an id: of the classes 1 and 2, 1 is the first.
    """
    if any(place is None and not isinstance(v, (str, int, float)) for v, place in zip(values, places, strict=True)):
        return False
    return any(place is not None for place in places) or all(map(DIGITS.fullmatch, names))


def _key(label) -> tuple[bool, object]:
    """What a label stands for: whether that is true/false, and the value. "1.0", 1.0 and 1 have one key."""
    if isinstance(label, str):
        label = label.strip()
        number = _number(label)
        if number is None and label.casefold() in ("true", "false"):
            return True, label.casefold() == "true"
        return False, label if number is None else number
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    return isinstance(label, bool), label


def _number(text: str) -> int | float | None:
    """The number that a text is, to the last digit; None for another text."""
    parts = NUMBER.fullmatch(text)
    if parts is None:
        return None
    if not (parts[2] or "").strip(".0"):
        return int(parts[1])
    return None if float(text).is_integer() else float(text)  # it would be rounded


def _typed(values: list[str]) -> list:
    """A CSV file's labels: numbers or true/false if all of them are, else words; None for nothing or NaN.

    They are numbers only if each stays what it is: of "007" and "7", or of 20 digits, a number would lose something.
    """
    values = [value.strip() for value in values]
    values = [None if value.casefold() in ("", "nan") else value for value in values]
    numbers = [None if value is None else _number(value) for value in values]
    if all(value is None or number is not None for value, number in zip(values, numbers, strict=True)):
        return numbers
    if all(value is None or value.casefold() in ("true", "false") for value in values):
        return [value and value.casefold() == "true" for value in values]
    return values


def is_missing(value) -> bool:
    """None, NaN, or text with nothing in it."""
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def which_rows(numbers: list[int]) -> str:
    """ "rows 3, 7 (counted from 1)" """
    shown = ", ".join(map(str, numbers[:5])) + (f" and {len(numbers) - 5} more" if len(numbers) > 5 else "")
    return f"{'rows' if len(numbers) > 1 else 'row'} {shown} (counted from 1)"
