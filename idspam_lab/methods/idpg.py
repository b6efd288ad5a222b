"""IDPG, instance-dependent prompt generation (Wu et al. 2022): the prompt is made from what the frozen model reads."""

from typing import ClassVar

import torch
from torch import nn

from ..readout import READOUTS
from .base import Encoded, LatePrompt, check_at_least_one, check_true_or_false, run_with_prompt


class IDPG(LatePrompt):
    """A full frozen pass gives one vector a text; Linear(n, c) -> ReLU -> Linear(c, t n) plus a free bias the prompt.

    Options: `t`, `c`, and `every_layer` (M-IDPG): a prompt at the input of every block that takes the earlier one's
    place, all made by the same two layers, with a bias of each block's own.

    The released code puts the prompt behind the first token. In front of it is the same to blocks that know positions
    from the embeddings alone, and lets a decoder's first token see it.
    """

    preset: ClassVar[dict] = {"lr": 1e-2}

    def __init__(self, backbone, t: int = 5, c: int = 16, every_layer: bool = False):
        super().__init__(backbone, 0)
        check_at_least_one(t=t, c=c)
        check_true_or_false(every_layer=every_layer)
        self.t, self.read = t, "last" if backbone.causal else "first"
        self.down = nn.Linear(backbone.n, c)
        self.up = nn.Linear(c, t * backbone.n, bias=False)
        self.bias = nn.Parameter(torch.zeros(backbone.L if every_layer else 1, t, backbone.n))
        for parameter in (self.down.weight, self.up.weight, self.bias):
            nn.init.normal_(parameter, std=0.05)
        nn.init.zeros_(self.down.bias)

    @torch.no_grad()
    def trunk(self, backbone, ids, mask, types):
        """The last hidden states of the frozen model on the text alone, and the input of block 0."""
        hidden = backbone.embed(ids, mask, types)  # (B, N, n)
        return backbone.finish(backbone.run(hidden, mask)), hidden

    def encode_from(self, backbone, source, hidden, mask):
        read = READOUTS[self.read](source, mask).to(self.up.weight.dtype)  # (B, n)
        made = self.up(torch.relu(self.down(read))).view(len(read), self.t, -1)  # (B, t, n)
        S, *later = [made + bias for bias in self.bias]
        hidden = run_with_prompt(backbone, S, hidden, mask, 0, dict(enumerate(later, start=1)))
        return Encoded(hidden, mask, None)
