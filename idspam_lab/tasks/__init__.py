"""What a task is (registry.py), where its rows come from (sources.py), how they are divided (splits.py)."""

from .examples import Examples
from .load import TaskData, equated, load_for_evaluation, load_task
from .overlap import Overlap, OverlapWarning, overlap, warn_of_overlap
from .own import Table, from_dataset, read_table
from .registry import TASKS, Task
from .sources import at_hand
from .splits import hold_out, sample

__all__ = [
    "TASKS",
    "Examples",
    "Overlap",
    "OverlapWarning",
    "Table",
    "Task",
    "TaskData",
    "at_hand",
    "equated",
    "from_dataset",
    "hold_out",
    "load_for_evaluation",
    "load_task",
    "overlap",
    "read_table",
    "sample",
    "warn_of_overlap",
]
