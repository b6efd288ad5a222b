"""LPT, late prompt tuning (Liu et al. 2022a): a prompt at block m, made from the text's state below that block."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from ..errors import BadInput
from ..readout import READOUTS
from .base import LatePrompt, check_at_least_one


class LPT(LatePrompt):
    """Options: `layer` (m, default L // 2), `t`, `p` (width), `dropout`, and how the prompt is made, `generator`:

    "npg":  one state (first token; of a decoder the last) -> Linear(n, p) -> ReLU -> Linear(p, t n)
    "appg": Linear(n, p) on every token -> mean of t equal stretches of the text -> ReLU -> Linear(p, n)
    "mppg": the same with the maximum

    Without biases and with p = 256, NPG has 256 * 11 * n parameters: the paper's Table 12. A prompt without a
    generator is PromptTuning at block m.

    Raises:
        BadInput: no such generator, or t or p below 1.
    """

    preset: ClassVar[dict] = {"lr": 3e-3}

    def __init__(
        self,
        backbone,
        layer: int | None = None,
        t: int = 10,
        p: int = 256,
        generator: str = "npg",
        dropout: float = 0.1,
    ):
        super().__init__(backbone, backbone.L // 2 if layer is None else layer)
        check_at_least_one(t=t, p=p)
        if generator not in ("npg", "appg", "mppg"):
            raise BadInput(f'generator is {generator!r}, but LPT has "npg", "appg" and "mppg".')
        self.t, self.n, self.generator = t, backbone.n, generator
        self.read = "last" if backbone.causal else "first"
        self.down = nn.Linear(self.n, p, bias=False)
        self.up = nn.Linear(p, t * self.n if generator == "npg" else self.n, bias=False)
        self.dropout = nn.Dropout(dropout)

    def prompt(self, source, hidden, mask):
        x = hidden.to(self.down.weight.dtype)
        if self.generator == "npg":
            x = self.down(READOUTS[self.read](x, mask))  # (B, p)
        else:
            x = pool(self.down(x), mask, self.t, self.generator == "mppg")  # (B, t, p)
        return self.dropout(self.up(torch.relu(x))).view(len(mask), self.t, self.n), None


def pool(x: Tensor, mask: Tensor, t: int, maximum: bool) -> Tensor:
    """Mean or maximum of t stretches of each text's own tokens, as even as its length allows. (B, N, p) -> (B, t, p)

    The same as torch's adaptive pooling on each text alone, padded on the right; the stretches of a text shorter
    than t overlap.
    """
    length = mask.sum(1)[:, None]  # (B, 1)
    number, place = torch.arange(t, device=x.device), torch.arange(x.shape[1], device=x.device)
    start, stop = number * length // t, -(-(number + 1) * length // t)  # (B, t)
    inside = (start[:, :, None] <= place) & (place < stop[:, :, None])  # (B, t, N)
    if maximum:
        return x[:, None].masked_fill(~inside[..., None], float("-inf")).amax(2)
    share = inside / (stop - start)[:, :, None]  # (B, t, N)
    return share.to(x.dtype) @ x
