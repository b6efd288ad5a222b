"""The file of a finished run: what makes two runs the same run, and what is there already.

FOLDER/rows/METHOD-seedK.json   the run's rows in a results table, and its key
"""

import hashlib
import json
import re
from collections.abc import Collection
from pathlib import Path

from ..backbones import Backbone
from ..errors import BadInput
from ..methods import METHODS
from ..methods.code import code_of
from ..methods.spelled import preset_of, read_method, title_of
from ..tasks import TaskData
from ..training import Settings
from .session import Target

TOLD = ("train_texts", "epochs", "lr", "batch_size", "weight_decay", "max_length", "fingerprint")  # columns of a row


def place_of(
    data: TaskData,
    backbone: Backbone,
    word: str,
    seed: int,
    folder: Path,
    transfer: Target | None,
    changes: dict,
) -> tuple[Settings, str, Path]:
    """A run's settings, its key, and where its rows are.

    Args:
        word: the method, spelled.
        changes: in place of the method's preset.
    """
    settings = preset_of(word, **(changes | {"seed": seed}))
    return settings, key_of(data, backbone, word, settings, transfer), folder / "rows" / f"{stem(word, seed)}.json"


def check_run(data: TaskData, backbone: Backbone, word: str, seed: int, folder: Path, *more) -> None:
    """The run is not there yet, or it is this one.

    Args:
        more: transfer and changes, as for `place_of`.

    Raises:
        BadInput: another run is there, which would be lost, and in what it differs.
    """
    settings, key, path = place_of(data, backbone, word, seed, folder, *more)
    if not path.is_file() or read_rows(path, key) is not None:
        return
    there = (read_rows(path) or [{}])[0]
    here = settings.to_dict() | {"train_texts": len(data.train), "fingerprint": data.fingerprint}
    different = [name for name in TOLD if there.get(name, here[name]) != here[name]]
    said = "; ".join(f"{name} {there[name]}, here {here[name]}" for name in different[:3])
    raise BadInput(
        f"{folder} holds another run of {title_of(word)} with seed {seed} "
        f"({said or 'by another version, of other weights or with other texts to transfer to'}): name another folder "
        "(--out), or have it trained anew in its place (--fresh)."
    )


def earlier(data: TaskData, backbone: Backbone, asked: Collection[tuple[str, int]], folder: Path, *more) -> list[dict]:
    """The rows of runs that are there beside those that are asked for now, with the same data and settings.

    Args:
        asked: a method, spelled, and a seed each.
        more: transfer and changes, as for `place_of`.
    """
    found = []
    for path in sorted((folder / "rows").glob("*.json")):
        rows = read_rows(path) or []
        word, seed = (rows[0].get("spelled"), rows[0].get("seed")) if rows else (None, None)
        if word is None or (word, seed) in asked:
            continue
        try:
            if read_rows(path, place_of(data, backbone, word, seed, folder, *more)[1]):
                found += rows
        except BadInput:  # a method of one's own that is not there any more
            continue
    return found


def stem(word: str, seed: int) -> str:
    """The name of a run's files."""
    return f"{re.sub('[^a-z0-9_]+', '-', word)}-seed{seed}"


def key_of(data: TaskData, backbone: Backbone, word: str, settings: Settings, transfer: Target | None, *more) -> str:
    """What makes two runs the same run.

    Args:
        word: the method, spelled.
        more: anything JSON can hold.
    """
    code = code_of(METHODS[read_method(word)[0]])
    parts = [*texts_of(data), backbone.identity().weights_sha256, backbone.reading(), code, word, settings.to_dict()]
    parts += [*texts_of(transfer.data), transfer.max_length] if transfer else []
    parts += more
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def texts_of(data: TaskData) -> list:
    """What tells a task's texts, and how they are scored, from others."""
    return [data.fingerprint, data.task.metric, data.task.labels]


def read_rows(path: Path, key: str | None = None) -> list[dict] | None:
    """The rows of a finished run, of this key if one is given; None where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return found["rows"] if key in (None, found["key"]) else None
    except (OSError, ValueError, KeyError):
        return None
