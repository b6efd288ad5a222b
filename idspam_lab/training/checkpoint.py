"""A run on disk after each epoch, in one safetensors file, so that a killed run goes on where it was.

The file holds the trained tensors, the best ones so far and the optimiser's moments; the numbers stand in its
metadata as JSON. No random state is kept: every epoch seeds itself (loop.py).
"""

import hashlib
import json
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import BadInput
from ..files import read_tensors, write_tensors

NAME = "checkpoint.safetensors"


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


def run_key(settings: list, texts: str, start: dict[str, Tensor]) -> str:
    """What makes two runs the same run: settings, data (`digest_of`) and the weights they start from. 16 hex digits."""
    digest = hashlib.sha256(json.dumps([settings, texts], sort_keys=True).encode())
    for name, tensor in sorted(start.items()):
        digest.update(name.encode() + tensor.detach().float().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]


def save(out: Path, model: nn.Module, best: dict[str, Tensor], optimizer: torch.optim.Optimizer, state: dict) -> None:
    """Writes the checkpoint; `state` is anything JSON can hold. A full disk must not cost the training.

    Warns:
        UserWarning: it could not be written.
    """
    tensors = {f"now.{name}": tensor for name, tensor in trained_tensors(model).items()}
    tensors |= {f"best.{name}": tensor for name, tensor in best.items()}
    names = {id(parameter): name for name, parameter in trained_tensors(model).items()}
    for parameter, moments in optimizer.state.items():
        tensors |= {f"optimizer.{key}.{names[id(parameter)]}": value for key, value in moments.items()}
    try:
        write_tensors(Path(out) / NAME, tensors, {"state": json.dumps(state)})
    except BadInput as error:
        warnings.warn(f"{error} Training goes on; without a checkpoint it cannot be resumed.", stacklevel=3)


def load(
    out: Path, model: nn.Module, optimizer: torch.optim.Optimizer, key: str
) -> tuple[dict, dict[str, Tensor]] | None:
    """Puts model and optimiser back where they were; returns (state, best tensors), or None if there is no checkpoint.

    Raises:
        BadInput: the checkpoint is damaged or of another run.
    """
    path = Path(out) / NAME
    if not path.is_file():
        return None
    tensors, metadata = read_tensors(path)
    state = json.loads(metadata["state"])
    if state["key"] != key:
        raise BadInput(
            f"{out} holds a run with other settings, data or starting weights: "
            f"choose another folder, or delete {path.name} in it."
        )

    def part(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}

    put_back(model, part("now."))
    for name, parameter in trained_tensors(model).items():
        for moment in ("step", "exp_avg", "exp_avg_sq"):
            value = tensors[f"optimizer.{moment}.{name}"]
            optimizer.state[parameter][moment] = value if moment == "step" else value.to(parameter.device)
    return state, part("best.")
