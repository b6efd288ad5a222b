"""ID-SPAM: the prompt is made from the text's token embeddings (eq. 1, 2) and joins at block m."""

from typing import ClassVar

from ..generator import PromptGenerator
from .base import LatePrompt


class IDSPAM(LatePrompt):
    """The paper's method. Options: `layer` (m, default L // 2: "middle layers", section 3.5) and PromptGenerator's."""

    # Measured on the embedded texts with MiniLM-L6: 1e-3, the largest rate that the paper searches, learns too slowly
    # from token embeddings whose entries are about 0.05.
    preset: ClassVar[dict] = {"lr": 3e-3}

    def __init__(
        self, backbone, layer: int | None = None, t: int = 10, c: int = 34, bias: str = "up", dropout: float = 0.1
    ):
        super().__init__(backbone, backbone.L // 2 if layer is None else layer)
        self.generator = PromptGenerator(backbone.n, t, c, bias, dropout)

    def prompt(self, E, hidden, mask):
        return self.generator(E.to(self.generator.W_Q.weight.dtype), mask)
