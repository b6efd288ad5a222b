"""The blocks above a prompt, without the work whose result nobody reads.

`methods.base.run_with_prompt` says what these blocks do in a few lines, for every family; this says the same for
training and prediction in bulk, and the tests hold one against the other. What is left out:

- in the block where a prompt joins, the text's own queries, keys and values depend on nothing that trains: they are
  not traced by autograd, and made once for all prompts that join the same texts there;
- in the last block, only the positions that are read ask; all others are only asked;
- a weight is rounded to bf16 once, not at every call;
- long texts that are only read, not trained on, pass torch's fused attention, which never holds the whole matrix.

The first two need to know a block's inside, so they are done for BERT, RoBERTa and ELECTRA, whose blocks are built
alike. Other families run their blocks whole.
"""

import weakref
from collections.abc import Callable
from functools import wraps
from itertools import pairwise

import torch
from torch import Tensor, nn

from .base import Backbone
from .families import Bert, Electra, Roberta

ALIKE = (Bert, Roberta, Electra)
ALL, FIRST = slice(None), slice(0, 1)  # positions of the text that are read
Joins = dict[int, tuple[Tensor, Tensor]]  # block -> prompts (R B, t, n) of R runs, the text there (B, N, n)
LONG = 128  # tokens from which torch's fused attention is quicker forward on a CPU; backward it is slower at any length


def made_once(make: Callable[[Backbone], Backbone]) -> Callable[[Backbone], Backbone]:
    """Keeps a backbone's twin until the backbone moves or changes: the twin's buffers and own weights stay behind."""
    twins: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # backbone -> where and of which weights, its twin

    @wraps(make)
    def twin_of(backbone: Backbone) -> Backbone:
        now = next(backbone.parameters()).device, backbone.changes
        then, twin = twins.get(backbone, (None, None))
        if then != now:
            twin = make(backbone)
            twins[backbone] = now, twin
        return twin

    return twin_of


@made_once
def rounded(backbone: Backbone) -> Backbone:
    """A twin whose linear layers hold bf16 weights. Under autocast it says the same as the backbone, bit for bit, and
    no weight is rounded again in every step.
    """
    twin = backbone.twin()
    for layer in twin.blocks().modules():
        if type(layer) is nn.Linear:
            for name, value in list(layer.named_parameters()):
                setattr(layer, name, nn.Parameter(value.detach().bfloat16(), requires_grad=False))
    return twin


@made_once
def fused(backbone: Backbone) -> Backbone:
    """A twin that computes attention with torch's fused kernel."""
    twin = backbone.twin()
    twin.config._attn_implementation = "sdpa"
    return twin


def frozen_for(backbone: Backbone, device: torch.device, tokens: int) -> Backbone:
    """The backbone, or the twin that is quicker for texts of so many tokens: inside autocast, where weights would be
    rounded in every step, one with rounded ones; for long texts without a gradient, one with fused attention.
    """
    if backbone.checkpointing:
        return backbone
    chosen = rounded(backbone) if torch.is_autocast_enabled(device.type) else backbone
    plain = backbone.config._attn_implementation == "eager" and getattr(backbone.model, "_supports_sdpa", False)
    return fused(chosen) if plain and tokens >= LONG and not torch.is_grad_enabled() else chosen


def run_upper(backbone: Backbone, joins: Joins, mask: Tensor, read: slice = ALL) -> Tensor:
    """Prompts join at their blocks, and all pass the blocks above together.

    Args:
        joins: which prompts join where; all have the same number t of vectors. Prompts of several runs at one block
            stand one run after the other along the batch.
        mask: of the text, (B, N), padded on the right.
        read: the positions of the text that are read: ALL or FIRST.

    Returns:
        The text after the last block, (R B, N, n) or (R B, 1, n): the runs of the lowest block first.
    """
    t = next(iter(joins.values()))[0].shape[1]
    prompted = torch.cat([mask.new_ones(len(mask), t), mask], dim=1)  # (B, t+N)
    if can_be_trimmed(backbone):
        return run_trimmed(backbone, joins, prompted, slice(t, t + 1) if read == FIRST else slice(t, None))
    return run_whole(backbone, joins, prompted)[:, t:][:, read]


