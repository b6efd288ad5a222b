"""Where a grid's backbones are, what they look like without weights, and the methods built on such a shape."""

import hashlib
from functools import cache, lru_cache
from pathlib import Path

import torch

from ..backbones import Backbone, load_backbone
from ..backbones.packaged import PACKAGED
from ..backbones.shapes import KNOWN
from ..counting import backbone_of
from ..errors import BadInput
from ..files import file_digest
from ..methods import Method, build_method, check_share
from ..methods.spelled import read_method

READ = ("*.safetensors", "*.bin", "*.json", "*.txt", "*.model", "1_Pooling/config.json")  # of a model's folder


class Models:
    """Backbones by their names in a grid file.

    Args:
        folder: is looked into first, for NAME/config.json or, laid out as the hub's cache is,
            models--NAME/snapshots/COMMIT/config.json (a slash in a name is written --).

    Raises:
        BadInput: there is no such folder.
    """

    def __init__(self, folder: str | Path | None = None):
        if folder and not Path(folder).is_dir():
            raise BadInput(f"There is no folder {folder}: name one that holds the models, NAME/config.json.")
        self.folder = Path(folder) if folder else None
        self.shape, self.built = cache(self._shape), cache(self._built)
        self.load = lru_cache(maxsize=1)(self._load)  # one is held at a time

    def place(self, name: str) -> str:
        """What `load_backbone` takes: a folder if there is one, else the name itself."""
        if self.folder is None:
            return name
        plain, cached = self.folder / name, self.folder / f"models--{name.replace('/', '--')}"
        snapshots = sorted(cached.glob("snapshots/*/config.json"), key=lambda path: path.stat().st_mtime)
        main = cached / "refs" / "main"
        if (plain / "config.json").is_file():
            return str(plain)
        if main.is_file():
            return str(cached / "snapshots" / main.read_text().strip())
        return str(snapshots[-1].parent) if snapshots else name

    def digest(self, name: str) -> str:
        """Tells the weights, tokenizer and pooling in a folder from others; of what is packaged or comes from the hub,
        the name says it."""
        place = Path(self.place(name))
        if not place.is_dir():
            return name
        files = sorted({path for pattern in READ for path in place.glob(pattern) if path.is_file()})
        digests = [file_digest(path, path.stat().st_mtime_ns) for path in files]
        return hashlib.sha256(" ".join(digests).encode()).hexdigest()[:16]

    def _shape(self, name: str) -> Backbone:
        place = self.place(name)
        if place in PACKAGED and place not in KNOWN:  # their configuration is inside their one file
            return load_backbone(place)
        found = backbone_of(place)
        found.name = name
        return found

    def _built(self, name: str, method: str, layer: int | None) -> Method:
        """The method as it would train on this backbone, without numbers.

        Raises:
            BadInput: an unknown method or option, or a layer out of range.
        """
        word, options = read_method(method)
        check_share(head_dropout=options.pop("head_dropout", 0.1))  # the head's, which is not built here
        with torch.device("meta"):
            return build_method(word, self.shape(name), options if layer is None else options | {"layer": layer})

    def _load(self, name: str) -> Backbone:
        found = load_backbone(self.place(name))
        found.name = name  # a snapshot's folder is named by its commit
        return found


models_in = lru_cache(maxsize=1)(Models)  # a process that is given work again finds what it has loaded
