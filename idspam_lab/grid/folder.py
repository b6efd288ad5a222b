"""A grid on disk: who is at work on which run, and what is done.

FOLDER/rows/ID.json      one finished run, there whole or not at all; whoever finds it does not do it again
FOLDER/claims/ID.lock    locked by the process that is at work on the run; the system frees it when the process ends
FOLDER/checkpoints/ID/   what a killed run goes on from, after each epoch
FOLDER/adapters/ID/      its trained part, if they are kept
FOLDER/NAME.csv          the table of the grid file NAME.toml, and NAME-epochs.csv
FOLDER/writers/          the paths of those grid files: another file of the same name does not write over the table

Several grid files can have one folder: a run that two of them list is done once.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import BadInput
from ..files import why_not, write_json
from .plan import GridRun

HOLDS = ("run", "rows", "baselines", "history")  # a finished run's file, see `execute`


class GridFolder:
    """The folder of a grid.

    Raises:
        BadInput: it cannot be written.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        try:
            (self.path / "claims").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(why_not(self.path, error)) from error

    def row(self, run: GridRun) -> Path:
        """The file of a finished run."""
        return self.path / "rows" / f"{run.id}.json"

    def checkpoint(self, run: GridRun) -> Path:
        """The folder that a killed run goes on from."""
        return self.path / "checkpoints" / run.id

    def writer(self, table: Path) -> Path:
        """The file that holds the path of the grid file which wrote a table."""
        return self.path / "writers" / f"{table.name}.txt"

    def done(self, run: GridRun) -> bool:
        return self.row(run).is_file()

    def read(self, run: GridRun) -> dict:
        """What `write` wrote.

        Raises:
            BadInput: the file is not that any more.
        """
        try:
            found = json.loads(self.row(run).read_text(encoding="utf-8"))
            if not isinstance(found, dict) or not set(HOLDS) <= set(found) or not found["rows"]:
                raise ValueError(f"it does not hold {', '.join(HOLDS)}")
            return found
        except (OSError, ValueError) as error:
            raise BadInput(f"{self.row(run)} is damaged ({error}): delete it, and the run is done again.") from error

    def write(self, run: GridRun, content: dict) -> None:
        """Marks the run as done; only then can what it would go on from be removed.

        Raises:
            BadInput: the disk is full, or the folder may not be written.
        """
        write_json(self.row(run), content)
        shutil.rmtree(self.checkpoint(run), ignore_errors=True)

    @contextmanager
    def claim(self, runs: Sequence[GridRun]) -> Iterator[list[GridRun]]:
        """Those of the runs that are not done and that nobody else is at work on; they are this process's inside."""
        mine = []
        with ExitStack() as held:
            for run in runs:
                try:
                    held.enter_context(FileLock(self.path / "claims" / f"{run.id}.lock", timeout=0))
                except Timeout:
                    continue
                if not self.done(run):  # looked at under the lock: it may just have been finished
                    mine.append(run)
            yield mine
