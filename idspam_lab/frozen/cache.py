"""Kept hidden states as files, one folder an entry: there whole or not at all, and never believed unchecked.

CACHE/KEY/about.json    what it holds, and each file's sha256
CACHE/KEY/hidden.bin    plain numbers, row after row

An entry is written beside its place and then moved there. Two processes that make the same one at once both finish;
the first one's stays. An entry whose files are not the recorded ones is removed and made again.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path

import torch
from torch import Tensor

from ..backbones.packaged import cache_folder
from ..errors import BadInput
from ..files import current_umask, hash_file, why_not, write_json

ABOUT, FORMAT = "about.json", "idspam_lab states 1"
ENTRY, UNFINISHED = re.compile(r"[0-9a-f]{32}"), re.compile(r"\.[0-9a-f]{32}\..+")
DTYPES = {"float64": torch.float64, "float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def states_folder() -> Path:
    """Where kept states lie, unless a store is told otherwise."""
    return cache_folder() / "states"


class Writer:
    """Writes one entry, row after row; use it in a `with`, whose end removes what was not finished.

    Raises:
        BadInput: the folder cannot be written, or the disk is full.
    """

    def __init__(self, folder: Path, key: str):
        self.place, self.about = Path(folder) / key, {"format": FORMAT, "parts": {}}
        self.files, self.digests = {}, {}

    def __enter__(self) -> "Writer":
        try:
            self.place.parent.mkdir(parents=True, exist_ok=True)
            self.temporary = Path(tempfile.mkdtemp(dir=self.place.parent, prefix=f".{self.place.name}."))
            os.chmod(self.temporary, 0o777 & ~current_umask())  # mkdtemp's are for the owner's eyes alone
        except OSError as error:
            raise BadInput(why_not(self.place.parent, error)) from error
        return self

    def __exit__(self, *_) -> None:
        for file in self.files.values():
            file.close()
        shutil.rmtree(self.temporary, ignore_errors=True)

    def append(self, part: str, rows: Tensor) -> None:
        """More rows (R, n) of a part."""
        rows = rows.detach().cpu().contiguous()
        bytes_ = rows.view(torch.uint8).numpy().data
        try:
            if part not in self.files:
                self.files[part], self.digests[part] = open(self.temporary / f"{part}.bin", "wb"), hashlib.sha256()
                dtype = str(rows.dtype).removeprefix("torch.")
                self.about["parts"][part] = {"rows": 0, "width": rows.shape[1], "dtype": dtype}
            self.files[part].write(bytes_)
        except OSError as error:
            raise BadInput(why_not(self.place, error)) from error
        self.digests[part].update(bytes_)
        self.about["parts"][part]["rows"] += len(rows)

    def finish(self, about: dict) -> None:
        """Moves the entry to its place, if nobody was quicker.

        Raises:
            BadInput: the disk is full, or another process has cleared the folder meanwhile.
        """
        for part, digest in self.digests.items():
            self.about["parts"][part]["sha256"] = digest.hexdigest()
            try:
                self.files[part].close()  # writes what it still holds
            except OSError as error:
                raise BadInput(why_not(self.place, error)) from error
        if not all((self.temporary / f"{part}.bin").is_file() for part in self.digests):
            raise BadInput(was_cleared(self.place))
        write_json(self.temporary / ABOUT, self.about | about | {"date": datetime.now(UTC).isoformat("T", "seconds")})
        try:
            os.rename(self.temporary, self.place)
        except OSError as error:
            if not self.place.is_dir():
                raise BadInput(was_cleared(self.place)) from error


def was_cleared(place: Path) -> str:
    """One sentence for an entry that went away under its writer."""
    return f"{place} was removed while a run made it: clear the cache when no run is going."


def load(folder: Path, key: str) -> dict[str, Tensor] | None:
    """An entry's parts, memory-mapped, (rows, width) each; None where there is none that can be believed."""
    place = Path(folder) / key
    if not place.is_dir():
        return None
    try:
        parts = read_about(place)["parts"]
        for part, shape in parts.items():
            if hash_file(place / f"{part}.bin") != shape["sha256"]:
                raise ValueError(f"{part}.bin is not the recorded one")
        return {part: mapped(place / f"{part}.bin", **shape) for part, shape in parts.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        warnings.warn(f"The kept hidden states in {place} are damaged ({error}): they are made again.", stacklevel=2)
        remove(place)
        return None


def read_about(place: Path) -> dict:
    """An entry's about.json."""
    about = json.loads((place / ABOUT).read_text(encoding="utf-8"))
    if about["format"] != FORMAT:
        raise ValueError(f"its format is {about['format']!r}")
    return about


def mapped(path: Path, rows: int, width: int, dtype: str, sha256: str) -> Tensor:
    """A file's numbers, read from disk when they are used. (rows, width)"""
    return torch.from_file(str(path), shared=False, size=rows * width, dtype=DTYPES[dtype]).view(rows, width)


def remove(place: Path) -> int:
    """Removes an entry, and says how many bytes it had. Moved away first, so that nobody meets half of it."""
    size = size_of(place)
    away = place.parent / f".{place.name.strip('.')[:32]}.{os.getpid()}-{time.time_ns()}"
    try:
        os.rename(place, away)
    except OSError:  # another process has removed it
        return 0
    shutil.rmtree(away, ignore_errors=True)
    return size


def size_of(place: Path) -> int:
    """Bytes of a folder's files."""
    return sum(file.stat().st_size for file in place.glob("*") if file.is_file())


def entries(folder: Path | None = None) -> list[dict]:
    """What lies in the cache: {"place", "bytes", "about"}; about is None for what was not finished or is damaged."""
    folder, found = folder or states_folder(), []
    for place in sorted(folder.glob("*") if folder.is_dir() else ()):
        if not place.is_dir() or not (ENTRY.fullmatch(place.name) or UNFINISHED.fullmatch(place.name)):
            continue  # not ours
        try:
            about = read_about(place) if ENTRY.fullmatch(place.name) else None
        except (OSError, ValueError, KeyError):
            about = None
        found.append({"place": place, "bytes": size_of(place), "about": about})
    return found
