"""The paper's ablation (Table 3): ID-SPAM without attention, every token counts the same."""

from torch import Tensor

from ..generator import PromptGenerator
from .idspam import IDSPAM


class UniformGenerator(PromptGenerator):
    """Eq. (1) with w = 1/N. W_Q and W_K have nothing to do and are left out."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        del self.W_Q, self.W_K

    def attend(self, E: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """alpha (B, N, N) and w (B, N), both uniform over the real tokens."""
        w = mask / mask.sum(dim=1, keepdim=True)  # (B, N)
        return w[:, None, :] * mask[:, :, None], w


class MeanPooling(IDSPAM):
    """Options: `layer`, `t`, `c`, `bias` and `dropout`, as for ID-SPAM."""

    def __init__(self, backbone, layer=None, t: int = 10, c: int = 34, bias: str = "up", dropout: float = 0.1):
        super().__init__(backbone, layer, t, c, bias, dropout)

    def make_generator(self, heads: int = 1, **shape) -> PromptGenerator:
        return UniformGenerator(**shape)
