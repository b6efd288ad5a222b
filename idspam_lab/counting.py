"""Trainable parameters from a backbone's configuration alone: no weights, no network.

The method itself is built, on torch's meta device, and its parameters are counted: what is counted is what would train.
"""

from dataclasses import dataclass

import torch
from torch import nn

from .backbones import Backbone
from .backbones.load import hub_arguments, load_config
from .backbones.shapes import KNOWN, known_config, without_weights
from .errors import BadInput
from .methods import build_method
from .paper import PARAMETERS, Printed


@dataclass(frozen=True)
class Count:
    """Trainable parameters."""

    backbone: Backbone  # without weights
    method: int  # the method's own (for ID-SPAM: the generator)
    head: int
    printed: Printed | None  # the paper's number, where it has one for this backbone and method

    @property
    def total(self) -> int:
        return self.method + self.head

    def beside_the_paper(self) -> str:
        """One sentence that holds the count against the paper's number."""
        if self.printed is None:
            return "The paper prints no number for this one."
        printed = f"{self.printed.value:,.0f}" if self.printed.digits == 1 else f"{self.printed.value / 1e6:.1f} M"
        where = f"{self.printed.table} prints {printed} (without a head)"
        if self.printed.agrees(self.method):
            return f"{where}: the same."
        said = f"{where}: {self.method - self.printed.value:+,.0f} here ({self.method / self.printed.value - 1:+.1%})."
        return f"{said} {self.printed.why}".rstrip()


def backbone_of(name: str) -> Backbone:
    """A backbone without weights: of the paper's models by heart, of any other from its configuration.

    Raises:
        BadInput: neither known nor found, or of a family that cannot be run in stages.
    """
    config = known_config(name)
    if config is None:
        try:
            config = load_config(name, name, hub_arguments(name))
        except BadInput as error:
            raise BadInput(f"{error} Shapes known without it: {', '.join(KNOWN)}.") from error
    return without_weights(config, name)


def count(method: str, backbone: str, *, labels: int = 2, **options) -> Count:
    """Parameters that `method` would train on `backbone`.

    Raises:
        BadInput: unknown method, backbone or option, fewer than two labels, or a method that needs blocks that cannot
            be run here.
    """
    if labels < 2:
        raise BadInput(f"labels is {labels}, but a classifier needs at least 2 classes.")
    frozen = backbone_of(backbone)
    try:
        with torch.device("meta"):
            parts = build_method(method, frozen, options), nn.Linear(frozen.n, labels)
    except NotImplementedError as error:
        raise BadInput(f"{method} acts inside the blocks of {backbone}, which cannot be run in stages here.") from error
    own, head = (sum(p.numel() for p in part.parameters() if p.requires_grad) for part in parts)
    paper_setting = not set(options) - {"layer"}
    return Count(frozen, own, head, PARAMETERS.get(method, {}).get(backbone) if paper_setting else None)
