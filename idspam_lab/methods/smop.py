"""SMoP, a sparse mixture of prompts (Choi et al. 2023): k short prompts, and a router that picks one for each text."""

from typing import ClassVar

import torch
from torch import nn

from ..readout import mean
from .base import LatePrompt, check_at_least_one, word_states


class SMoP(LatePrompt):
    """Options: `layer` (default 0), `t` (of each prompt), `k` (prompts).

    The released code multiplies the batch's probabilities (B, 1, 1, 1) with its prompts (B, t, n), which gives every
    text the sum over the whole batch's prompts. Here each text gets its own.
    """

    preset: ClassVar[dict] = {"lr": 1e-2}
    lr_factors: ClassVar[dict] = {"prompts": 10.0}

    def __init__(self, backbone, layer: int = 0, t: int = 5, k: int = 4):
        super().__init__(backbone, layer)
        check_at_least_one(t=t, k=k)
        self.prompts = nn.Parameter(word_states(backbone, k * t, layer).view(k, t, backbone.n))
        self.router = nn.Linear(backbone.n, k, bias=False)
        if not self.router.weight.is_meta:
            nn.init.orthogonal_(self.router.weight)

    def prompt(self, source, hidden, mask):
        x = mean(source.to(self.router.weight.dtype), mask)  # (B, n)
        if self.training:
            x = x * (1 + torch.randn_like(x))  # noise, so that every prompt is tried
        share, best = self.router(x).softmax(-1).max(-1)  # (B,) each
        return share[:, None, None] * self.prompts[best], None  # (B, t, n); the router learns through its share
