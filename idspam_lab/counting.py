"""Trainable parameters from a backbone's shape alone: no weights, no network.

The method itself is built, on torch's meta device, and its parameters are counted: what is counted is what would train.
"""

from dataclasses import dataclass

import torch
from torch import nn

from .backbones.load import hub_arguments, load_config
from .errors import BadInput
from .methods import build_method
from .paper import IDSPAM_PARAMETERS, SHAPES, Printed


@dataclass(frozen=True)
class Shape:
    """As much of a backbone as counting needs."""

    name: str
    n: int  # hidden size
    L: int  # blocks


@dataclass(frozen=True)
class Count:
    """Trainable parameters."""

    shape: Shape
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
        return f"{where}: {self.method - self.printed.value:+,.0f} here ({self.method / self.printed.value - 1:+.1%})."


def shape_of(name: str) -> Shape:
    """n and L of a backbone: of the paper's models by heart, of any other from its configuration.

    Raises:
        BadInput: neither known nor found.
    """
    if name in SHAPES:
        return Shape(name, *SHAPES[name])
    try:
        config = load_config(name, name, hub_arguments(name, None))
    except BadInput as error:
        raise BadInput(f"{error} Shapes known without it: {', '.join(SHAPES)}.") from error
    return Shape(name, config.hidden_size, config.num_hidden_layers)


def count(method: str, backbone: str, *, labels: int = 2, **options) -> Count:
    """Parameters that `method` would train on `backbone`.

    Raises:
        BadInput: unknown method, backbone or option.
    """
    shape = shape_of(backbone)
    with torch.device("meta"):
        parts = build_method(method, shape, options), nn.Linear(shape.n, labels)
    own, head = (sum(p.numel() for p in part.parameters()) for part in parts)
    paper_setting = method == "idspam" and not set(options) - {"layer"}
    return Count(shape, own, head, IDSPAM_PARAMETERS.get(backbone) if paper_setting else None)
