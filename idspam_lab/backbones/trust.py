"""Hashes: is this file, are these weights, the ones that were recorded?"""

import hashlib
from pathlib import Path

import torch
from torch import nn

from ..errors import BadInput
from ..files import hash_file


def check_files(folder: Path, expected: dict[str, str], what: str) -> None:
    """Every file of `expected` lies in `folder` with its recorded sha256.

    Raises:
        BadInput: one is missing or differs; `what` names the package to install again.
    """
    for name, sha256 in expected.items():
        path = Path(folder) / name
        if not path.is_file():
            raise BadInput(f"{what} lacks its file {name}: install the package again.")
        if hash_file(path) != sha256:
            raise BadInput(
                f"{what}: the file {name} is not the recorded one (its sha256 differs): install the package again."
            )


def hash_tensors(module: nn.Module) -> str:
    """sha256 over the name, type, shape and bytes of every tensor of a module, in the order of their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        tensor = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy())
    return digest.hexdigest()
