"""What a method is: the part that trains beside the head, and how a text passes the frozen model with it."""

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from ..backbones import Backbone, check_layer
from ..generator import Trace


class Encoded(NamedTuple):
    """A text after the last block, prompt positions cut off."""

    hidden: Tensor  # (B, N, n)
    mask: Tensor  # (B, N)
    trace: Trace | None  # how the prompt came about, where one was made from tokens


class Method(nn.Module):
    """Base of all methods. A method never owns the backbone: it is lent to `encode`.

    A subclass says in `__init__(self, backbone, **options)` what it trains, in `encode` what it does, and in `preset`
    which settings suit it.
    """

    preset: ClassVar[dict] = {}  # training settings that differ from the paper's defaults

    def encode(self, backbone: Backbone, ids: Tensor, mask: Tensor, types: Tensor | None) -> Encoded:
        """ids, mask, types (B, N), padded on the right."""
        raise NotImplementedError


class LatePrompt(Method):
    """Methods that put t vectors in front of the text at the input of one block m (m = 0: the model's input).

    A subclass says only what the vectors are. Nothing below block m is traced by autograd.
    """

    def __init__(self, backbone: Backbone, layer: int):
        super().__init__()
        self.layer = check_layer(layer, backbone)

    def prompt(self, E: Tensor, hidden: Tensor, mask: Tensor) -> tuple[Tensor, Trace | None]:
        """Token embeddings E and the input of block m, both (B, N, n) -> prompt (B, t, n), trace."""
        raise NotImplementedError

    def encode(self, backbone, ids, mask, types):
        E, hidden = backbone.trunk(ids, mask, types, self.layer)  # (B, N, n) each
        return self.encode_from(backbone, E, hidden, mask)

    def encode_from(self, backbone: Backbone, E: Tensor, hidden: Tensor, mask: Tensor) -> Encoded:
        """The part above the trunk: all that depends on what is trained."""
        S, trace = self.prompt(E, hidden, mask)  # (B, t, n)
        hidden = torch.cat([S.to(hidden.dtype), hidden], dim=1)  # (B, t+N, n)
        prompted = torch.cat([mask.new_ones(S.shape[:2]), mask], dim=1)  # (B, t+N)
        hidden = backbone.finish(backbone.run(hidden, prompted, start=self.layer))
        return Encoded(hidden[:, S.shape[1] :], mask, trace)
