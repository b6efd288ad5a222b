"""Tables 1-16 of the paper (arXiv 2506.05629) from data/paper: tidy for computing, or in the paper's own shape.

The files hold the numbers as text, exactly as printed: 81 is not 81.0 there. data/paper/README.md describes each.
"""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pandas as pd

from .errors import BadInput
from .terminal import table

INSTALLED = Path(str(files(__package__) / "paper_data"))  # where a wheel puts them, see setup.py
CLONE = Path(__file__).resolve().parent.parent / "data" / "paper"
FOLDER = INSTALLED if INSTALLED.is_dir() else CLONE
WIDTH = 120  # columns of text that a printed table may take: Table 2 needs 114


@dataclass(frozen=True)
class PaperTable:
    """What a table is, and how its tidy rows lie in the paper."""

    caption: str  # in our words
    down: tuple[str, ...] = ()  # columns of the file that name a printed row
    across: tuple[str, ...] = ()  # columns of the file that name a printed column; none: printed as the file lies
    cell: str = "score"
    bracket: str = ""  # what the paper prints beside it: the standard deviation, the ratio
    unit: str = "{}"


BY_METHOD = ("backbone", "method"), ("task",)

PAPER_TABLES: dict[int, PaperTable] = {
    1: PaperTable("the six GLUE tasks: sizes and labels"),
    2: PaperTable(
        "six GLUE tasks, RoBERTa-base and -large: score (standard deviation of 3 runs)", *BY_METHOD, bracket="std"
    ),
    3: PaperTable("ID-SPAM against mean pooling, RoBERTa-large", *BY_METHOD),
    4: PaperTable("four SuperGLUE tasks, RoBERTa-base", *BY_METHOD),
    5: PaperTable("four SuperGLUE tasks, RoBERTa-large", *BY_METHOD),
    6: PaperTable(
        "trained on one data set, tested on another as it is, RoBERTa-large: score (standard deviation)",
        ("backbone", "method"),
        ("train_task", "test_task"),
        bracket="std",
    ),
    7: PaperTable("the values among which ID-SPAM's hyperparameters were chosen"),
    8: PaperTable("six GLUE tasks, GPT-2: ID-SPAM and LPT", *BY_METHOD),
    9: PaperTable("four SuperGLUE tasks, GPT-2", *BY_METHOD),
    10: PaperTable("two GLUE tasks, GPT-2 large", *BY_METHOD),
    11: PaperTable("trained on one data set, then on 100 texts of another, tested there, RoBERTa-large"),
    12: PaperTable("trainable parameters", ("backbone",), ("method",), cell="parameters", unit="{:,}"),
    13: PaperTable(
        "trainable parameters in millions (LoRA's over ID-SPAM's)",
        ("backbone", "backbone_millions"),
        ("method",),
        cell="millions",
        bracket="ratio",
    ),
    14: PaperTable("seconds per sample in training and in prediction"),
    15: PaperTable("seconds of training up to the best epoch, RoBERTa-large", *BY_METHOD, cell="seconds", unit="{}s"),
    16: PaperTable("LoRA's training loss, RoBERTa-base", ("epoch",), ("task",), cell="loss"),
}
# Columns that hold words; all others hold numbers.
WORDS = frozenset(
    "backbone method task train_task test_task dataset category type label_names hyperparameter values".split()
)


def described(number: int) -> PaperTable:
    """The plan of a table.

    Raises:
        BadInput: the paper has no such table.
    """
    if number not in PAPER_TABLES:
        raise BadInput(f"The paper has no Table {number}: choose one of 1 to {max(PAPER_TABLES)}.")
    return PAPER_TABLES[number]


def as_text(number: int, folder: Path = FOLDER) -> pd.DataFrame:
    """A table's file as it is, every cell a string, empty where the paper prints nothing.

    Raises:
        BadInput: there is no such table, or its file cannot be read.
    """
    described(number)
    path = Path(folder) / f"table_{number:02d}.csv"
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{path} could not be read ({error}): it comes with a clone of the project and with its wheel; get it anew."
        ) from error


def paper_table(number: int, folder: Path = FOLDER) -> pd.DataFrame:
    """A table in tidy form, a row a number; NaN where the paper prints none.

    Raises:
        BadInput: see `as_text`; or a cell that should hold a number does not.
    """
    text = as_text(number, folder)
    try:
        return text.apply(lambda column: column if column.name in WORDS else pd.to_numeric(column))
    except ValueError as error:
        raise BadInput(f"Table {number} in {folder} has a cell that is no number ({error}).") from error


def as_printed(number: int, folder: Path = FOLDER) -> pd.DataFrame:
    """A table in the paper's shape: text cells, with the standard deviation or the ratio in brackets.

    Raises:
        BadInput: see `as_text`.
    """
    plan, text = described(number), as_text(number, folder)
    if not plan.across:
        return text
    shown = text[plan.cell].map(lambda cell: plan.unit.format(int(cell) if "," in plan.unit else cell))
    if plan.bracket:
        times = "x" if plan.bracket == "ratio" else ""
        shown += text[plan.bracket].map(lambda cell: f" ({cell}{times})" if cell else "")
    head = text[list(plan.across)].agg(" → ".join, axis="columns")
    cells = text.assign(head=head, shown=shown)
    wide = cells.pivot_table("shown", list(plan.down), "head", aggfunc="first", sort=False)
    return wide.reset_index().rename_axis(columns=None)


def caption(number: int) -> str:
    """One line that says which table it is."""
    return f"Table {number}: {described(number).caption}."


def pretty(number: int, folder: Path = FOLDER) -> str:
    """The table as aligned text under its caption.

    Raises:
        BadInput: see `as_text`.
    """
    wide = as_printed(number, folder)
    rows = [[cell or None for cell in row] for row in wide.itertuples(index=False)]
    return f"{caption(number)}\n\n{table(rows, list(wide.columns), width=WIDTH)}"


def scores(folder: Path = FOLDER) -> pd.DataFrame:
    """Every score of the paper in one tidy table: table, backbone, method, train_task, test_task, score, std.

    The printed means over tasks are left out. Table 11's scores are after 100 texts of the test task.

    Raises:
        BadInput: see `paper_table`.
    """
    together = pd.concat([paper_table(number, folder).assign(table=number) for number in (2, 3, 4, 5, 6, 8, 9, 10, 11)])
    for column in ("train_task", "test_task"):
        together[column] = together[column].fillna(together["task"])
    columns = ["table", "backbone", "method", "train_task", "test_task", "score", "std"]
    return together.loc[together["test_task"] != "Mean", columns].reset_index(drop=True)
