"""Zero-shot transfer there and back, as in Table 6: trained on each of two tasks, tested on both.

FOLDER/TASK/   what was trained on that task, as `compare` leaves it; it is not trained again
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..backbones import Backbone
from ..classifier import PromptClassifier
from ..errors import BadInput
from ..methods.spelled import title_of
from ..tasks import TaskData
from .compare import compare
from .finished import stem
from .session import Target
from .summary import CONFIGURATION, SAME, summarize, varying


def both_ways(
    first: TaskData,
    second: TaskData,
    backbone: Backbone,
    methods: Sequence[str],
    seeds: Sequence[int] = (0,),
    *,
    folder: str | Path,
    max_length: tuple[int, int],
    fresh: bool = False,
    say=print,
    **settings,
) -> pd.DataFrame:
    """Trains every method on each task and evaluates it on the test texts of both.

    Args:
        first, second: with as many classes; see `TaskData.answered_by` for which one stands for which.
        methods: as for `compare`, which adds the majority class and the linear head.
        max_length: tokens that are read of the first task's texts and of the second's, in training and in testing.
        fresh: as for `compare`.

    Returns:
        A row a run and test task, with the columns of `compare`.

    Raises:
        BadInput: the tasks have different numbers of classes, or what `compare` raises.
    """
    second = second.answered_by(first.task.labels)
    found = []
    ways = ((first, max_length[0], second, max_length[1]), (second, max_length[1], first, max_length[0]))
    for source, length, target, limit in ways:
        say(f"Trained on {source.task.name}, tested there and on {target.task.name}:")
        place, reading = Path(folder) / source.task.name, Target(target, limit)
        more = {"folder": place, "transfer": reading, "say": say, "max_length": length, "fresh": fresh}
        found.append(compare(source, backbone, methods, seeds, **more, **settings))
    return pd.concat(found, ignore_index=True)


def home_and_abroad(results: pd.DataFrame) -> pd.DataFrame:
    """A row a method, the best at home first; a column for the task that was trained on and one for each other.

    Args:
        results: of one training task, as `both_ways` or `idspam-lab grid` gives them.

    Returns:
        Texts: mean and standard deviation over the seeds, in percent.

    Raises:
        BadInput: the table has several configurations of a method (blocks, rates, backbones, ...).
    """
    table = summarize(results)
    twice = table[table.duplicated(["test_task", "method"], keep=False)]
    if len(twice):
        first = twice["method"].iloc[0]
        several = varying(twice[twice["method"] == first], ["test_task", "method"], [*SAME, *CONFIGURATION])
        raise BadInput(
            f"The table has several configurations of {first}, which differ in "
            f"{' and '.join(several) or 'nothing that is a column'}: leave one of them in the table."
        )
    order = table[table["train_task"] == table["test_task"]].sort_values("mean", ascending=False)["method"]
    table["place"] = [
        f"at home, {row.test_task}" if row.train_task == row.test_task else f"abroad, {row.test_task}"
        for row in table.itertuples()
    ]
    spread = table["std"].map(lambda std: f" ± {100 * std:.1f}" if std == std else "")
    table["cell"] = table["mean"].map(lambda mean: f"{100 * mean:.1f}") + spread
    wide = table.pivot(index="method", columns="place", values="cell").loc[order]
    return wide[sorted(wide.columns, key=lambda place: place.startswith("abroad"))].rename_axis(None, axis=1)


def trained(
    folder: str | Path, tasks: Sequence[str], methods: Sequence[str], backbone: Backbone, seed: int = 0
) -> dict[str, dict[str, PromptClassifier]]:
    """Task -> method's title -> what `both_ways` trained there with this seed. `methods` as they were spelled there.

    Raises:
        BadInput: it is not there.
    """
    return {
        task: {
            title_of(word): PromptClassifier.from_pretrained(
                Path(folder) / task / "adapters" / stem(word, seed), backbone=backbone
            )
            for word in methods
        }
        for task in tasks
    }
