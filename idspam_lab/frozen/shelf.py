"""The kept hidden states of some texts: what a LatePrompt's trunk gave for them, looked up instead of computed."""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ..backbones import Backbone
from ..methods import LatePrompt
from ..training.batches import Row

PARTS = ("source", "hidden")  # what a trunk gives, in this order


class Shelf:
    """Answers `trunk(method, backbone, ids, mask, types)` as the method would, from what is kept where it is.

    Args:
        rows: the texts that are kept.
        kept: part -> the states of all these texts, one after the other, (tokens, n); in memory, on a GPU or mapped.
        origin: where each part comes from, see states.States.
        dtype: of the states when they were computed.
    """

    def __init__(self, rows: Sequence[Row], kept: dict[str, Tensor], origin: dict[str, str], dtype: torch.dtype):
        self.kept, self.origin, self.dtype = kept, origin, dtype
        self.places = {name_of(row["input_ids"], row.get("token_type_ids")): i for i, row in enumerate(rows)}
        lengths = torch.tensor([len(row["input_ids"]) for row in rows])
        self.starts = lengths.cumsum(0) - lengths  # (texts,)

    def for_origin(self, origin: dict[str, str]) -> "Shelf":
        """The same kept states, for a method whose other parts come from elsewhere."""
        found = copy.copy(self)
        found.origin = origin
        return found

    def trunk(
        self,
        method: LatePrompt,
        backbone: Backbone,
        ids: Tensor,
        mask: Tensor,
        types: Tensor | None,
        places: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """source and hidden, (B, N, n) each; what stands at padding has no meaning.

        places: what `look_up` says, where it has been asked before.
        """
        places = self.look_up(ids, mask, types) if places is None else places  # (B,)
        new = places < 0
        if new.all():
            return method.trunk(backbone, ids, mask, types)
        source, hidden = (self.part(name, places, backbone, ids, mask, types) for name in PARTS)
        if new.any():
            new = new.to(ids.device)
            rest = ids[new], mask[new], None if types is None else types[new]
            source[new], hidden[new] = method.trunk(backbone, *rest)
        return source, hidden

    def look_up(self, ids: Tensor, mask: Tensor, types: Tensor | None) -> Tensor:
        """Which of the kept texts each one is, -1 for none. (B,), on the CPU"""
        return torch.tensor([self.places.get(name, -1) for name in names_of(ids, mask, types)])

    @torch.no_grad()
    def part(
        self, name: str, places: Tensor, backbone: Backbone, ids: Tensor, mask: Tensor, types: Tensor | None
    ) -> Tensor:
        """One of PARTS, (B, N, n)."""
        if name not in self.kept:
            return cheap(self.origin[name], backbone, ids, mask, types)
        flat = self.kept[name]
        where = self.starts[places.clamp(min=0)][:, None] + torch.arange(ids.shape[1])  # (B, N)
        where = where.clamp(max=len(flat) - 1).to(flat.device)
        return nn.functional.embedding(where, flat).to(ids.device, self.dtype)


def names_of(ids: Tensor, mask: Tensor, types: Tensor | None) -> list[bytes]:
    """What tells each text (B, N) of a batch, padded on the right, apart from others."""
    ids, types = ids.cpu().numpy(), None if types is None else types.cpu().numpy()
    lengths = enumerate(mask.sum(1).tolist())
    return [name_of(ids[i, :length], None if types is None else types[i, :length]) for i, length in lengths]


def name_of(ids, types) -> bytes:
    """What tells two texts apart for the frozen model."""
    name = np.asarray(ids, np.int32).tobytes()
    return name if types is None else name + np.packbits(np.asarray(types, bool)).tobytes()


def cheap(origin: str, backbone: Backbone, ids: Tensor, mask: Tensor, types: Tensor | None) -> Tensor:
    """What is looked up in the model's tables faster than it would be kept. (B, N, n)"""
    return backbone.embed_tokens(ids) if origin == "tokens" else backbone.embed(ids, mask, types)
