"""The verbs for many runs: `grid` and `search`, and how they are typed."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from ..errors import BadInput
from .given import task_of, told, typed


def grid(chosen) -> None:
    from ..grid.collect import check_places, collect
    from ..grid.due import ahead, total
    from ..grid.estimate import measured_rate
    from ..grid.folder import GridFolder
    from ..grid.models import Models
    from ..grid.plan import read_plan
    from ..grid.shown import dry_run, results

    models = Models(chosen.models)
    plan = read_plan(chosen.file, models)
    if plan.commands:
        print(f"{plan.title}\n\nNo training fills this table; these commands print its counts:\n")
        print("\n".join(f"  {command}" for command in plan.commands))
        return
    folder = GridFolder(chosen.out)
    if chosen.dry_run:
        if chosen.flops is not None and not 0 < chosen.flops < math.inf:
            raise BadInput(f"--flops is {chosen.flops:g}, but it is a number of operations a second, above 0.")
        rate, how = (chosen.flops, "the rate that was given") if chosen.flops else measured_rate()
        print(dry_run(plan, folder, models, rate, how))
        return
    check_places(plan, folder)
    try:
        if not chosen.collect:
            execute(chosen, plan, folder, models)
    finally:  # also when it is stopped by hand
        print(f"\n{results(plan, collect(plan, folder).tuned, folder)}")
    missing = ahead(plan, folder)
    if missing and not chosen.collect:
        raise BadInput(
            f"{len(missing)} of {total(plan)} runs are missing: the same command does what was interrupted or is "
            "still done elsewhere; what failed, see above, needs its cause mended first."
        )


def execute(chosen, plan, folder, models) -> None:
    """On this machine or on Ray's."""
    from ..grid.executors import work, work_in_processes
    from ..grid.on_ray import work_on_ray

    command = typed()
    if chosen.executor == "ray":
        if chosen.adapters:
            raise BadInput("--adapters goes with work on this machine: leave it or --executor ray out.")
        work_on_ray(plan, folder, models, command=command)
    elif chosen.jobs > 1:
        work_in_processes(plan, folder, models, chosen.jobs, keep=chosen.adapters, command=command)
    elif chosen.jobs == 1:
        work(plan, folder, models, keep=chosen.adapters, command=command)
    else:
        raise BadInput(f"--jobs is {chosen.jobs}, but it is at least 1.")


def search(chosen) -> None:
    from ..backbones import load_backbone
    from ..experiments.search import in_words
    from ..experiments.search import search as run_trials
    from ..files import write_text
    from ..methods.spelled import read_method, write_method

    data = task_of(chosen)
    found = run_trials(
        data,
        load_backbone(chosen.backbone),
        storage=chosen.storage,
        trials=chosen.trials,
        method=chosen.method,
        seed=chosen.seed,
        **told(chosen, "lr", "epochs", "max_length"),
    )
    table = Path(chosen.storage).with_suffix(".csv")
    write_text(table, found.to_csv(index=False))
    best = found.iloc[0]
    chosen_there = in_words(best.drop(["number", "state", "value"]).dropna())
    print(f"\n{len(found)} trials; the best, {best['value']:.1%} on the validation texts: {chosen_there}. All: {table}")
    if "dropout" in best:
        name, options = read_method(chosen.method)
        word = write_method(name, options | {"dropout": best["dropout"], "head_dropout": best["dropout"]})
        print(f"The dropout is that of the bottleneck and of the head: --method {word}")


def add(verb: Callable[[Callable, str], argparse.ArgumentParser], *more: Callable) -> None:
    """How the verbs are typed; `more` are what `search` has in common with `train`."""
    sub = verb(grid, "Do the runs that a file lists: what is missing is done, what is done is not done again.")
    sub.add_argument("file", help="a TOML file; grids/ has one for each table of the paper")
    sub.add_argument("--dry-run", action="store_true", help="list the runs, what is done, and an estimate of the rest")
    sub.add_argument("--flops", type=float, metavar="F", help="operations a second for it (default: measured here)")
    sub.add_argument("--collect", action="store_true", help="only write the tables of what is done so far")
    sub.add_argument(
        "--out", default="runs/grid", metavar="FOLDER", help="finished runs and tables; files share it (%(default)s)"
    )
    sub.add_argument("--models", metavar="FOLDER", help="holds the backbones by name, or as the hub's cache does")
    sub.add_argument("--jobs", type=int, default=1, metavar="N", help="processes on this machine (default: 1)")
    sub.add_argument("--executor", choices=["here", "ray"], default="here", help="ray: on a cluster of machines")
    sub.add_argument("--adapters", action="store_true", help="also keep each run's trained part")

    sub = verb(search, "Search Table 7's settings with Optuna; several processes may have one --storage.")
    sub.add_argument("task", help="a task's name or a table of your own")
    sub.add_argument("--trials", type=int, default=30, metavar="N", help="of all processes together (default: 30)")
    sub.add_argument("--storage", default="runs/search.db", metavar="FILE", help="goes on from it (%(default)s)")
    sub.add_argument("--method", default="idspam", help="one that has a dropout and a layer (default: %(default)s)")
    sub.add_argument("--epochs", type=int, help="fixed (default: searched)")
    sub.add_argument(
        "--lr", type=float, nargs="+",
        help="learning rates to search among (default: Table 7's, 1e-5 to 1e-3; MiniLM needs more, such as 3e-3)",
    )  # fmt: skip
    sub.add_argument("--seed", type=int, default=0, help="of what the trials draw, and of every training (default: 0)")
    for common in more:
        common(sub)
