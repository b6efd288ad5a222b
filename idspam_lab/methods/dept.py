"""DePT, decomposed prompt tuning (Shi and Lipani 2024): a short prompt, and a change of each position's embedding."""

import math
from typing import ClassVar

import torch
from torch import nn

from .base import Encoded, Method, check_at_least_one, run_with_prompt, word_states


class DePT(Method):
    """E_i + (8 / sqrt(r)) (A B)_i for the token at position i, then a prompt of t free vectors at the input.

    The change depends on the position alone, not on the text. Options: `t`, `r` (rank), `positions` (how many
    positions are changed; the rest of a longer text stays as it is). The two parts have learning rates of their own.
    """

    preset: ClassVar[dict] = {"lr": 1e-2}
    # Shi and Lipani train the prompt at about 0.3 and the change at 5e-4 to 5e-3: hundreds of times apart.
    lr_factors: ClassVar[dict] = {"P": 10.0, "A": 0.03, "B": 0.03}

    def __init__(self, backbone, t: int = 10, r: int = 45, positions: int = 256):
        super().__init__()
        check_at_least_one(t=t, r=r, positions=positions)
        self.P = nn.Parameter(word_states(backbone, t))  # (t, n)
        self.A = nn.Parameter(torch.empty(positions, r))
        self.B = nn.Parameter(torch.zeros(r, backbone.table_width))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.scale = 8 / math.sqrt(r)

    def encode(self, backbone, ids, mask, types):
        rows = backbone.table_rows(ids)  # (B, N, width)
        change = self.scale * self.A[: ids.shape[1]] @ self.B  # (N, width), or fewer positions
        change = nn.functional.pad(change, (0, 0, 0, ids.shape[1] - len(change)))
        hidden = backbone.embed(ids, mask, types, rows=rows + change.to(rows.dtype))  # (B, N, n)
        S = self.P.expand(len(ids), -1, -1)  # (B, t, n)
        return Encoded(run_with_prompt(backbone, S, hidden, mask, 0), mask, None)
