"""Of runs that differ in their settings alone, those whose settings did best on the validation texts.

A comparison is fair where every method was tuned in the same way; test scores choose nothing.
"""

import json
import statistics
from collections.abc import Sequence

SCORE = "validation_score"


def tuned(done: Sequence[dict]) -> list[dict]:
    """For each method, block and pair of tasks the finished runs of one choice of settings, all seeds of it.

    The choice is the one with the highest mean over the seeds of the kept epoch's validation score, the earlier one if
    two are equal. Settings that have not all seeds yet are left out, and so are runs without validation texts.

    Args:
        done: finished runs, as `execute` gives them, in the plan's order.
    """
    cells: dict[str, dict[str, list[dict]]] = {}
    for found in done:
        if all(SCORE in epoch for epoch in found["history"]):
            cells.setdefault(cell_of(found["run"]), {}).setdefault(settings_of(found["run"]), []).append(found)
    chosen = []
    for candidates in cells.values():
        seeds = max(map(len, candidates.values()))
        chosen += max((runs for runs in candidates.values() if len(runs) == seeds), key=mean_score)
    return chosen


def cell_of(run: dict) -> str:
    """The same for runs that differ in their settings alone."""
    return json.dumps(run | {"settings": None}, sort_keys=True)


def settings_of(run: dict) -> str:
    """The same for runs that differ in their seed alone, as far as settings go."""
    return json.dumps({name: value for name, value in run["settings"].items() if name != "seed"})


def several_settings(done: Sequence[dict]) -> bool:
    """Are there runs that differ in their settings alone, beside the seed?"""
    cells = [json.dumps(found["run"] | {"settings": found["run"]["settings"]["seed"]}) for found in done]
    return len(set(cells)) < len(cells)


def mean_score(runs: Sequence[dict]) -> float:
    """Of the validation texts at the epoch that was kept; over the seeds."""
    return statistics.mean(found["history"][found["rows"][0]["best_epoch"] - 1][SCORE] for found in runs)
