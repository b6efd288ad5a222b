"""Adapters that were trained once and lie in data/adapters, for a room that cannot wait."""

import json
from pathlib import Path

from ..classifier import PromptClassifier
from ..errors import BadInput

FOLDER = Path(__file__).resolve().parents[2] / "data" / "adapters"
SHIPPED = {"sst2": "sst2-idspam-seed0"}  # task -> folder
MEASURED = "measured.json"


def shipped_adapter(task: str = "sst2", folder: Path = FOLDER) -> PromptClassifier:
    """The classifier that was trained on a task, with the backbone it belongs to.

    Raises:
        BadInput: none was trained on it, or this is not a clone of the project.
    """
    return PromptClassifier.from_pretrained(place_of(task, folder))


def shipped_record(task: str = "sst2", folder: Path = FOLDER) -> dict:
    """What was measured when it was trained: command, settings, hardware, history and results.

    Raises:
        BadInput: as for `shipped_adapter`.
    """
    return json.loads((place_of(task, folder) / MEASURED).read_text(encoding="utf-8"))


def place_of(task: str, folder: Path) -> Path:
    """The folder of a shipped adapter.

    Raises:
        BadInput: there is none.
    """
    if task not in SHIPPED:
        raise BadInput(f"No adapter of {task!r} is shipped; there are: {', '.join(SHIPPED)}.")
    place = Path(folder) / SHIPPED[task]
    if not place.is_dir():
        raise BadInput(f"There is no {place}: shipped adapters lie in a clone of the project, beside the package.")
    return place