def can_be_trimmed(backbone: Backbone) -> bool:
    """Is it known here what is inside its blocks, and how its attention is computed?"""
    known = type(backbone) in ALIKE and backbone.config._attn_implementation in ("eager", "sdpa")
    return known and not backbone.checkpointing


def run_whole(backbone: Backbone, joins: Joins, prompted: Tensor) -> Tensor:
    """All positions of all blocks, for any family. (R B, t+N, n)"""
    stack: list[Tensor] = []
    for start, stop in pairwise([*sorted(joins), backbone.L]):
        S, text = joins[start]
        stack.append(torch.cat([S.to(text.dtype), repeat(text, S)], dim=1))  # (R B, T, n)
        both = torch.cat(stack)
        stack = [backbone.run(both, repeat(prompted, both), start, stop)]
    return backbone.finish(stack[0])


def run_trimmed(backbone: Backbone, joins: Joins, prompted: Tensor, read: slice) -> Tensor:
    """As run_whole, but with what nobody reads left out: the positions `read` alone come back."""
    x, keys = None, None
    for i in range(min(joins), backbone.L):
        block, asks = backbone.blocks()[i], read if i == backbone.L - 1 else ALL
        parts = [] if x is None else [(x[:, asks], *project(block, x, asks))]
        if i in joins:
            parts.append(join(block, *joins[i], asks))
        x, q, k, v = parts[0] if len(parts) == 1 else (torch.cat(part) for part in zip(*parts, strict=True))
        if i in joins:  # the stack has grown
            keys = backbone.block_arguments(k, repeat(prompted, k))[0]["attention_mask"]
        x = feed_forward(block, attend(backbone, block, q, k, v, None if keys is None else keys[:, :, asks]), x)
    return backbone.finish(x)


def repeat(x: Tensor, stacked: Tensor) -> Tensor:
    """The same B rows for each of R runs. (B, ...) -> (R B, ...)"""
    runs = len(stacked) // len(x)
    return x if runs == 1 else x.repeat(runs, *[1] * (x.ndim - 1))


# One block of BERT's kind, in three parts --------------------------------------------------------------------


def project(block: nn.Module, x: Tensor, asks: slice = ALL) -> tuple[Tensor, Tensor, Tensor]:
    """Queries of the positions that ask, keys and values of all. (B, T, n) -> three of (B, ., n)"""
    attention = block.attention.self
    return attention.query(x[:, asks]), attention.key(x), attention.value(x)


def join(block: nn.Module, S: Tensor, text: Tensor, asks: slice) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A prompt (R B, t, n) in front of its text (B, N, n): input, queries, keys and values, (R B, ., n) each."""
    t, S = S.shape[1], S.to(text.dtype)
    x = torch.cat([S, repeat(text, S)], dim=1)[:, asks]
    with torch.no_grad():
        theirs = project(block, text, ALL if asks == ALL else slice(asks.start - t, asks.stop and asks.stop - t))
    theirs = [repeat(part, S) for part in theirs]
    if asks == ALL:
        mine = project(block, S)
    else:  # the last block: no prompt asks
        mine = (S[:, :0].to(theirs[0].dtype), block.attention.self.key(S), block.attention.self.value(S))
    return x, *(torch.cat(pair, dim=1) for pair in zip(mine, theirs, strict=True))


def attend(backbone: Backbone, block: nn.Module, q: Tensor, k: Tensor, v: Tensor, keys: Tensor | None) -> Tensor:
    """What each asking position takes from all, as transformers computes it for this implementation. (B, ., n)"""
    attention = block.attention.self
    q, k, v = (part.view(*part.shape[:2], -1, attention.attention_head_size).transpose(1, 2) for part in (q, k, v))
    if backbone.config._attn_implementation == "eager":
        weights = q @ k.transpose(2, 3) * attention.scaling  # (B, heads, ., T)
        weights = weights if keys is None else weights + keys
        # On a CPU bf16's softmax is the slower one where T is no multiple of 32; with a prompt it hardly ever is.
        out = weights.softmax(-1, dtype=torch.promote_types(weights.dtype, torch.float32)).to(v.dtype) @ v
    else:
        out = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=keys, scale=attention.scaling)
    return out.transpose(1, 2).flatten(2)


def feed_forward(block: nn.Module, context: Tensor, x: Tensor) -> Tensor:
    """The rest of the block, position by position. (B, ., n)"""
    x = block.attention.output(context, x)
    return block.output(block.intermediate(x), x)
