"""What a run leaves behind so that its numbers can be believed: versions, hardware, time, memory."""

import importlib.metadata
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

PACKAGES = ("idspam-lab", "torch", "transformers", "peft", "accelerate", "datasets", "numpy", "scikit-learn")


@dataclass
class Run:
    """A finished (or stopped) training run."""

    settings: dict
    history: list[dict] = field(default_factory=list)  # one dict an epoch
    best_epoch: int = 0  # counts from 1; 0: none was finished
    seconds: float = 0.0  # wall time of training and validation, over all its parts if it was resumed
    peak_memory_mb: float = 0.0  # of the process (CPU) or of the GPU's allocator
    trained_parameters: int = 0
    stopped: str | None = None  # why it ended before its last epoch
    environment: dict = field(default_factory=dict)

    @property
    def best(self) -> dict:
        """The metrics of the epoch that was kept; of none, nothing."""
        return self.history[self.best_epoch - 1] if self.best_epoch else {}

    def to_dict(self) -> dict:
        return self.__dict__ | {}


def best_epoch(history: Sequence[Mapping]) -> int:
    """The epoch that is kept, counted from 1: the earliest with the best validation score, without scores the last.

    0: there is no epoch yet.
    """
    scores = [epoch.get("validation_score", number) for number, epoch in enumerate(history)]
    return scores.index(max(scores)) + 1 if scores else 0


def versions() -> dict[str, str]:
    """Python's and the packages' versions."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def environment(device: torch.device) -> dict:
    """Versions and hardware, as JSON can hold them."""
    hardware = {
        "device": str(device),
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
    }
    if device.type == "cuda":
        hardware["gpu"] = torch.cuda.get_device_name(device)
    return {"versions": versions(), "hardware": hardware, "system": platform.system()}


def peak_memory_mb(device: torch.device) -> float:
    """Most memory held so far, in MB (10^6 bytes): the GPU's allocator's, else this process's."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset / 1e6
    status = Path("/proc/self/status")
    found = status.is_file() and re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    if found:  # Linux; getrusage would count what the process that started this one held
        return float(found.group(1)) * 1024 / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # the one counts bytes, the other KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
