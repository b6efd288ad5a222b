"""ID-SPAM: the prompt is made from the text's token embeddings (eq. 1, 2) and joins at block m."""

from collections.abc import Sequence
from numbers import Integral
from typing import ClassVar

import torch
from torch import nn

from ..backbones import check_layer
from ..errors import BadInput
from ..generator import PromptGenerator
from ..generator_heads import ManyHeads
from .base import Encoded, LatePrompt, check_at_least_one, check_true_or_false, run_with_prompt
from .lora import with_lora

WORDS = 10  # the tokens of a real text are alike: their mean is about as large as that of ten random words


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
        init: "torch", its own for linear layers, or "states": drawn so that a prompt begins with entries about as large
            as the text's own at block m, and A with entries of about 1 (see `to_the_size_of_states`).

    Raises:
        BadInput: a layer out of range or said twice; t, c, heads or lora no whole number or too small; heads that do
            not divide n; positions for a model that has none in its embeddings.
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
        init: str = "torch",
    ):
        first, *later = blocks_of(backbone, layer)
        super().__init__(backbone, first)
        check_at_least_one(t=t, c=c, heads=heads)
        check_true_or_false(outer_relu=outer_relu, positions=positions)
        if positions and not backbone.absolute_positions:
            raise BadInput(
                f"{backbone.name or 'This model'} has no positions in its embeddings, so a generator cannot read them: "
                "leave `positions` out."
            )
        if not isinstance(lora, Integral) or lora < 0:
            raise BadInput(f"lora is {lora!r}, but it is LoRA's rank: 0 for none, or a whole number above.")
        self.positions = positions
        shape = {"n": backbone.n, "t": t, "c": c, "bias": bias, "dropout": dropout, "outer_relu": outer_relu}
        self.generator = self.make_generator(**shape, heads=heads)
        self.later = nn.ModuleDict({str(m): self.make_generator(**shape, heads=heads) for m in later})
        if init not in ("torch", "states"):
            raise BadInput(f'init is {init!r}, but it is "torch" or "states".')
        if init == "states":
            for m, generator in zip((first, *later), (self.generator, *self.later.values()), strict=True):
                to_the_size_of_states(generator, backbone, m)
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


@torch.no_grad()
def to_the_size_of_states(generator: PromptGenerator, backbone, m: int) -> None:
    """Draws W_V, W_down and W_up anew, by the root mean square of E's mean and of the states at block m, over texts of
    WORDS random words.

    Every other method's free vectors begin as states of real words (`word_states`); torch's own initial values make a
    prompt that is about a tenth as large at MiniLM's middle block, and nearly the same for every text.
    """
    if next(backbone.parameters()).is_meta:  # only counted
        return
    ids = torch.randint(backbone.config.vocab_size, (64, WORDS)).to(next(backbone.parameters()).device)
    E, hidden = backbone.trunk(ids, torch.ones_like(ids), None, m)  # (64, WORDS, n) each
    # at first the attention is about even, so A = W_V times the mean of E, and a mean of many words is shorter than one
    mean, states = (part.float().square().mean().sqrt().item() for part in (E.mean(1), hidden))
    nn.init.normal_(generator.W_V.weight, std=1 / (mean * generator.n**0.5))
    nn.init.normal_(generator.W_down.weight, std=(2 / generator.n) ** 0.5)  # He et al. 2015: a ReLU halves the square
    nn.init.normal_(generator.W_up.weight, std=states * (2 / generator.c) ** 0.5)
    nn.init.zeros_(generator.W_up.bias)


def only_prompts(method) -> bool:
    """Does a text pass the model with it as with LatePrompt or IDSPAM, whatever the prompt is and is made from?

    Not so if a subclass writes `encode` or `encode_from` anew: then nobody else knows what it does there.
    """
    kind = type(method)
    plain = isinstance(method, LatePrompt) and kind.encode is LatePrompt.encode
    return plain and kind.encode_from in (LatePrompt.encode_from, IDSPAM.encode_from)


def blocks_of(backbone, layer: int | Sequence[int] | None) -> list[int]:
    """The blocks that get a prompt, from below.

    Raises:
        BadInput: one is out of range or said twice, or there is none.
    """
    named = [backbone.L // 2] if layer is None else layer if isinstance(layer, list | tuple | range) else [layer]
    layers = sorted(check_layer(m, backbone) for m in named)
    if not layers or len(set(layers)) < len(layers):
        raise BadInput(f"layer is {layer}, but it is one block, or several different ones.")
    return layers
