"""The hidden-state store: what the frozen model makes of a text below the prompt is computed once and kept.

That is a function of the text alone (methods.base.LatePrompt.trunk), which training does not change. Kept is what the
blocks gave; E and the input of block 0 are looked up in the model's tables faster than they would be read.

    rows ──> States           which states, how large, what tells them apart     states.py
                │ compute
             Store ──> memory, a GPU, or a file                                  cache.py
                │
             Shelf            one text's states, found by its token ids          shelf.py
                │ trunk
             FastPath         in place of the blocks below the prompt            fast.py
"""

import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path

import psutil
import torch
from torch import Tensor

from ..backbones import Backbone
from ..errors import BadInput
from ..methods import LatePrompt
from ..training.batches import Row
from ..training.device import device_of
from . import cache
from .shelf import Shelf
from .states import States

GB = 10**9
DISK = 20  # GB, where nothing is said
FILE = "file"  # the place that is no device


class Store:
    """Keeps hidden states: on the GPU or in memory if they fit, else in a file; what fits nowhere is computed again.
    A file, and what is left out, is warned of.

    One store can serve many runs: what one has left the next one finds. Files are found by later processes too;
    `idspam-lab cache` lists and clears them.

    Args:
        memory: GB of the GPU's memory, and of the computer's; default: a quarter of what is free. 0: always a file.
        disk: GB of all files together; default: 20, or half of what is free if that is less. 0: no file.
        half: keeps bf16, in half the room.
        folder: of the files; default: see `cache.states_folder`.

    Raises:
        BadInput: memory or disk is below 0.
    """

    def __init__(
        self,
        memory: float | None = None,
        disk: float | None = None,
        *,
        half: bool = False,
        folder: str | Path | None = None,
    ):
        for name, value in (("memory", memory), ("disk", disk)):
            if value is not None and value < 0:
                raise BadInput(f"{name} is {value}, but it is a number of GB, 0 or more.")
        self.memory, self.disk, self.half = memory, disk, half
        self.folder = Path(folder) if folder else cache.states_folder()
        self.shelves: dict[str, Shelf] = {}
        self.used: dict[str, float] = {}  # device -> bytes

    def shelf(
        self,
        method: LatePrompt,
        backbone: Backbone,
        rows: Sequence[Row],
        precision: str = "fp32",
        progress: bool = False,
    ) -> Shelf | None:
        """These texts' states at the method's block; None where none is worth keeping or there is no room at all.

        Args:
            precision: of the pass that computes them, see Settings.
        """
        states = States(method, backbone, rows, precision, self.half, progress)
        if not states.names:
            return None
        key = states.key()
        if key not in self.shelves:
            room = {place: self.memory_left(place) for place in dict.fromkeys((str(device_of(backbone)), "cpu"))}
            try:
                self.shelves[key] = self.keep(states, room | {FILE: self.disk_left()})
            except BadInput as error:
                warnings.warn(f"{error} As many hidden states as fit are kept in memory.", stacklevel=2)
                self.shelves[key] = self.keep(states, room)
        shelf = self.shelves[key]
        return shelf and shelf.for_origin(states.origin)  # two methods may share `hidden`, but not what they read

    def keep(self, states: States, room: dict[str, float]) -> Shelf | None:
        """The states in the first place that has room for all, or else in the roomiest.

        Args:
            room: place (a device, or FILE) -> bytes.
        """
        if (self.folder / states.key()).is_dir() and FILE in room:
            room[FILE] = states.bytes  # it is there already
        place = next((place for place, left in room.items() if states.bytes <= left), max(room, key=room.get))
        kept = states.fitting(room[place])
        if len(kept.rows) < len(states.rows):
            warnings.warn(
                f"The hidden states of {len(states.rows):,} texts need {states.bytes / GB:.3g} GB, but there is room "
                f"for {room[place] / GB:.3g} GB: those of {len(states.rows) - len(kept.rows):,} texts are computed "
                "again every time.",
                stacklevel=3,
            )
        if not kept.rows:
            return None
        self.used[place] = self.used.get(place, 0) + kept.bytes
        if place == FILE and self.memory != 0:
            warnings.warn(
                f"Hidden states ({kept.bytes / GB:.3g} GB) are kept in {self.folder}: see idspam-lab cache.",
                stacklevel=3,
            )
        parts = self.in_file(kept) if place == FILE else in_memory(kept, place)
        return Shelf(kept.rows, parts, kept.origin, kept.computed)

    def memory_left(self, place: str) -> float:
        """Bytes that may still be kept on a device."""
        if self.memory is not None:
            return max(0, self.memory * GB - self.used.get(place, 0))
        on_gpu = torch.device(place).type == "cuda"
        return (torch.cuda.mem_get_info(place)[0] if on_gpu else psutil.virtual_memory().available) / 4

    def disk_left(self) -> float:
        """Bytes that the files may still grow by."""
        there = next(folder for folder in (self.folder, *self.folder.absolute().parents) if folder.is_dir())
        free = shutil.disk_usage(there).free
        limit = min(DISK * GB, free / 2) if self.disk is None else min(self.disk * GB, free)
        return max(0, limit - sum(entry["bytes"] for entry in cache.entries(self.folder)))

    def in_file(self, states: States) -> dict[str, Tensor]:
        """The entry of these states, made if need be.

        Raises:
            BadInput: it cannot be written, or another process clears the folder meanwhile.
        """
        kept = cache.load(self.folder, states.key())
        if kept is None:
            with cache.Writer(self.folder, states.key()) as entry:
                for parts in states.compute():
                    for name, part in parts.items():
                        entry.append(name, part)
                entry.finish(states.about())
            kept = cache.load(self.folder, states.key())
        if kept is None:
            raise BadInput(cache.was_cleared(self.folder / states.key()))
        return kept


def in_memory(states: States, device: str) -> dict[str, Tensor]:
    """part -> (tokens, n) on a device."""
    shape = states.tokens, states.backbone.n
    kept = {name: torch.empty(shape, dtype=states.dtype, device=device) for name in states.names}
    done = 0
    for parts in states.compute():
        for name, part in parts.items():
            kept[name][done : done + len(part)] = part
        done += len(part)
    return kept
