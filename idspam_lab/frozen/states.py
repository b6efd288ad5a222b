"""Which hidden states of which texts: how large they are, what tells them apart from others, how they are computed."""

import copy
import hashlib
import json
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..backbones import Backbone
from ..backbones.upper import frozen_for
from ..methods import LatePrompt
from ..training.batches import Collate, Row
from ..training.device import autocast, device_of
from ..training.predict import token_chunks
from .shelf import PARTS, cheap, name_of


class States:
    """What a method's trunk gives for some texts.

    Args:
        rows: the texts; equal ones count once.
        precision: of the pass that computes them, see Settings.
        half: they are kept in bf16.
    """

    def __init__(
        self, method: LatePrompt, backbone: Backbone, rows: Sequence[Row], precision: str, half: bool, progress: bool
    ):
        self.method, self.backbone, self.precision, self.progress = method, backbone, precision, progress
        different = {name_of(row["input_ids"], row.get("token_type_ids")): row for row in rows}
        self.rows = [different[name] for name in sorted(different, key=lambda name: (len(name), name))]  # short first
        self.origin, self.computed, self.given = self.look()
        self.dtype = torch.bfloat16 if half else self.computed
        self.names = [name for name, where in self.origin.items() if where == "blocks"]  # the parts worth keeping

    @property
    def tokens(self) -> int:
        """Of all texts together."""
        return sum(len(row["input_ids"]) for row in self.rows)

    @property
    def token_bytes(self) -> int:
        """What one token's states need."""
        return len(self.names) * self.backbone.n * self.dtype.itemsize

    @property
    def bytes(self) -> int:
        """What all states need."""
        return self.tokens * self.token_bytes

    def fitting(self, room: float) -> "States":
        """The shortest texts whose states have room in so many bytes together."""
        kept, used = copy.copy(self), 0
        for number, row in enumerate(self.rows):
            used += self.token_bytes * len(row["input_ids"])
            if used > room:
                kept.rows = self.rows[:number]
                break
        return kept

    def about(self) -> dict:
        """What the states depend on, as JSON."""
        identity, config = self.backbone.identity(), self.backbone.config.to_json_string(use_diff=False)
        texts = hashlib.sha256()
        for row in self.rows:
            texts.update(name_of(row["input_ids"], row.get("token_type_ids")) + b"|")
        return {
            "backbone": identity.name,
            "weights_sha256": identity.weights_sha256,
            "config_sha256": hashlib.sha256(config.encode()).hexdigest(),
            "layer": self.method.layer,
            # `hidden` is the input of block `layer` for all methods; a `source` from the blocks is a method's own.
            "made_by": {name: maker(self.method) + [self.given] if name == "source" else [] for name in self.names},
            "computed_in": "bf16" if self.within_autocast() else str(self.computed).removeprefix("torch."),
            "kept_in": str(self.dtype).removeprefix("torch."),
            "texts": len(self.rows),
            "tokens": self.tokens,
            "texts_sha256": texts.hexdigest(),
        }

    def key(self) -> str:
        """The same for the same states, in any process. 32 hex digits."""
        about = {name: value for name, value in self.about().items() if name != "backbone"}
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]

    def within_autocast(self) -> bool:
        """Does the pass that computes them round to bf16?"""
        device = device_of(self.backbone)
        with autocast(self.precision, device):
            return torch.is_autocast_enabled(device.type)

    @torch.no_grad()
    def look(self) -> tuple[dict[str, str], torch.dtype, str]:
        """Where each part comes from, found out on the longest text; its type when it is computed; the source's hash.

        "tokens" is E, "input" the input of block 0; "blocks" is anything else, and alone worth keeping.
        """
        ids, mask, types = on_device(self.rows[-1:], self.backbone)
        with autocast(self.precision, ids.device):
            parts = dict(zip(PARTS, self.method.trunk(self.backbone, ids, mask, types), strict=True))
            tables = {origin: cheap(origin, self.backbone, ids, mask, types) for origin in ("tokens", "input")}
        origin = {
            name: next((origin for origin, table in tables.items() if torch.equal(part, table)), "blocks")
            for name, part in parts.items()
        }
        given = hashlib.sha256(parts["source"].float().cpu().numpy().tobytes()).hexdigest()
        return origin, parts["hidden"].dtype, given

    @torch.no_grad()
    def compute(self) -> Iterator[dict[str, Tensor]]:
        """The parts worth keeping of all texts in order, some texts at a time: part -> (tokens, n)."""
        device = device_of(self.backbone)
        with tqdm(
            total=len(self.rows), desc="hidden states", unit="text", leave=None, disable=not self.progress
        ) as bar:
            for chunk in token_chunks(self.rows):
                ids, mask, types = on_device([self.rows[i] for i in chunk], self.backbone)
                with autocast(self.precision, device):
                    found = self.method.trunk(frozen_for(self.backbone, device, ids.shape[1]), ids, mask, types)
                parts = dict(zip(PARTS, found, strict=True))  # (B, N, n) each
                yield {name: parts[name][mask.bool()].to(self.dtype) for name in self.names}
                bar.update(len(chunk))


def maker(method: LatePrompt) -> list:
    """What a source of the method's own may depend on besides the frozen model and the text: its class, its options."""
    plain = {name: value for name, value in vars(method).items() if isinstance(value, str | int | float)}
    return [type(method).__module__, type(method).__qualname__, plain | {"training": None}]


def on_device(rows: Sequence[Row], backbone: Backbone) -> tuple[Tensor, Tensor, Tensor | None]:
    """ids, mask and types of some texts, where the backbone lies."""
    batch, device = Collate(0)(list(rows)), device_of(backbone)
    names = ("input_ids", "attention_mask", "token_type_ids")
    return tuple(batch[name].to(device) if name in batch else None for name in names)
