"""Layer curves and choices that are trained once: what was found lies in a folder and is read back the next time.

FOLDER/curve.json               the rows, and the key of what they were found with
FOLDER/adapters/layerM-seedK/   every run's trained part (PromptClassifier.from_pretrained)
FOLDER/choice.json              the evidence of `choose_layer`
FOLDER/checkpoints/             what a killed curve goes on from
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from ..backbones import Backbone
from ..classifier import PromptClassifier
from ..files import write_json
from ..tasks import TaskData
from .compare import majority_of
from .finished import key_of, read_rows
from .layer_choice import LayerChoice, choose_layer
from .layer_curve import checkpoints, evaluate_together, finished, linear_head, runs_of, train_together, which_seeds
from .session import Target


def kept_curve(
    data: TaskData,
    backbone: Backbone,
    *,
    folder: str | Path,
    seeds: int | Sequence[int] = 3,
    method: str = "idspam",
    progress: bool = True,
    **settings,
) -> pd.DataFrame:
    """`layer_curve` at all blocks, beside its baselines; rows and adapters stay in the folder.

    Other data, settings or seeds are another curve: it is trained, and takes the old one's place.

    Returns:
        The columns of `layer_curve`, and for its runs validation_score (of the epoch that was kept; None without
        validation texts) and folder (of the run's adapter).

    Raises:
        BadInput: what `layer_curve` raises, or the folder cannot be written.
    """
    folder = Path(folder)
    clfs, chosen = runs_of(data, backbone, method, range(backbone.L), which_seeds(seeds), settings)
    key = key_of(data, backbone, method, chosen[0], None, [one.seed for one in chosen])

    def train() -> list[dict]:
        places = checkpoints(folder, data, clfs, chosen)
        done, trained = finished(clfs, train_together(clfs, chosen, data, out=places, progress=progress))
        rows = evaluate_together(done, trained, chosen[0], data, method, "")
        for clf, run, row in zip(done, trained, rows, strict=True):
            place = Path("adapters") / f"layer{row['layer']}-seed{row['seed']}"
            clf.save_pretrained(folder / place)
            row |= {"validation_score": run.best.get("validation_score"), "folder": str(place)}
        return [majority_of(data, Target(data), backbone, ""), linear_head(data, backbone, chosen[0], ""), *rows]

    found = pd.DataFrame(kept_rows(folder / "curve.json", key, train))
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)  # the rows are written
    return found.assign(folder=found["folder"].map(lambda place: str(folder / place), na_action="ignore"))


def kept_choice(
    data: TaskData,
    backbone: Backbone,
    *,
    folder: str | Path,
    seed: int = 0,
    method: str = "idspam",
    read: str | None = None,
    progress: bool = True,
    **settings,
) -> LayerChoice:
    """`choose_layer` with one seed; its evidence stays in the folder, and the next call reads it back.

    Raises:
        BadInput: what `choose_layer` raises, or the folder cannot be written.
    """
    _, chosen = runs_of(data, backbone, method, [0], [seed], settings)
    key = key_of(data, backbone, method, chosen[0], None, "choice", read)

    def choose() -> list[dict]:
        told = {"method": method, "backbone": backbone, "seeds": [seed], "read": read, "progress": progress}
        found = choose_layer(data, **told, **settings)
        return found.evidence.to_dict("records")

    evidence = pd.DataFrame(kept_rows(Path(folder) / "choice.json", key, choose))
    (layer,) = evidence[(evidence["epoch"] == evidence["epoch"].max()) & evidence["kept"]]["layer"]
    return LayerChoice(int(layer), evidence)


def kept_rows(path: Path, key: str, make: Callable[[], list[dict]]) -> list[dict]:
    """The rows of a file with this key; where there is none, `make` is asked and what it says is written."""
    rows = read_rows(path, key)
    if rows is None:
        rows = make()
        write_json(path, {"key": key, "rows": rows})
    return rows


def opener(backbone: Backbone) -> Callable[[pd.Series], PromptClassifier | None]:
    """For the LayerCurve panel: a row of `kept_curve` -> its classifier; a row of another table -> None."""

    def open_run(row: pd.Series) -> PromptClassifier | None:
        place = row.get("folder")
        return PromptClassifier.from_pretrained(place, backbone=backbone) if isinstance(place, str) else None

    return open_run
