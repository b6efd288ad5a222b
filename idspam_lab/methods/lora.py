"""LoRA (Hu et al. 2022): no prompt; a low-rank change of the frozen model's query and value matrices. PEFT's own."""

import warnings
from typing import ClassVar

import torch

from ..backbones import Backbone
from .base import Encoded, Method, check_at_least_one


class LoRA(Method):
    """Options: `r` (rank), `alpha` (the change is scaled by alpha / r; default 2 r).

    GPT-2 makes queries, keys and values in one matrix, so there the keys change too. The paper states neither rank nor
    matrices.
    """

    preset: ClassVar[dict] = {"lr": 1e-3}

    def __init__(self, backbone, r: int = 8, alpha: int | None = None):
        super().__init__()
        self.adapted = with_lora(backbone, r, alpha)

    def encode(self, backbone, ids, mask, types):
        adapted = self.adapted
        return Encoded(adapted.finish(adapted.run(adapted.embed(ids, mask, types), mask)), mask, None)


def with_lora(backbone: Backbone, r: int, alpha: int | None = None, start: int = 0) -> Backbone:
    """A twin of the backbone with LoRA in blocks start..L-1; the backbone itself stays as it is."""
    alpha = 2 * r if alpha is None else alpha
    check_at_least_one(r=r, alpha=alpha)
    from peft import LoraConfig, inject_adapter_in_model

    adapted = backbone.twin()
    config = LoraConfig(
        r=r,
        lora_alpha=alpha,
        target_modules=list(backbone.queries_and_values),
        layers_to_transform=list(range(start, backbone.L)),
        layers_pattern=backbone.blocks_name,
    )
    with warnings.catch_warnings():  # PEFT sets what GPT-2's turned matrices need, and says so
        warnings.filterwarnings("ignore", message=".*fan_in_fan_out.*")
        inject_adapter_in_model(config, adapted.model)
    for parameter in adapted.parameters():
        if parameter.requires_grad:  # PEFT made it in the frozen weights' type; in bf16 small steps are rounded away
            parameter.data = parameter.data.to(torch.promote_types(parameter.dtype, torch.float32))
    return adapted
