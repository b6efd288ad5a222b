"""Attention inside the frozen blocks above m: how much of it goes to the prompt.

The weights are read by forward hooks on the attention modules while the blocks run as always. Fused attention (SDPA,
flash) never makes them, so for that one run the model is switched to its plain attention and then back; a model that
has no plain attention is refused.
"""

from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..backbones import Backbone, pieces_of
from ..errors import BadInput
from ..training.batches import Row
from ..training.predict import evaluating
from .paths import prompts_of
from .routes import behind, check_routes


class BlockAttention(NamedTuple):
    """One text in the blocks above its prompt."""

    tokens: list[str]  # t + N: the prompt's positions are called "prompt 1" to "prompt t"
    t: int
    blocks: list[int]  # m to L-1
    weights: np.ndarray  # (L-m, heads, t+N, t+N); rows sum to 1


def block_attention(clf, text, *, max_length: int | None = None) -> BlockAttention:
    """The attention of every block that the prompt passes, for one text (or pair of texts).

    Raises:
        BadInput: the method's prompt does not join at one block, or the model gives no attention weights.
    """
    (row,) = clf.rows([text], max_length)
    return of_row(clf, row)


def of_row(clf, row: Row) -> BlockAttention:
    """The same for a tokenised text."""
    check_routes(clf)
    backbone = getattr(clf.method, "adapted", None) or clf.backbone  # the blocks that the prompt passes
    with evaluating(clf), plain_attention(backbone), recorded(backbone) as seen:
        S, later, _ = prompts_of(clf, [row])
        behind(clf, S, later, [row])
    m, t = clf.method.layer, S.shape[1]
    seen = {block: weights for block, weights in seen.items() if block >= m}
    if len(seen) != backbone.L - m:
        raise BadInput(
            f"{backbone.name or 'This model'} ({backbone.config.model_type}) gives no attention weights: "
            'load it with attention="eager".'
        )
    names = [f"prompt {i + 1}" for i in range(t)] + pieces_of(backbone.tokenizer, row["input_ids"])
    weights = torch.stack([seen[block] for block in sorted(seen)])
    return BlockAttention(names, t, sorted(seen), weights.float().cpu().numpy())


@contextmanager
def recorded(backbone: Backbone):
    """Block number -> its attention weights (heads, T, T) of the last text that passed.

    An attention module is known by what it returns: a tuple with (B, heads, T, T) in it. MPNet's returns none, but its
    weights pass a dropout, which does nothing here.
    """
    seen: dict[int, Tensor] = {}

    def keep(block: int, module: nn.Module, out) -> None:
        for part in out if isinstance(out, tuple) else (out,) if isinstance(module, nn.Dropout) else ():
            if isinstance(part, Tensor) and part.dim() == 4 and part.shape[2] == part.shape[3]:
                seen[block] = part[0]

    handles = [
        module.register_forward_hook(lambda module, _, out, block=block: keep(block, module, out))
        for block, layer in enumerate(backbone.blocks())
        for module in layer.modules()
    ]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def plain_attention(backbone: Backbone):
    """The model's eager attention, and afterwards the one that it had."""
    before = backbone.config._attn_implementation
    if before == "eager":
        yield
        return
    backbone.model.set_attn_implementation("eager")
    try:
        yield
    finally:
        backbone.model.set_attn_implementation(before)
