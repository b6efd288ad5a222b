"""Full fine-tuning: a copy of the model trains, all of it."""

from typing import ClassVar

from .base import Encoded, Method


class FineTuning(Method):
    """No options. The copy has the model's own dropout while training; the backbone that was given stays as it is."""

    preset: ClassVar[dict] = {"lr": 1e-4}

    def __init__(self, backbone):
        super().__init__()
        self.copy = backbone.trainable_copy()

    def encode(self, backbone, ids, mask, types):
        hidden = self.copy.run(self.copy.embed(ids, mask, types), mask)
        return Encoded(self.copy.finish(hidden), mask, None)
