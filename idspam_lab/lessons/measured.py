"""Results that were measured once and lie in data/results, for lessons that cannot wait for them."""

from pathlib import Path

import pandas as pd

from ..analysis.faithfulness import Study
from ..errors import BadInput
from ..experiments.faithfulness import read_study
from ..experiments.summary import MEASURED, read_results


def results_table_of(name: str, folder: Path = MEASURED) -> pd.DataFrame:
    """A table of data/results, a row a run.

    Raises:
        BadInput: it is not there.
    """
    path = Path(folder) / name
    if not path.is_file():
        raise BadInput(f"There is no {path}: measured results lie in a clone of the project, beside the package.")
    return read_results(path)


def measured_tables(pattern: str, folder: Path = MEASURED) -> list[pd.DataFrame]:
    """The tables of data/results whose file's name fits, "curve_*.csv", by name; where there is none, it says so."""
    found = [read_results(path) for path in sorted(Path(folder).glob(pattern))]
    if not found:
        print(f"No {pattern} is in data/results yet: nothing of this kind has been measured, or this is no clone.")
    return found


def measured_study(name: str = "faithfulness_rotten_tomatoes", folder: Path = MEASURED) -> Study:
    """A faithfulness study of data/results.

    Raises:
        BadInput: it is not there.
    """
    return read_study(Path(folder) / name)
