"""Seconds, measured side by side: every case once a round, so that what else the machine does meets all alike."""

import statistics
import time
from collections.abc import Callable

import torch
from tqdm.auto import tqdm

Case = Callable[[], float]  # does its work and says how many seconds it took


def synchronize() -> None:
    """Waits until the GPU has done what it was told."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def timed(work: Callable[[], object]) -> Case:
    """Work as a case."""

    def case() -> float:
        synchronize()
        started = time.perf_counter()
        work()
        synchronize()
        return time.perf_counter() - started

    return case


def interleaved(cases: dict[str, Case], repeats: int, title: str = "") -> dict[str, list[float]]:
    """Seconds of every case, `repeats` times, after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    with tqdm(total=(repeats + 1) * len(cases), desc=title, leave=False) as bar:
        for number in range(repeats + 1):
            for name, case in cases.items():
                found = case()
                if number:
                    seconds[name].append(found)
                bar.update()
    return seconds


def medians(seconds: dict[str, list[float]]) -> dict[str, float]:
    """The middle one of each case."""
    return {name: statistics.median(found) for name, found in seconds.items()}
