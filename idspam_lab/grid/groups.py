"""Which runs share passes of the frozen model: each is what it would be alone, but for rounding."""

import math
from collections.abc import Sequence

from ..frozen.alike import SHARED
from ..frozen.fast import shares_passes
from .models import Models
from .plan import GridRun

# What is lost when a group is killed, and what its optimisers hold, stay bounded.
TOGETHER = 24


def groups_of(runs: Sequence[GridRun], models: Models, jobs: int = 1) -> list[list[GridRun]]:
    """Runs that go together, at most TOGETHER; a run that cannot share is a group of its own.

    Of several processes (`jobs`) none should hold so many that the others run out of work while it is busy: then a
    group has at most half of a process's share of the runs.

    They have one backbone, one task, one token for the head and what `fit_many` asks for: one number of epochs, batch
    size, length, precision and order of the batches. Runs of several seeds share only if order_seed is set, for else
    their orders differ.
    """
    found: dict[tuple, list[GridRun]] = {}
    for run in runs:
        found.setdefault(company(run) if shares(run, models) else (run.id,), []).append(run)
    most = TOGETHER if jobs == 1 else min(TOGETHER, math.ceil(len(runs) / (2 * jobs)))
    return [group[i : i + most] for group in found.values() for i in range(0, len(group), most)]


def shares(run: GridRun, models: Models) -> bool:
    """Can this run share passes?"""
    return not run.alone and shares_passes(models.built(run.backbone, run.method, run.layer))


def company(run: GridRun) -> tuple:
    """What runs must have in common to go together."""
    data = run.task, run.transfer, run.few_shot, run.metric, run.limit, run.test_limit, run.holdout
    data = *data, *run.columns.values()
    return run.backbone, run.read, *data, *(getattr(run.settings, name) for name in SHARED)
