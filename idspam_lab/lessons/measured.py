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


def measured_study(name: str = "faithfulness_rotten_tomatoes", folder: Path = MEASURED) -> Study:
    """A faithfulness study of data/results.

    Raises:
        BadInput: it is not there.
    """
    return read_study(Path(folder) / name)
