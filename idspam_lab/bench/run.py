"""All parts one after the other, and what they found as JSON."""

import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil
from transformers.utils import logging

from ..errors import BadInput
from ..files import write_json
from ..training.record import environment
from .choices import choices
from .flops import flops
from .found import Found
from .growth import longer_texts, more_texts
from .halved import halved
from .memory import memory
from .prediction import prediction
from .profile import where_time_goes
from .scale import Scale
from .steps import steps
from .together import grid, layer_curve

PARTS: dict[str, tuple[Callable[[Scale], Found], ...]] = {
    "a": (steps,),
    "b": (layer_curve, grid),
    "c": (prediction,),
    "d": (memory,),
    "e": (more_texts, longer_texts),
    "f": (flops,),
    "g": (choices,),
    "h": (halved,),
    "i": (where_time_goes,),
}


class Watch:
    """How much of the processor others use, which tells whether times can be believed."""

    def __init__(self):
        self.started = self.now()

    def now(self) -> tuple[float, float, float]:
        """Seconds: on the clock, of all processors while busy, of this process and those it has started."""
        times = psutil.cpu_times()
        return time.monotonic(), sum(times) - times.idle - getattr(times, "iowait", 0.0), sum(os.times()[:4])

    def others(self) -> float:
        """Their share of all processors since the start, 0..1."""
        clock, busy, own = (now - then for now, then in zip(self.now(), self.started, strict=True))
        return min(1.0, max(0.0, busy - own) / (clock * psutil.cpu_count()))


def run_bench(
    scale: Scale,
    parts: Sequence[str] = tuple(PARTS),
    out: str | Path | None = None,
    command: str = "",
    say: Callable[[str], None] = print,
) -> dict:
    """Measures, says each part's numbers as soon as they are there, and returns all of them.

    Args:
        parts: of PARTS.
        out: a JSON file; written after every part, so that a run that is stopped has left what it had.

    Raises:
        BadInput: no such part or shape, or the file cannot be written.
    """
    for part in parts:
        if part not in PARTS:
            raise BadInput(f"There is no part {part!r}; there are {', '.join(PARTS)}.")
    logging.set_verbosity_error()
    report = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "scale": scale.__dict__ | {"device": str(scale.device)},
        **environment(scale.device),
        "found": [],
    }
    for part in parts:
        for measure in PARTS[part]:
            watch = Watch()
            found = measure(scale)
            found.notes.append(f"other programs used {watch.others():.0%} of the processor meanwhile")
            say(f"{found}\n")
            report["found"].append({"part": part, "others": watch.others()} | found.to_dict())
            if out:
                write_json(Path(out), report)
    return report
