"""What a training run is told, with the paper's values where it has any."""

import math
import numbers
from dataclasses import asdict, dataclass, fields

from ..backbones.tokens import check_length
from ..errors import BadInput
from ..inputs import as_json
from .device import check_precision

MOST_SEED = 2**32  # numpy's limit; torch takes more


def is_whole(value) -> bool:
    """A whole number, and not a truth value."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def is_number(value) -> bool:
    """A number, and neither a truth value nor a word that reads like one."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


@dataclass(frozen=True)
class Settings:
    """One training run (paper: section 3.1, appendix A, Table 7).

    The paper fixes the optimiser (AdamW, betas, eps) and the warm-up and searches the rest; what it does not
    state (clip) is ours.
    """

    epochs: int = 5  # Table 7: 1, 5, 10, 20, 30
    batch_size: int = 32  # Table 7: 16, 32, 64
    lr: float = 1e-3  # Table 7: 1e-3 to 1e-5
    weight_decay: float = 0.01  # Table 7: 0, 0.01, 0.1; on matrices only
    warmup: float = 0.06  # share of all steps; the rate then falls to 0 in a straight line
    betas: tuple[float, float] = (0.9, 0.98)
    eps: float = 1e-6
    clip: float = 1.0  # largest norm of the gradient
    seed: int = 0  # of dropout and, without order_seed, of the batches' order
    order_seed: int | None = None  # of the batches' order; runs that share passes (frozen/many.py) have the same
    max_length: int | None = None  # tokens of text; None: what the model takes
    precision: str = "auto"  # "fp32", "bf16" (autocast), "auto": bf16 where the device computes in it

    def __post_init__(self):
        for field in fields(self):  # a run is written down as JSON, which holds no number of numpy's
            object.__setattr__(self, field.name, as_json(getattr(self, field.name)))
        for name in ("epochs", "batch_size"):
            if not is_whole(getattr(self, name)) or getattr(self, name) < 1:
                raise BadInput(f"{name} is {getattr(self, name)}, but training needs a whole number of at least 1.")
        for name in ("seed", "order_seed"):
            value = getattr(self, name)
            if value is not None and (not is_whole(value) or not 0 <= value < MOST_SEED):
                raise BadInput(f"{name} is {value}, but a seed is a whole number from 0 to below {MOST_SEED}.")
        for name in ("lr", "weight_decay", "warmup", "eps", "clip"):
            if not is_number(getattr(self, name)):
                raise BadInput(f"{name} is {getattr(self, name)!r}, but it is a number.")
        two = isinstance(self.betas, list) and len(self.betas) == 2
        if not two or not all(is_number(beta) and 0 <= beta < 1 for beta in self.betas):
            raise BadInput(f"betas are {self.betas}, but they are two numbers, each 0 or more and below 1.")
        for name in ("clip", "eps"):
            if not getattr(self, name) > 0:
                raise BadInput(f"{name} is {getattr(self, name)}, but it is above 0.")
        if not 0 <= self.weight_decay < math.inf:
            raise BadInput(f"weight_decay is {self.weight_decay}, but it is 0 or more (the paper searches 0 to 0.1).")
        if not 0 < self.lr < math.inf:
            raise BadInput(f"lr is {self.lr}, but a learning rate is above 0 (the paper searches 1e-5 to 1e-3).")
        if not 0 <= self.warmup <= 1:
            raise BadInput(f"warmup is {self.warmup}, but it is a share of the steps, 0 to 1.")
        check_length(self.max_length)
        check_precision(self.precision)
        object.__setattr__(self, "betas", tuple(self.betas))

    @property
    def order(self) -> int:
        """The seed that the order of the batches depends on."""
        return self.seed if self.order_seed is None else self.order_seed

    def to_dict(self) -> dict:
        return asdict(self)
