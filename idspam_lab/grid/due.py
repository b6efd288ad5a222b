"""Which runs of a plan are due: what is missing, once the seeds that choose the settings have chosen.

With `tune_seeds` in a grid file these seeds alone try every combination of a list of settings; each other seed trains
once, with what did best on the validation texts. Of three rates and three seeds that is five runs in place of nine.
"""

from collections.abc import Collection

from .folder import GridFolder
from .plan import GridRun, Plan
from .tuned import cell_of, settings_of, tuned


def due(plan: Plan, folder: GridFolder, failed: Collection[str] = ()) -> list[GridRun]:
    """What can be done now, in the plan's order.

    Args:
        failed: ids of runs that are not to be tried again; a choice of settings is made without them.
    """
    chosen = choices(plan, folder, failed)
    return [
        run
        for run in plan.runs
        if run.id not in failed
        and not folder.done(run)
        and (run.id not in plan.later or chosen.get(cell(run)) == settings(run))
    ]


def ahead(plan: Plan, folder: GridFolder) -> list[GridRun]:
    """What is due and what will be, as far as can be said: for a seed that waits, the first of its settings."""
    chosen, listed = choices(plan, folder, ()), {run.id for run in due(plan, folder)}
    later = [run for run in plan.runs if run.id in plan.later]
    trained = {(cell(run), run.settings.seed) for run in later if folder.done(run)}
    waiting: dict[tuple[str, int], GridRun] = {}
    for run in later:
        if cell(run) not in chosen and (cell(run), run.settings.seed) not in trained:
            waiting.setdefault((cell(run), run.settings.seed), run)
    listed |= {run.id for run in waiting.values()}
    return [run for run in plan.runs if run.id in listed]


def total(plan: Plan) -> int:
    """How many runs there will be in the end: a seed that waits has one in each cell."""
    later = [run for run in plan.runs if run.id in plan.later]
    return len(plan.runs) - len(later) + len({(cell(run), run.settings.seed) for run in later})


def choices(plan: Plan, folder: GridFolder, failed: Collection[str]) -> dict[str, str]:
    """For each cell whose trials have ended the settings that the seeds that wait take."""
    waiting = {cell(run) for run in plan.runs if run.id in plan.later}
    trials: dict[str, list[GridRun]] = {}
    for run in plan.runs if waiting else ():
        if run.id not in plan.later and cell(run) in waiting:
            trials.setdefault(cell(run), []).append(run)
    found = {}
    for name, runs in trials.items():
        if all(folder.done(run) or run.id in failed for run in runs):
            best = tuned([folder.read(run) for run in runs if folder.done(run)])
            found |= {name: settings_of(best[0]["run"])} if best else {}
    return found


def cell(run: GridRun) -> str:
    """See `cell_of`."""
    return cell_of(run.to_dict())


def settings(run: GridRun) -> str:
    """See `settings_of`."""
    return settings_of(run.to_dict())
