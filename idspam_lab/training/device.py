"""Where to compute, and in which precision."""

import os
from contextlib import contextmanager, nullcontext

import torch
from accelerate import Accelerator
from torch import nn

from ..errors import BadInput
from .record import processor


def training_device() -> torch.device:
    """Where accelerate will put what is trained. Asked of Accelerator, which knows of ACCELERATE_USE_CPU."""
    return Accelerator().device


@contextmanager
def own_random_numbers():
    """Around what seeds torch's random numbers: the caller's go on afterwards as if none had been drawn."""
    device = training_device()
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        yield


def wait_for(device: torch.device) -> None:
    """Returns when all that was handed to the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def device_of(model: nn.Module) -> torch.device:
    """Where a model lies."""
    return next(model.parameters()).device


def computes_bf16(device: torch.device) -> bool:
    """True where bf16 products are done in hardware; elsewhere bf16 is slower than fp32, not faster."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        return any(getattr(torch.cpu, name, bool)() for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return False


def check_precision(precision: str) -> None:
    """It is "fp32", "bf16" or "auto" (see Settings).

    Raises:
        BadInput: it is not.
    """
    if precision not in ("auto", "fp32", "bf16"):
        raise BadInput(f'precision is {precision!r}, but it is "auto", "fp32" or "bf16".')


def autocast(precision: str, device: torch.device):
    """The context of a forward pass.

    Raises:
        BadInput: see `check_precision`.
    """
    check_precision(precision)
    if precision == "bf16" or (precision == "auto" and computes_bf16(device)):
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


def in_words(device: torch.device) -> str:
    """Where training will be and what precision "auto" is there, each with the reason."""
    return f"{place_in_words(device)}\n{precision_in_words(device)}"


def place_in_words(device: torch.device) -> str:
    """The device, and why this one."""
    if device.type == "cuda":
        return f"Device: {device} ({torch.cuda.get_device_name(device)}), because a GPU is taken where there is one."
    if device.type == "mps":
        return f"Device: {device} (Apple's GPU), because a GPU is taken where there is one."
    asked = os.environ.get("ACCELERATE_USE_CPU")
    why = f"ACCELERATE_USE_CPU is {asked}" if asked else "there is no GPU that torch can use"
    return f"Device: {device} ({processor()}, {torch.get_num_threads()} threads), because {why}."


def precision_in_words(device: torch.device) -> str:
    """What "auto" is on this device, and why."""
    if computes_bf16(device):
        return "Precision: bf16 in the passes, because it multiplies bf16 in hardware; the weights stay in fp32."
    return "Precision: fp32, because it has no hardware to multiply bf16, which would be slower here, not faster."


def pass_tokens(device: torch.device) -> int:
    """Tokens, prompts included, that go through the upper blocks together when several runs share a pass, at most."""
    return 65_536 if device.type == "cuda" else 8_192


def room_on_gpu(device: torch.device) -> float:
    """Bytes of a GPU's memory that this process may still fill: what is free, and what torch holds for it unused."""
    free, all_ = torch.cuda.mem_get_info(device)
    held, used = torch.cuda.memory_reserved(device), torch.cuda.memory_allocated(device)
    mine = torch.cuda.get_per_process_memory_fraction(device) * all_  # less than all where processes share the GPU
    return max(0.0, min(free + held, mine) - used)
