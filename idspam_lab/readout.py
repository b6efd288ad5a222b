"""From the last hidden states to one vector a text: which token the head reads.

The prompt is cut off before, so "first" is the text's own first token (at index t of the prompted sequence), never a
prompt token. The paper does not say which token it reads.
"""

import torch
from torch import Tensor

from .errors import BadInput


def first(hidden: Tensor, mask: Tensor) -> Tensor:
    """The first real token: [CLS] or <s> of an encoder. (B, N, n), (B, N) -> (B, n)"""
    return hidden[torch.arange(len(hidden), device=hidden.device), mask.long().argmax(dim=1)]


def last(hidden: Tensor, mask: Tensor) -> Tensor:
    """The last real token: the only one of a decoder that has seen the whole text. (B, N, n), (B, N) -> (B, n)"""
    place = mask.shape[1] - 1 - mask.long().flip(1).argmax(dim=1)
    return hidden[torch.arange(len(hidden), device=hidden.device), place]


def mean(hidden: Tensor, mask: Tensor) -> Tensor:
    """The mean of the real tokens: how sentence encoders such as MiniLM were trained. (B, N, n), (B, N) -> (B, n)"""
    weight = mask.to(hidden.dtype)[:, :, None]
    return (hidden * weight).sum(dim=1) / weight.sum(dim=1)


READOUTS = {"first": first, "mean": mean, "last": last}


def check_readout(name: str) -> str:
    """The name, if there is such a readout.

    Raises:
        BadInput: there is none; names those there are.
    """
    if name not in READOUTS:
        raise BadInput(f"read is {name!r}, but a head reads one of {', '.join(READOUTS)}.")
    return name
