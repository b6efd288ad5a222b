"""Prompt tuning (Lester et al. 2021): t free vectors, the same for every text."""

from typing import ClassVar

from torch import nn

from .base import LatePrompt, check_at_least_one, word_states


class PromptTuning(LatePrompt):
    """Options: `layer` (default 0, the model's input; above it, LPT's prompt without a generator), `t`.

    The vectors join at the input of block 0, behind the norm of the embeddings where a model has one: a free vector
    can take any value there. PEFT puts them in front of it, moves every position of the text up by t, and reads the
    first of them where it should read the text's first token; here the text stays where it was.
    """

    preset: ClassVar[dict] = {"lr": 1e-2}
    lr_factors: ClassVar[dict] = {"P": 10.0}

    def __init__(self, backbone, layer: int = 0, t: int = 10):
        super().__init__(backbone, layer)
        check_at_least_one(t=t)
        self.P = nn.Parameter(word_states(backbone, t, layer))  # (t, n)

    def prompt(self, source, hidden, mask):
        return self.P.expand(len(mask), -1, -1), None
