"""What the labels of the user's own table mean: words, numbers or true/false -> class ids and class names."""

import re
import warnings
from collections.abc import Sequence

from ..errors import BadInput
from .columns import Columns


def encode(columns: Columns, name: str, known: Sequence[str] | None) -> tuple[list[int], tuple[str, ...]]:
    """(class ids, class names). The names are the `known` ones, else those that the column carries, else the
    labels themselves.

    Raises:
        BadInput: a label is missing, out of range or no class; one class only; fewer rows than classes.
    """
    what = f"Column {name!r} of {columns.origin}"
    carried = columns.class_names.get(name)
    if known is not None and carried is not None and tuple(known) != carried:
        raise BadInput(f"{what} has the classes {', '.join(carried)}, but these are expected: {', '.join(known)}.")
    names = carried if known is None else tuple(known)
    values = _label_values(columns, name, what, names)

    if all(isinstance(value, str) for value in values):
        names = names or tuple(sorted(set(values)))
        place = {class_name: i for i, class_name in enumerate(names)}
        strange = sorted(set(values) - set(names))
        if strange:
            raise BadInput(f"{what} has the label {strange[0]!r}, which is not one of: {', '.join(names)}.")
        ids = [place[value] for value in values]
    elif all(isinstance(value, bool) for value in values):
        ids, names = [int(value) for value in values], names or ("False", "True")
    elif all(isinstance(value, (int, float)) and float(value).is_integer() for value in values):
        ids = [int(value) for value in values]
        present = sorted(set(ids))
        if names is None and present[0] < 0:
            raise BadInput(f"{what} has the label {present[0]}, but classes that are numbers are 0 or more.")
        names = names or tuple(map(str, present))
        if all(name.isdigit() for name in names):  # stars from 1 to 5, say: the numbers are the names
            strange = [number for number in present if str(number) not in names]
            if strange:
                raise BadInput(f"{what} has the label {strange[0]}, which is not one of: {', '.join(names)}.")
            ids = [names.index(str(number)) for number in ids]
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
    return ids, names


def why_no_classes(values: list) -> str:
    """What else than classes the labels seem to be."""
    if any(isinstance(value, (list, tuple, dict, set)) for value in values):
        return "a label is one class, and several to a text are not supported."
    if all(isinstance(value, (int, float)) for value in values):
        return "they are numbers such as 3.5, and what is measured (regression) is not supported."
    return "labels are words, whole numbers, or true/false, not a mixture."


def warn_of_look_alikes(what: str, names: Sequence[str]) -> None:
    """Classes that differ in nothing but case or blanks are most likely one class, typed in two ways."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(" ".join(name.casefold().split()), name)
        if other != name:
            warnings.warn(f"{what} has the classes {other!r} and {name!r}: they are taken for two.", stacklevel=2)


def _label_values(columns: Columns, name: str, what: str, names: tuple[str, ...] | None) -> list:
    """The labels as Python values, none missing; as words where every one of them is a class name."""
    values = [v.item() if hasattr(v, "item") else v for v in columns.values[name]]  # numpy's scalars
    if names is not None and set(map(str, values)) <= set(names):
        return list(map(str, values))  # first, because a class may be called "5"
    if not columns.typed:
        values = _typed(values)
    missing = [i for i, value in enumerate(values, 1) if is_missing(value) or value == -1]
    if missing:
        raise BadInput(
            f"{what} has no label (nothing, NaN or -1) in {which_rows(missing)}: fill in or remove these "
            "rows, and if -1 is a class, number the classes from 0."
        )
    return values


def _typed(values: list[str]) -> list:
    """A CSV file's labels: numbers or true/false if all of them are, else words; None for nothing or NaN."""
    values = [value.strip() for value in values]
    values = [None if value.casefold() in ("", "nan") else value for value in values]
    there = [value for value in values if value is not None]
    if all(re.fullmatch(r"[+-]?\d+(\.\d*)?", value) for value in there):
        return [value and float(value) for value in values]
    if all(value.casefold() in ("true", "false") for value in there):
        return [value and value.casefold() == "true" for value in values]
    return values


def is_missing(value) -> bool:
    """None, NaN, or text with nothing in it."""
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def which_rows(numbers: list[int]) -> str:
    """ "rows 3, 7 (counted from 1)" """
    shown = ", ".join(map(str, numbers[:5])) + (f" and {len(numbers) - 5} more" if len(numbers) > 5 else "")
    return f"{'rows' if len(numbers) > 1 else 'row'} {shown} (counted from 1)"
