"""How much is measured: the whole thing, or as little as a test needs."""

from dataclasses import dataclass

import torch

from ..training.device import training_device


@dataclass(frozen=True)
class Scale:
    """Of one run of the benchmark."""

    shape: str = "minilm"
    batch_size: int = 32
    length: int = 32  # tokens a text
    steps: int = 6  # of a case; the first is left out
    repeats: int = 5
    seeds: int = 3
    lengths: tuple[int, ...] = (16, 32, 64, 128, 256, 512)
    counts: tuple[int, ...] = (1_000, 4_000, 16_000, 64_000)
    memory: float = 0.5  # GB that kept states may take in the part on growth
    every_block: bool = True
    compile: bool = True
    trained: int = 2_000  # texts of the part on the store's precision

    @property
    def device(self) -> torch.device:
        return training_device()

    def __str__(self) -> str:
        return f"{self.shape}, {self.batch_size} texts x {self.length} tokens, {self.device}"


def quick() -> Scale:
    """Every part once, in seconds: its numbers say nothing."""
    return Scale("tiny", 4, 8, 3, 1, 1, (8, 16), (8, 16), 1e-5, compile=False, trained=40)
