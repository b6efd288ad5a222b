"""Eq. (1) with several heads: not in the paper, which has one."""

import math

import torch
from torch import Tensor

from .errors import BadInput
from .generator import PromptGenerator, Trace


class ManyHeads(PromptGenerator):
    """H heads of width d_k = n / H share the three matrices' columns; their results stand side by side in A.

    The trace holds the mean over the heads: alpha (B, N, N) and w (B, N), which still sums to 1.

    Raises:
        BadInput: `heads` is below 1 or does not divide n.
    """

    def __init__(self, heads: int, n: int, **shape):
        super().__init__(n, **shape)
        if heads < 1 or n % heads:
            possible = ", ".join(str(number) for number in range(1, min(n, 64) + 1) if n % number == 0)
            raise BadInput(f"heads is {heads}, which does not divide the hidden size {n}: take one of {possible}.")
        self.heads = heads

    def attend_by_head(self, E: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """E (B, N, n), mask (B, N) -> alpha (B, H, N, N), w (B, H, N)."""
        B, N, n = E.shape
        Q, K = (W(E).view(B, N, self.heads, -1).transpose(1, 2) for W in (self.W_Q, self.W_K))  # (B, H, N, d_k)
        scores = Q @ K.transpose(2, 3) / math.sqrt(n // self.heads)  # (B, H, N, N)
        scores = scores.masked_fill(~mask[:, None, None, :], float("-inf"))
        alpha = scores.softmax(dim=-1) * mask[:, None, :, None]  # (B, H, N, N)
        return alpha, alpha.sum(dim=2) / mask.sum(dim=1)[:, None, None]

    def attend(self, E: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The mean over the heads: alpha (B, N, N), w (B, N)."""
        alpha, w = self.attend_by_head(E, mask)
        return alpha.mean(dim=1), w.mean(dim=1)

    def forward(self, E: Tensor, mask: Tensor) -> tuple[Tensor, Trace]:
        """As PromptGenerator: the mean and the value product change places in each head."""
        mask = mask.bool()
        alpha, w = self.attend_by_head(E, mask)
        pooled = w.to(E.dtype) @ E  # (B, H, n)
        W_V = self.W_V.weight.view(self.heads, -1, self.n)  # (H, d_k, n)
        A = torch.einsum("bhn,hdn->bhd", pooled, W_V).flatten(1)  # (B, n)
        return self.expand(A), Trace(alpha.mean(dim=1), w.mean(dim=1), A)
