"""ID-SPAM: the prompt is made from the text's token embeddings (eq. 1, 2) and joins at block m."""

from ..generator import PromptGenerator
from .base import LatePrompt


class IDSPAM(LatePrompt):
    """The paper's method. Options: `layer` (m, default L // 2: "middle layers", section 3.5) and PromptGenerator's."""

    def __init__(
        self, backbone, layer: int | None = None, t: int = 10, c: int = 34, bias: str = "up", dropout: float = 0.1
    ):
        super().__init__(backbone, backbone.L // 2 if layer is None else layer)
        self.generator = PromptGenerator(backbone.n, t, c, bias, dropout)

    def prompt(self, E, hidden, mask):
        return self.generator(E.to(self.generator.W_Q.weight.dtype), mask)
