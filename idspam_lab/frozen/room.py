"""How many tokens go through the upper blocks together: as many as the memory holds what backward needs of them."""

import torch

from ..backbones import Backbone
from ..training.device import pass_tokens, room_on_gpu

FLOAT = 4  # bytes
# Numbers that backward needs of a token and block, in hidden sizes, beside attention's: where weights train, a layer's
# input too. Found by counting what torch keeps; a test counts again.
SAVED, SAVED_TO_TRAIN = 8, 16
SHARE = 0.5  # of the free memory, for what is counted here: optimisers, generators and bf16's copies need some too


def saved_bytes(backbone: Backbone, T: int, *, trains: bool = False) -> float:
    """What backward needs of one token in one block.

    Args:
        T: tokens of its text, prompt included.
        trains: the blocks' weights train, not only what is put in front of them.
    """
    wide = (SAVED_TO_TRAIN if trains else SAVED) * backbone.n
    return FLOAT * (wide + 2 * backbone.config.num_attention_heads * T)


def tokens_together(backbone: Backbone, device: torch.device, T: int) -> int:
    """Of texts of T tokens each. A small GPU, or a part of one, takes fewer than a large one."""
    most = pass_tokens(device)
    if device.type != "cuda":
        return most
    return min(most, int(SHARE * room_on_gpu(device) / (backbone.L * saved_bytes(backbone, T))))
