"""What a grid would do, for a terminal: its runs, what is done, and what the rest will take."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..backbones.packaged import PACKAGED
from ..experiments.summary import as_text, summarize
from ..methods.spelled import title_of
from ..tasks import TASKS, at_hand
from ..tasks.sources import DATA_DIR
from ..terminal import table
from .due import ahead, total
from .estimate import cost_of
from .folder import GridFolder
from .groups import groups_of
from .models import Models
from .plan import GridRun, Plan

COLUMNS = ["backbone", "task", "method", "blocks", "seeds", "runs", "done", "PFLOP", "hours", "GB"]
WIDTH = 120


def dry_run(plan: Plan, folder: GridFolder, models: Models, rate: float, how: str) -> str:
    """The runs as a table, and what the missing ones need.

    Args:
        rate: floating-point operations a second.
        how: where the rate comes from.
    """
    missing = ahead(plan, folder)
    groups = groups_of(missing, models)
    flop, memory, kept = {}, {}, 0.0
    for group in groups:
        cost = cost_of(group, models)
        kept = max(kept, cost.kept)
        for run in group:
            flop[run.id], memory[run.id] = cost.flop / len(group), cost.memory
    listed = [run for run in plan.runs if run.id in flop or folder.done(run)]
    rows = [row_of(runs, flop, memory, rate) for runs in alike(listed)]
    hours = sum(flop.values()) / rate / 3600
    lines = [f"{plan.title}\n", table(rows, COLUMNS, width=WIDTH), ""]
    lines.append(f"{len(listed)} runs, {len(listed) - len(missing)} done; the rest in {len(groups)} groups that")
    lines[-1] += f" share passes: about {hours:,.1f} hours at {how}."
    if missing:
        most = max(memory.values()) / 1e9
        lines.append(f"Memory: at most about {most:.1f} GB at once, and {kept / 1e9:.1f} GB of kept hidden states.")
    lines += from_the_hub(missing, models)
    lines.append("The estimate counts the blocks' products alone (idspam_lab/grid/estimate.py): a guide, no promise.")
    return "\n".join(lines)


def from_the_hub(runs: Sequence[GridRun], models: Models) -> list[str]:
    """A line for the texts and one for the models that the hub will be asked for; here it is not."""
    texts = dict.fromkeys(name for run in runs for name in (run.task, *run.transfer))
    texts = [name for name in texts if name in TASKS and not at_hand(name)]
    names = dict.fromkeys(run.backbone for run in runs)
    frozen = [name for name in names if name not in PACKAGED and not Path(models.place(name)).is_dir()]
    asks = "not here, so the hub or its cache is asked"
    lines = [f"Texts {asks}: {', '.join(texts)}. Another place: {DATA_DIR}."] if texts else []
    return lines + ([f"Models {asks}: {', '.join(frozen)}. Another place: --models."] if frozen else [])


def alike(runs: Sequence[GridRun]) -> list[list[GridRun]]:
    """Runs that differ in block, seed and settings alone, in the plan's order."""
    found: dict[tuple, list[GridRun]] = {}
    for run in runs:
        found.setdefault((run.backbone, run.task, run.transfer, run.method, run.read), []).append(run)
    return list(found.values())


def row_of(runs: Sequence[GridRun], flop: dict[str, float], memory: dict[str, float], rate: float) -> dict:
    """One line of the table. What is done needs nothing."""
    first, missing = runs[0], [run for run in runs if run.id in flop]
    blocks = sorted({run.layer for run in runs if run.layer is not None})
    seeds = sorted({run.settings.seed for run in runs})
    needed = sum(flop[run.id] for run in missing)
    return {
        "backbone": first.backbone,
        "task": " → ".join([first.task, *first.transfer]),
        "method": title_of(first.method) + (f", reads the {first.read}" if first.read else ""),
        "blocks": spans(blocks) or "its own",
        "seeds": spans(seeds),
        "runs": len(runs),
        "done": len(runs) - len(missing),
        "PFLOP": f"{needed / 1e15:,.1f}",
        "hours": f"{needed / rate / 3600:,.1f}",
        "GB": f"{max((memory[run.id] for run in missing), default=0) / 1e9:.1f}",
    }


def spans(numbers: Sequence[int]) -> str:
    """[0, 1, 2, 5] -> "0-2 5" """
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return " ".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)


def results(plan: Plan, best: pd.DataFrame, folder: GridFolder) -> str:
    """Means over the seeds, what to know of them, and where all is.

    Args:
        best: of each method's best settings.
    """
    found = [folder.read(run) for run in plan.runs if folder.done(run)]
    if not found:
        return f"Nothing is done yet of {total(plan)} runs."
    remarks = dict.fromkeys(remark for run in found for remark in run.get("remarks", ()))
    where = ", ".join(path.name for path in sorted(folder.path.glob(f"{plan.name}*.csv")))
    lines = [f"{as_text(summarize(best))}\n", *(f"Note: {remark}" for remark in remarks)]
    return "\n".join([*lines, f"{len(found)} of {total(plan)} runs are done. Written to {folder.path}: {where}"])
