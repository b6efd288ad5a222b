"""Tables of any kind -> plain Python columns. What a column means is for others to say."""

import csv
import json
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import BadInput

SPREADSHEETS = (".xlsx", ".xls", ".ods")
SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl")
LONGEST = 2**31 - 1  # characters of a text: the most that `csv` takes on every platform; its own limit is 131,072


@dataclass(frozen=True)
class Columns:
    """A table in memory.

    Attributes:
        values: column name -> its values, top to bottom; None where one is missing.
        origin: the file or kind of table, for messages.
        class_names: column name -> class names in id order, for the columns that carry them (ClassLabel).
        typed: False where every value is text because the file has no types (CSV, TSV).
    """

    values: dict[str, list]
    origin: str
    class_names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    typed: bool = True

    def __len__(self) -> int:
        return len(next(iter(self.values.values()), ()))


def read_columns(path: str | Path, only: Iterable[str] | None = None) -> Columns:
    """The table in a .csv, .tsv, .parquet or .jsonl file.

    `only` leaves out other columns where that saves time.

    Raises:
        BadInput: no such file, not one of these types, or not readable as what its name says.
    """
    path = Path(path)
    read = {".csv": _read_csv, ".tsv": _read_csv, ".parquet": _read_parquet, ".jsonl": _read_jsonl}.get(
        path.suffix.lower()
    )
    try:
        if not path.is_file():  # an error where its folder may not be entered
            raise BadInput(f"There is no file {path}.")
        if path.suffix.lower() in SPREADSHEETS or is_zip(path):
            raise BadInput(f"{path} is a spreadsheet or an archive: save the table as CSV (UTF-8) and give that file.")
        if read is None:
            raise BadInput(
                f"{path} is not a table that can be read here: its name should end in {', '.join(SUFFIXES)}."
            )
        return read(path, only)
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text (byte {error.start}): save it as UTF-8.") from error
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read ({error.strerror or error}): check that the file is whole and yours to read."
        ) from error


def is_zip(path: Path) -> bool:
    """By its first bytes, whatever its name: as .xlsx and .ods are, and no Parquet file."""
    with open(path, "rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _read_csv(path: Path, only: Iterable[str] | None) -> Columns:
    """Strict: a quotation mark out of place is an error; read kindly, it would swallow the rows after it."""
    with open(path, encoding="utf-8-sig", newline="") as file, long_texts():
        first = file.readline()
        file.seek(0)
        # Spreadsheets write ';' where a comma is the decimal sign; .tsv always means tabs.
        delimiter = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=first.count)
        lines = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            header = next(lines, None)
            if not header:
                raise BadInput(f"{path} is empty: its first line should name the columns.")
            header = [name.strip() for name in header]
            if len(set(header)) < len(header):
                raise BadInput(f"{path} has two columns of the same name: its first line is {', '.join(header)}.")
            rows = []
            for row in lines:
                if row and len(row) != len(header):
                    raise BadInput(
                        f"{path} has {len(row)} values on line {lines.line_num}, but {len(header)} columns: "
                        "put a text that holds the separator between quotation marks."
                    )
                if row:
                    rows.append(row)
        except csv.Error as error:
            raise BadInput(
                f"{path} cannot be read at line {lines.line_num} ({error}): double each quotation mark inside a text."
            ) from error
    return Columns({name: [row[i] for row in rows] for i, name in enumerate(header)}, str(path), typed=False)


@contextmanager
def long_texts():
    """`csv` takes texts of any length inside; its limit, which is the process's, is put back."""
    before = csv.field_size_limit(LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)


@contextmanager
def looking_into(folder: str | Path):
    """Asking what is in a folder.

    Raises:
        BadInput: it may not be entered.
    """
    try:
        yield
    except OSError as error:
        raise BadInput(
            f"{folder} cannot be looked into ({error.strerror or error}): check that the folder is yours to enter."
        ) from error


def _read_jsonl(path: Path, only: Iterable[str] | None) -> Columns:
    rows = []
    with open(path, encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    rows.append(json.loads(line))
                except ValueError as error:
                    raise BadInput(f"{path} has no JSON object on line {number}: each line should be one.") from error
                if not isinstance(rows[-1], dict):
                    raise BadInput(f"{path} has no JSON object on line {number}: each line should be one.")
    names = dict.fromkeys(name for row in rows for name in row)
    return Columns({name: [row.get(name) for row in rows] for name in names}, str(path))


def _read_parquet(path: Path, only: Iterable[str] | None) -> Columns:
    """By pyarrow alone: `datasets` is slow to import. Its notes in the file's metadata are read here."""
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(path)
        names = file.schema_arrow.names
        table = file.read(None if only is None else [name for name in names if name in only])
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:
        raise BadInput(f"{path} is not a whole Parquet file: copy or write it again.") from error
    try:
        features = json.loads((file.schema_arrow.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, ValueError, TypeError):
        features = {}
    return _from_arrow(table, str(path), features)


def _from_arrow(table, origin: str, features: dict) -> Columns:
    """A pyarrow Table; `features` are the hub's notes: column -> {"_type": "ClassLabel", "names": [...]}."""
    class_names = {
        name: tuple(note["names"])
        for name, note in features.items()
        if isinstance(note, dict)
        and note.get("_type") == "ClassLabel"
        and note.get("names")
        and name in table.column_names
    }
    return Columns({name: table.column(name).to_pylist() for name in table.column_names}, origin, class_names)


def columns_of(data, only: Iterable[str] | None = None) -> Columns:
    """The table in a `datasets.Dataset`, a pandas DataFrame or a dict of columns; imports neither library.

    Raises:
        BadInput: it is none of these, or its columns differ in length.
    """
    if (
        hasattr(data, "with_format")
        and hasattr(data, "column_names")
        and hasattr(data, "features")
        and hasattr(data, "__len__")
    ):
        table = data.with_format("arrow")[:]
        keep = [name for name in table.column_names if only is None or name in only]
        return _from_arrow(table.select(keep), "the Dataset", data.features.to_dict() if data.features else {})
    if hasattr(data, "columns") and hasattr(data, "notna"):
        if not data.columns.is_unique:
            raise BadInput("The DataFrame has two columns of one name: rename one of them.")
        return Columns({str(name): _listed(data[name]) for name in data.columns}, "the DataFrame")
    if isinstance(data, dict) and all(map(is_column, data.values())):
        values = {str(name): _listed(column) for name, column in data.items()}
        first = next(iter(values), None)
        for name in values:
            if len(values[name]) != len(values[first]):
                raise BadInput(
                    f"The dict has {len(values[first])} rows in {first!r}, but {len(values[name])} in {name!r}: "
                    "each row needs a value in every column."
                )
        return Columns(values, "the dict")
    raise BadInput(
        f"A {type(data).__name__} is not a table that can be read here: give a file, a Dataset, a "
        "DataFrame or a dict of lists."
    )


def is_column(data) -> bool:
    """A list, a tuple, or a numpy array, a torch tensor or a Series, of one value a row."""
    if hasattr(data, "tolist"):
        return getattr(data, "ndim", 0) > 0
    return isinstance(data, Sequence) and not isinstance(data, (str, bytes))


def is_table(data) -> bool:
    """A dict, a DataFrame or a Dataset, be it one that can be read or not."""
    return isinstance(data, dict) or hasattr(data, "columns") or hasattr(data, "column_names")


def _listed(column) -> list:
    """A column's values as Python's own; None where pandas has none."""
    if hasattr(column, "notna"):
        column = column.astype(object).where(column.notna(), None)
    return column.tolist() if hasattr(column, "tolist") else list(column)
