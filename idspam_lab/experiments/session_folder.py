"""A session's folder holds one run: what it is stands in run.json before anything is trained."""

import json
import os
import shutil
from pathlib import Path

from ..errors import BadInput
from ..files import why_not, write_json

RUN, REPORT = "run.json", "report.json"
PICTURES = {"training_curve": "training_curve.png", "token_weights": "token_weights.png"}
RESULTS = (REPORT, "report.html", *PICTURES.values(), "adapter")
MADE = (RUN, *RESULTS, "choice.json", "layer_choice.csv", "checkpoints")


def claim(folder: Path, told: dict) -> str | None:
    """Writes down whose folder it is.

    Args:
        told: what the run depends on, as JSON holds it.

    Returns:
        When this run was finished here; None if it was not.

    Raises:
        BadInput: the folder holds another run, and says in what it differs; or what lies there no run has signed.
    """
    check_signed(folder, RESULTS)
    before = content_of(folder / RUN)
    different = [name for name in told if before and before.get(name) != told[name]]
    if different:
        said = ", ".join(f"{name} {in_words(before.get(name))}, here {in_words(told[name])}" for name in different[:3])
        raise BadInput(
            f"{folder} holds another run ({said}): name another folder (--out), or have it trained anew in its place "
            "(--fresh)."
        )
    write_json(folder / RUN, told)
    report = content_of(folder / REPORT)
    finished = report.get("run", {}).get("stopped") is None and before
    return report.get("date") if finished else None


def clear(folder: Path) -> None:
    """Takes away what a session wrote there, and nothing else.

    Raises:
        BadInput: what lies there may be somebody else's, for no run has signed the folder; or it cannot be taken away.
    """
    found = check_signed(folder, MADE)
    try:
        for path in sorted(found, key=lambda path: path.name == RUN):  # the signature last
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    except OSError as error:
        raise BadInput(why_not(folder, error)) from error


def check_signed(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """What lies there under these names, which a run's files have.

    Raises:
        BadInput: there is some, and no run has signed the folder: it is somebody else's.
    """
    found = [folder / name for name in names if os.path.lexists(folder / name)]
    if found and not content_of(folder / RUN):
        raise BadInput(
            f"{folder} has {found[0].name} in it, but no {RUN} that says whose it is: a run would write over it; name "
            "another folder (--out), or empty this one by hand."
        )
    return found


def content_of(path: Path) -> dict:
    """A JSON file; empty if there is none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def in_words(value) -> str:
    """A value for a sentence, short."""
    return value if isinstance(value, str) else json.dumps(value)
