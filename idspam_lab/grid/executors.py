"""Executes what is missing of a grid on this machine: in this process, or in several that share the work by claims.

Any number of these can be at work on one folder at once, on one machine or, where the folder's file system locks across
machines, on several. What one is at work on the others leave alone, until it has ended without having done it.
"""

import multiprocessing
import multiprocessing.connection
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from ..errors import BadInput
from ..files import first_line
from ..training.device import training_device
from .due import due, total
from .execute import execute
from .folder import GridFolder
from .groups import groups_of
from .models import Models
from .plan import GridRun, Plan

POLL = 1.0  # seconds between two looks at what others are at work on
SHARED_OUT = 0.85  # of a GPU's memory: each process's context lies outside what torch counts
Say = Callable[[str], None]
Execute = Callable[[Sequence[GridRun]], dict[str, dict]]


def work(
    plan: Plan,
    folder: GridFolder,
    models: Models,
    *,
    jobs: int = 1,
    keep: bool = False,
    command: str = "",
    progress: bool = True,
    say: Say = print,
    failures: str | None = None,
) -> None:
    """Does what is missing, group by group; returns when nothing is left that could be done.

    A run that fails is said, left out and costs no other one; the next call tries it again.

    Args:
        jobs: how many processes share the work, this one counted.
        keep, command: see `execute`.
        failures: an empty folder that those who share the work have in common: what failed for one is not tried again
            by another.
    """

    def attempt(group: Sequence[GridRun]) -> dict[str, dict]:
        return execute(group, models, folder.path, keep=keep, command=command, progress=progress)

    with nullcontext(failures) if failures else TemporaryDirectory() as place:

        def failed() -> set[str]:
            return set(os.listdir(place))

        while missing := due(plan, folder, failed()):
            idle = True
            for group in groups_of(missing, models, jobs):
                with folder.claim(group) as free:
                    mine = [run for run in free if run.id not in failed()]
                    idle = idle and not mine
                    for run, found in outcomes(mine, attempt):
                        for name in write_down(run, found, plan, folder, say):
                            Path(place, name).touch()
            if idle:  # all that is left is claimed by others
                time.sleep(POLL)


def outcomes(group: Sequence[GridRun], attempt: Execute) -> list[tuple[GridRun, dict]]:
    """What came of each run. A group that fails as a whole is tried run by run."""
    if not group:
        return []
    try:
        found = attempt(group)
    except Exception as error:  # in a night's work one run's error, of whatever kind, must not cost the others
        if len(group) > 1:
            return [pair for run in group for pair in outcomes([run], attempt)]
        found = {group[0].id: {"failed": sentence(error)}}
    return [(run, found[run.id]) for run in group]


def sentence(error: Exception) -> str:
    """One line of an error; of another library's with its kind."""
    first, kind = first_line(error), type(error).__name__
    return first if isinstance(error, BadInput) or first == kind else f"{kind}: {first}"


def write_down(run: GridRun, found: dict, plan: Plan, folder: GridFolder, say: Say) -> set[str]:
    """Writes a finished run and says its score; of one that failed, why. Returns the ids of those that failed."""
    if "failed" in found:
        say(f"failed: {run}: {found['failed']}")
        return {run.id}
    folder.write(run, found)
    scores = ", ".join(f"{row['test_task']} {100 * row['score']:.1f} %" for row in found["rows"])
    say(f"{sum(map(folder.done, plan.runs))} of {total(plan)}: {run}: {scores}")
    return set()


# Several processes ---------------------------------------------------------------------------------------------------


def work_in_processes(
    plan: Plan, folder: GridFolder, models: Models, jobs: int, *, keep: bool = False, command: str = ""
) -> None:
    """The same with `jobs` processes. If some end before their time (out of memory), the others take over.

    Raises:
        BadInput: every process was ended from outside.
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy torch's threads in mid-air
    threads, gpus = max(1, (os.cpu_count() or 1) // jobs), gpus_in_turn(jobs)
    share = 1 / max(gpus.count(gpu) for gpu in gpus)
    with TemporaryDirectory() as failures:
        arguments = plan, folder.path, models.folder, jobs, threads, share, keep, command, failures
        workers = [context.Process(target=one_of_several, args=arguments, daemon=True) for _ in range(jobs)]
        for worker, gpu in zip(workers, gpus, strict=True):
            with seeing(gpu):
                worker.start()
        for worker in workers:
            worker.join()
    ended = [worker.exitcode for worker in workers if worker.exitcode]
    if len(ended) == jobs and due(plan, folder):
        raise BadInput(
            f"All {jobs} processes ended with {', '.join(map(str, ended))} (-9: killed, mostly for want of memory): "
            "give the same command again with fewer --jobs."
        )


def gpus_in_turn(jobs: int) -> list[str | None]:
    """For each process the GPU that it sees, as CUDA_VISIBLE_DEVICES names it; None where there are no two."""
    number = torch.cuda.device_count()
    if number < 2:
        return [None] * jobs
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = seen.split(",")[:number] if seen else list(map(str, range(number)))
    return [names[i % number] for i in range(jobs)]


@contextmanager
def seeing(gpu: str | None):
    """A process that is started inside sees this GPU alone; None: what this one sees."""
    before = os.environ.get("CUDA_VISIBLE_DEVICES")
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    try:
        yield
    finally:
        if gpu is not None:
            os.environ.pop("CUDA_VISIBLE_DEVICES")
            os.environ |= {} if before is None else {"CUDA_VISIBLE_DEVICES": before}


def end_with_parent() -> None:
    """Ends this process when the one that started it has been killed: it could neither be seen nor stopped any more.

    Nothing is lost by it: the system frees its claims, and its runs go on from their last epoch.
    """
    multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


def one_of_several(
    plan: Plan,
    folder: Path,
    models: Path | None,
    jobs: int,
    threads: int,
    share: float,
    keep: bool,
    command: str,
    failures: str,
) -> None:
    """What each process does, while the one that started it is there.

    Args:
        threads: that it computes with on a CPU.
        share: of a GPU's memory that is its own.
        failures: see `work`.
    """
    threading.Thread(target=end_with_parent, daemon=True).start()
    torch.set_num_threads(threads)
    if share < 1 and training_device().type == "cuda":
        torch.cuda.set_per_process_memory_fraction(SHARED_OUT * share)

    def say(line: str) -> None:
        print(line, flush=True)

    with suppress(KeyboardInterrupt):  # the parent says it
        told = {"jobs": jobs, "keep": keep, "command": command, "progress": False, "say": say, "failures": failures}
        work(plan, GridFolder(folder), Models(models), **told)
