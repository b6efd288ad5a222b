"""A run on disk after each epoch, in one safetensors file, so that a killed run goes on where it was.

The file holds the trained tensors, the best ones so far and the optimiser's moments; the numbers stand in its
metadata as JSON. No random state is kept: every epoch seeds itself (loop.py).
"""

import hashlib
import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import BadInput
from ..files import read_tensors, write_tensors
from .record import Run

NAME = "checkpoint.safetensors"
STATE = ("history", "best_epoch", "seconds", "stopped")  # of the Run
STRIDES, CLOSE = 8, 1e-4


def trained_tensors(model: nn.Module) -> dict[str, Tensor]:
    """The parameters that train, by name. What is frozen is neither kept nor saved."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def copy_of(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """A copy that training does not touch."""
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


@torch.no_grad()
def put_back(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Writes the values of `tensors` into the parameters of the same names."""
    parameters = trained_tensors(model)
    for name, tensor in tensors.items():
        parameters[name].copy_(tensor)


def digest_of(rows: list) -> str:
    """What tells tokenised texts apart from others. 64 hex digits."""
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class RunKey:
    """What makes two runs the same run: settings, data and the weights they start from.

    Attributes:
        told: a hash of the settings, the data and the weights' names and shapes, 16 hex digits.
        start: name -> (STRIDES + 1,) what the weights are about, see `sketch`.
    """

    told: str
    start: dict[str, list[float]]

    @classmethod
    def of(cls, settings: list, texts: str, start: dict[str, Tensor]) -> "RunKey":
        """settings: anything JSON can hold; texts: of `digest_of`."""
        shapes = {name: list(tensor.shape) for name, tensor in start.items()}
        told = hashlib.sha256(json.dumps([settings, texts, shapes], sort_keys=True).encode()).hexdigest()[:16]
        return cls(told, {name: sketch(tensor) for name, tensor in start.items()})

    def is_of(self, state: dict) -> bool:
        """Is the checkpoint with this state of the same run?

        First values that the frozen model had a part in differ in their last digits with the number of threads.
        """
        if state.get("key") != self.told or "start" not in state:  # a file of somebody else's has neither
            return False
        return all(
            abs(a - b) <= CLOSE * ours[-1]
            for name, ours in self.start.items()
            for a, b in zip(ours, state["start"][name], strict=True)
        )

    def to_dict(self) -> dict:
        """As `state` holds it."""
        return {"key": self.told, "start": self.start}


def sketch(tensor: Tensor) -> list[float]:
    """The sums of every STRIDES-th number, from the first, the second, ..., and the length as one vector."""
    flat = tensor.detach().cpu().flatten().double()
    return [*(flat[i::STRIDES].sum().item() for i in range(STRIDES)), flat.norm().item()]


def save(
    out: Path, model: nn.Module, best: dict[str, Tensor], optimizer: torch.optim.Optimizer, key: RunKey, run: Run
) -> None:
    """Writes the checkpoint. A full disk must not cost the training.

    Warns:
        UserWarning: it could not be written.
    """
    tensors = {f"now.{name}": tensor for name, tensor in trained_tensors(model).items()}
    tensors |= {f"best.{name}": tensor for name, tensor in best.items()}
    names = {id(parameter): name for name, parameter in trained_tensors(model).items()}
    for parameter, moments in optimizer.state.items():
        tensors |= {f"optimizer.{key}.{names[id(parameter)]}": value for key, value in moments.items()}
    state = key.to_dict() | {name: getattr(run, name) for name in STATE}
    try:
        write_tensors(Path(out) / NAME, tensors, {"state": json.dumps(state)})
    except BadInput as error:
        warnings.warn(f"{error} Training goes on; without a checkpoint it cannot be resumed.", stacklevel=3)


def state_in(metadata: dict[str, str]) -> dict:
    """The key and the numbers that `save` wrote; empty for a file of somebody else's."""
    try:
        found = json.loads(metadata.get("state", "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def load(
    out: Path, model: nn.Module, optimizer: torch.optim.Optimizer, key: RunKey, run: Run
) -> dict[str, Tensor] | None:
    """Puts model, optimiser and run back where they were; returns the best tensors, or None without a checkpoint.

    Raises:
        BadInput: the checkpoint is damaged or of another run.
    """
    path = Path(out) / NAME
    if not path.is_file():
        return None
    tensors, metadata = read_tensors(path)
    state = state_in(metadata)
    if not key.is_of(state):
        raise BadInput(
            f"{out} holds a run with other settings, data or starting weights, or of another version of idspam_lab: "
            f"choose another folder, or delete {path.name} in it."
        )

    def part(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}

    put_back(model, part("now."))
    for name, parameter in trained_tensors(model).items():
        for moment in ("step", "exp_avg", "exp_avg_sq"):
            value = tensors.get(f"optimizer.{moment}.{name}")
            if value is not None:  # of a parameter that has got no gradient yet there is none
                optimizer.state[parameter][moment] = value if moment == "step" else value.to(parameter.device)
    for name in STATE:
        setattr(run, name, state.get(name))
    return part("best.")
