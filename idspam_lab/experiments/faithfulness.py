"""A faithfulness study on disk: three tables, where they come from, and one picture.

FOLDER/erasure.csv         run, order, route, text, comprehensiveness, sufficiency (AOPC)
FOLDER/prompts.csv         run, intervention, text, probability, drop, flipped, correct
FOLDER/completeness.csv    run, text, gap of integrated gradients
FOLDER/about.json          command, adapters, texts, versions, hardware, date
FOLDER/faithfulness.png    means with intervals, and in sentences what held
"""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from ..analysis.faithfulness import Study, findings, prompt_table, summary
from ..errors import BadInput
from ..files import write_json, write_text
from ..tasks import TaskData
from ..training.device import device_of
from ..training.record import environment

TABLES = ("erasure", "prompts", "completeness")


def write_study(study: Study, folder: str | Path, about: dict) -> None:
    """Writes all five.

    Raises:
        BadInput: the folder cannot be written.
    """
    from ..plots import faithfulness, save

    folder = Path(folder)
    for name in TABLES:
        table = getattr(study, name)
        write_text(folder / f"{name}.csv", table.to_csv(index=False, float_format="%.6f"))
    write_json(folder / "about.json", about)
    save(faithfulness(summary(study), prompt_table(study), findings(study)), folder / "faithfulness.png")


def read_study(folder: str | Path) -> Study:
    """What `write_study` wrote.

    Raises:
        BadInput: a table is missing or is no such table.
    """
    try:
        study = Study(**{name: pd.read_csv(Path(folder) / f"{name}.csv") for name in TABLES})
        findings(study)
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(f"{folder} does not hold a study of `idspam-lab faithfulness` ({error}).") from error
    return study


def describe(classifiers: dict, data: TaskData, command: str) -> dict:
    """Where a study comes from, as JSON can hold it."""
    clf = next(iter(classifiers.values()))
    return {
        "command": command,
        "adapters": list(classifiers),
        "adapter": clf.adapter_config(),
        "task": data.task.name,
        "texts": len(data.test),
        "source": data.source,
        "split_rule": data.split_rule,
        "fingerprint": data.fingerprint,
        "environment": environment(device_of(clf)),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
