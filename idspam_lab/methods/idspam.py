"""ID-SPAM: the prompt is made from the text's token embeddings (eq. 1, 2) and joins at block m."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import nn

from ..backbones import check_layer
from ..errors import BadInput
from ..generator import PromptGenerator
from ..generator_heads import ManyHeads
from .base import Encoded, LatePrompt, run_with_prompt
from .lora import with_lora


class IDSPAM(LatePrompt):
    """The paper's method, with the defaults; every option beyond `layer`, `t`, `c` and `bias` leaves the paper.

    Args:
        layer: m, default L // 2 ("middle layers", section 3.5). Several, as in [1, 3]: a generator for each, whose
            prompt takes the place of the one below.
        t, c, bias: see PromptGenerator.
        dropout: on the bottleneck.
        heads: of the attention in eq. (1).
        outer_relu: False leaves out the outer ReLU of eq. (2), so that a prompt can have entries below 0.
        positions: the generator reads the input of block 0, which knows where a token stands, instead of E.
        lora: rank of LoRA in the blocks that the prompt passes; 0 for none.

    Raises:
        BadInput: a layer out of range or said twice, heads that do not divide n, positions for a model that has none
            in its embeddings.
    """

    # Measured on the embedded texts with MiniLM-L6: 1e-3, the largest rate that the paper searches, learns too slowly
    # from token embeddings whose entries are about 0.05.
    preset: ClassVar[dict] = {"lr": 3e-3}

    def __init__(
        self,
        backbone,
        layer: int | Sequence[int] | None = None,
        t: int = 10,
        c: int = 34,
        bias: str = "up",
        dropout: float = 0.1,
        heads: int = 1,
        outer_relu: bool = True,
        positions: bool = False,
        lora: int = 0,
    ):
        first, *later = blocks_of(backbone, layer)
        super().__init__(backbone, first)
        if positions and not backbone.absolute_positions:
            raise BadInput(
                f"{backbone.name or 'This model'} has no positions in its embeddings, so a generator cannot read them: "
                "leave `positions` out."
            )
        self.positions = positions
        shape = {"n": backbone.n, "t": t, "c": c, "bias": bias, "dropout": dropout, "outer_relu": outer_relu}
        self.generator = self.make_generator(**shape, heads=heads)
        self.later = nn.ModuleDict({str(m): self.make_generator(**shape, heads=heads) for m in later})
        self.adapted = with_lora(backbone, lora, start=self.layer) if lora else None

    def make_generator(self, heads: int = 1, **shape) -> PromptGenerator:
        """Eq. (1) and (2), or its variant with several heads."""
        return ManyHeads(heads, **shape) if heads != 1 else PromptGenerator(**shape)

    @torch.no_grad()
    def trunk(self, backbone, ids, mask, types):
        E, hidden = super().trunk(backbone, ids, mask, types)
        return (backbone.embed(ids, mask, types) if self.positions else E), hidden

    def prompt(self, source, hidden, mask):
        return self.generator(source.to(self.generator.W_V.weight.dtype), mask)

    def encode_from(self, backbone, source, hidden, mask):
        S, trace = self.prompt(source, hidden, mask)  # (B, t, n)
        later = {int(m): make(source.to(S.dtype), mask)[0] for m, make in self.later.items()}
        hidden = run_with_prompt(self.adapted or backbone, S, hidden, mask, self.layer, later)
        return Encoded(hidden, mask, trace)


def blocks_of(backbone, layer: int | Sequence[int] | None) -> list[int]:
    """The blocks that get a prompt, from below.

    Raises:
        BadInput: one is out of range or said twice, or there is none.
    """
    layers = [backbone.L // 2] if layer is None else [layer] if isinstance(layer, int) else sorted(layer)
    if not layers or len(set(layers)) < len(layers):
        raise BadInput(f"layer is {layer}, but it is one block, or several different ones.")
    return [check_layer(m, backbone) for m in layers]
