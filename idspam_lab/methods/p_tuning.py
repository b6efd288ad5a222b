"""P-tuning v1 (Liu et al. 2021): t vectors at the model's input, made by a small network from free ones."""

from typing import ClassVar

import torch

from .base import LatePrompt, check_at_least_one


class PTuning(LatePrompt):
    """The encoder is PEFT's, in its MLP form: Embedding(t, n) -> Linear -> ReLU -> Linear -> ReLU -> Linear.

    Nothing bounds its vectors, and they join behind the norm of the embeddings: at rates above 3e-3 they outgrow the
    tokens' states by orders of magnitude (measured: `data/results/README.md`), and in bf16 the loss may be lost.
    The paper's appendix A names this one; its section 3.1 cites P-tuning v2, which is another method (prefix.py).
    Options: `t`, `width` (of the two hidden layers; default n).
    """

    preset: ClassVar[dict] = {"lr": 3e-3}

    def __init__(self, backbone, t: int = 10, width: int | None = None):
        super().__init__(backbone, 0)
        width = backbone.n if width is None else width
        check_at_least_one(t=t, width=width)
        from peft import PromptEncoder, PromptEncoderConfig

        self.encoder = PromptEncoder(
            PromptEncoderConfig(
                num_virtual_tokens=t,
                token_dim=backbone.n,
                num_transformer_submodules=1,
                encoder_reparameterization_type="MLP",
                encoder_hidden_size=width,
            )
        )

    def prompt(self, source, hidden, mask):
        numbers = torch.arange(self.encoder.total_virtual_tokens, device=hidden.device)
        return self.encoder(numbers).expand(len(mask), -1, -1), None  # (B, t, n)
