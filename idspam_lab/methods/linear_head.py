"""No prompt at all: the head reads the frozen model as it is. What every other method has to beat."""

import torch

from .base import Encoded, Method


class LinearHead(Method):
    """Nothing trains but the head."""

    def __init__(self, backbone):
        super().__init__()

    @torch.no_grad()
    def encode(self, backbone, ids, mask, types):
        hidden = backbone.run(backbone.embed(ids, mask, types), mask)
        return Encoded(backbone.finish(hidden), mask, None)
