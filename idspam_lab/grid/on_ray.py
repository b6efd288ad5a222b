"""Executes what is missing of a grid on many machines, by Ray (an optional extra: pip install ".[ray]").

The process that is started holds the claims, hands out groups and writes what comes back, so that the machines need no
folder in common; what they need is this package, the models and the texts. A group whose worker is lost goes to
another one.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from ..errors import BadInput
from .due import due
from .execute import execute
from .executors import Say, outcomes, write_down
from .folder import GridFolder
from .groups import groups_of
from .models import Models, models_in
from .plan import GridRun, Plan

RETRIES = 3  # of a group whose worker died


def work_on_ray(
    plan: Plan, folder: GridFolder, models: Models, *, command: str = "", say: Say = print, cpus: float = 1
) -> None:
    """Does what is missing; returns when nothing is left that could be done.

    A cluster that runs already is joined (RAY_ADDRESS names it, as for any of Ray's programs); else one is started on
    this machine. Where there are GPUs each group gets one.

    Args:
        cpus: of a group.

    Raises:
        BadInput: Ray is not installed.
    """
    try:
        import ray
    except ImportError as error:
        mend = 'pip install -c constraints.txt ".[ray]"'
        raise BadInput(f"Ray is not installed: in the project's folder, {mend}; or leave --executor out.") from error
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False)
    gpus, all_cpus = (ray.cluster_resources().get(kind, 0) for kind in ("GPU", "CPU"))
    places = max(1, int(gpus or all_cpus // cpus))  # a cluster that is still starting reports none
    remote = ray.remote(num_cpus=cpus, num_gpus=1 if gpus else 0, max_retries=RETRIES)(on_worker)
    tried: set[str] = set()
    failed: set[str] = set()

    def start(group: list[GridRun]):
        return remote.remote(group, models.folder, command)

    # A second round where the first has chosen settings. What others are at work on is left to them.
    while missing := [run for run in due(plan, folder, failed) if run.id not in tried]:
        tried |= {run.id for run in missing}
        groups = groups_of(missing, models, places)
        for run, found in handed_out(ray, groups, folder, start, places):
            failed |= write_down(run, found, plan, folder, say)


def handed_out(
    ray, groups: list[list[GridRun]], folder: GridFolder, start: Callable, places: int
) -> Iterator[tuple[GridRun, dict]]:
    """What comes back of each run, whichever is first; its claim is held until it has been taken.

    Args:
        start: hands a group to a worker, as Ray does.
        places: how many groups can be at work at once.
    """
    going: dict = {}  # what will come back -> the group and its claims
    while groups or going:
        while groups and len(going) < 2 * places:  # the next ones wait in line already
            held = ExitStack()
            mine = held.enter_context(folder.claim(groups.pop(0)))
            if mine:
                going[start(mine)] = mine, held
        for back in ray.wait(list(going))[0] if going else ():
            mine, held = going.pop(back)
            with held:
                yield from received(ray, back, mine)


def on_worker(group: list[GridRun], models: Path | None, command: str) -> list[tuple[GridRun, dict]]:
    """What a worker does with a group."""
    return outcomes(group, lambda runs: execute(runs, models_in(models), command=command))


def received(ray, back, group: list[GridRun]) -> list[tuple[GridRun, dict]]:
    """What came of a group, or that nothing did."""
    try:
        return ray.get(back)
    except ray.exceptions.RayError as error:
        why = f"its worker was lost {RETRIES + 1} times ({type(error).__name__})"
        return [(run, {"failed": why}) for run in group]
