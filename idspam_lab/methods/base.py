"""What a method is: the part that trains beside the head, and how a text passes the frozen model with it."""

from numbers import Integral
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from ..backbones import Backbone, check_layer
from ..errors import BadInput
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
    lr_factors: ClassVar[dict[str, float]] = {}  # first part of a parameter's name -> times the learning rate

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

    def prompt(self, source: Tensor, hidden: Tensor, mask: Tensor) -> tuple[Tensor, Trace | None]:
        """What the trunk gave, both (B, N, n) -> prompt (B, t, n), trace."""
        raise NotImplementedError

    @torch.no_grad()
    def trunk(self, backbone: Backbone, ids: Tensor, mask: Tensor, types: Tensor | None) -> tuple[Tensor, Tensor]:
        """All that does not depend on what trains: E, or what else the prompt is made from, and the input of block m.

        Both (B, N, n), functions of the text alone.
        """
        return backbone.trunk(ids, mask, types, self.layer)

    def encode(self, backbone, ids, mask, types):
        source, hidden = self.trunk(backbone, ids, mask, types)  # (B, N, n) each
        return self.encode_from(backbone, source, hidden, mask)

    def encode_from(self, backbone: Backbone, source: Tensor, hidden: Tensor, mask: Tensor) -> Encoded:
        """The part above the trunk: all that depends on what is trained."""
        S, trace = self.prompt(source, hidden, mask)  # (B, t, n)
        return Encoded(run_with_prompt(backbone, S, hidden, mask, self.layer), mask, trace)


def run_with_prompt(
    backbone: Backbone,
    S: Tensor,
    hidden: Tensor,
    mask: Tensor,
    layer: int,
    later: dict[int, Tensor] | None = None,
) -> Tensor:
    """The prompt S (B, t, n) in front of the text at the input of block `layer`, up to the last norm.

    Args:
        hidden, mask: the text at that block, (B, N, n) and (B, N).
        later: block -> prompt (B, t, n) that takes the first one's place at the input of that block.

    Returns:
        The text's own positions (B, N, n).
    """
    t, later = S.shape[1], later or {}

    def before(i: int, both: Tensor) -> Tensor:
        return torch.cat([later[i].to(both.dtype), both[:, t:]], dim=1) if i in later else both

    both = torch.cat([S.to(hidden.dtype), hidden], dim=1)  # (B, t+N, n)
    prompted = torch.cat([mask.new_ones(S.shape[:2]), mask], dim=1)  # (B, t+N)
    return backbone.finish(backbone.run(both, prompted, start=layer, before=before))[:, t:]


def word_states(backbone: Backbone, t: int, layer: int = 0) -> Tensor:
    """First values for t free prompt vectors: texts of one random word each, at the input of block `layer`. (t, n)

    Real words have the length that the block is used to; N(0, 1) has not, and trains badly (Lester et al. 2021).
    """
    if next(backbone.parameters()).is_meta:  # only counted
        return torch.empty(t, backbone.n)
    ids = torch.randint(backbone.config.vocab_size, (t, 1)).to(next(backbone.parameters()).device)
    return backbone.trunk(ids, torch.ones_like(ids), None, layer)[1][:, 0].float()


def check_true_or_false(**switches: bool) -> None:
    """Every switch is True or False: any word would count as True.

    Raises:
        BadInput: one is not; names it.
    """
    for name, value in switches.items():
        if not isinstance(value, bool):
            raise BadInput(f"{name} is {value!r}, but it is true or false.")


def check_at_least_one(**numbers: int) -> None:
    """Every number is 1 or more.

    Raises:
        BadInput: one is not; names it.
    """
    for name, value in numbers.items():
        if not isinstance(value, Integral) or value < 1:
            raise BadInput(f"{name} is {value!r}, but it is a whole number of at least 1.")
