"""A grid file -> its runs, checked.

    title = "ID-SPAM at two blocks beside LPT"
    seeds = [0, 1, 2]                             # up here a key counts for every block that does not say it itself

    [[runs]]                                      # a block: every combination of what its lists hold
    backbones = ["minilm"]
    tasks = ["sst2", "reviews.csv"]               # by name, or a table of one's own, or a folder with train.csv
    methods = ["idspam", "idspam:heads=4", "lpt"]
    layers = [2, 3]                               # or "all"; default: each method's own
    reads = ["mean", "first"]                     # tokens for the head; default: what the model was trained with
    settings = { epochs = 10, lr = [1e-3, 3e-3] } # of training, for all methods; a list has every value once
    transfer = ["imdb"]                           # also evaluated there without training there
    few_shot = 100                                # ... after training on so many of its texts

Further keys: tune_seeds, the seeds that try all of those settings, while each other one trains once, with what did best
on the validation texts (`due`); metric, limit, holdout, and for tables of one's own text, pair, label (see
`load_task`); test_limit, a stratified choice of so many of each set of test texts; and alone = true, where times are
the point: no passes are shared. A file that has `commands` in place of runs names what to type for a table that no
training fills.
"""

import hashlib
import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

from ..errors import BadInput
from ..files import file_digest
from ..methods import METHODS
from ..methods.code import code_of
from ..methods.spelled import read_method, title_of, write_method
from ..tasks import TASKS
from ..tasks.load import files_in
from ..tasks.sources import DATA_DIR
from ..training import Settings
from .block import COLUMNS, KINDS, NEEDED, SINGLE, check_keys, check_numbers, check_task, checked, columns_of
from .models import Models

FORMAT = "idspam_lab grid 1"
LATER = (*COLUMNS, "read")  # what a run says only where its file does


@dataclass(frozen=True)
class GridRun:
    """One run: all that its result depends on."""

    backbone: str
    task: str
    method: str  # spelled, without its layer
    layer: int | None
    settings: Settings  # with the seed
    transfer: tuple[str, ...] = ()
    few_shot: int = 0
    metric: str | None = None  # None: each task's own
    limit: int | None = None
    test_limit: int | None = None
    holdout: float = 0.1
    alone: bool = False
    text: str | None = None  # columns of tables of one's own; None: guessed, or there is no such table
    pair: str | None = None
    label: str | None = None
    read: str | None = None  # the token for the head; None: the backbone's own
    origins: tuple[str, ...] = ()  # of the weights, of each task's texts
    code: str = ""  # of the method, see methods/code.py

    @property
    def id(self) -> str:
        """The same for the same run, in any process. 16 hex digits."""
        return hashlib.sha256(json.dumps([FORMAT, self.to_dict()], sort_keys=True).encode()).hexdigest()[:16]

    @property
    def columns(self) -> dict[str, str | None]:
        """The columns of tables of one's own, for `load_task`."""
        return {name: getattr(self, name) for name in COLUMNS}

    def to_dict(self) -> dict:
        """For JSON. Columns and a token that were not named are left out: runs are the same without that choice."""
        return {name: value for name, value in asdict(self).items() if name not in LATER or value is not None}

    def __str__(self) -> str:
        block = "" if self.layer is None else f", block {self.layer}"
        read = "" if self.read is None else f", reads the {self.read}"
        told = f"lr {self.settings.lr:g}, seed {self.settings.seed}"
        return f"{title_of(self.method)}{block}{read}, {told}, {self.task} on {self.backbone}"


@dataclass(frozen=True)
class Plan:
    """A grid file."""

    name: str
    file: Path  # whole: files of one name are not the same
    title: str
    runs: tuple[GridRun, ...]
    commands: tuple[str, ...] = ()
    later: frozenset[str] = frozenset()  # ids of runs that wait for a choice of settings, of which most will never be


def read_plan(path: str | Path, models: Models) -> Plan:
    """The runs of a grid file, each once, in its order.

    Raises:
        BadInput: no such file, or something in it that no run can be made of; one sentence says which.
    """
    path = Path(path)
    content = read_toml(path)
    title, blocks, commands = (content.pop(key, None) for key in ("title", "runs", "commands"))
    if commands is not None:
        checked("commands", commands, str, path)
    elif not isinstance(blocks, list) or not blocks:
        raise BadInput(f"{path} has no runs: give it at least one block that begins with [[runs]].")
    check_keys(content, path)
    runs: dict[str, GridRun] = {}
    later, at_once = set(), set()
    for number, block in enumerate(blocks or (), start=1):
        where = f"{path}, block {number}"
        if not isinstance(block, dict):
            raise BadInput(f"{where} is {block!r}, but a block begins with [[runs]] and has keys.")
        check_keys(block, where)
        block = content | block
        found = {run.id: run for run in runs_of(block, where, models)}
        waits = seeds_that_wait(block, where)
        later |= {run.id for run in found.values() if run.settings.seed in waits}
        at_once |= {run.id for run in found.values() if run.settings.seed not in waits}
        runs |= found
    told = tuple(runs.values()), tuple(commands or ()), frozenset(later - at_once)
    return Plan(path.stem, path.resolve(), str(title or path.stem), *told)


def read_toml(path: Path) -> dict:
    """The file's content.

    Raises:
        BadInput: it cannot be read as TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The grid file {path} cannot be read ({error}).") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is not TOML: {error}.") from error


# A block -> runs -----------------------------------------------------------------------------------------------------


def runs_of(block: dict, where: str, models: Models) -> Iterator[GridRun]:
    """Every combination.

    Raises:
        BadInput: a key is missing; or an unknown task, method or backbone, an option, setting or layer that it has not.
    """
    missing = [key for key in NEEDED if key not in block]
    if missing:
        raise BadInput(f"{where} has no {missing[0]}: a block needs {', '.join(NEEDED)}.")
    check_numbers(block, where)
    transfer, few_shot = tuple(block.get("transfer", ())), block.get("few_shot", 0)
    if few_shot and not transfer:
        raise BadInput(f"few_shot goes with transfer, the tasks that the {few_shot} texts are of ({where}).")
    for task in block["tasks"]:
        check_task(task, transfer, block, where)
    more = {key: block[key] for key in SINGLE if key in block and key not in ("few_shot", *COLUMNS)}
    more |= {"transfer": transfer, "few_shot": few_shot}
    if more.get("holdout", 0) >= 1:
        more["holdout"] = int(more["holdout"])  # 300.0 rows are 300
    for backbone, task, method in product(block["backbones"], block["tasks"], block["methods"]):
        method = write_method(*read_method(method))
        columns = {} if all(name in TASKS for name in (task, *transfer)) else columns_of(block)
        origins = (models.digest(backbone), *(texts_digest(name) for name in (task, *transfer)))
        for layer, read in product(layers_of(block, backbone, method, where, models), block.get("reads", [None])):
            for settings in settings_of(block.get("settings", {}), method):
                code = code_of(METHODS[read_method(method)[0]])
                for seed in block["seeds"]:
                    chosen = Settings(**(settings | {"seed": seed}))
                    where_from = {"origins": origins, "code": code}
                    yield GridRun(backbone, task, method, layer, chosen, **more, **columns, read=read, **where_from)


def layers_of(block: dict, backbone: str, method: str, where: str, models: Models) -> list[int | None]:
    """The blocks of a method, each tried out on the model's shape."""
    layers = block.get("layers", [None])
    if "layers" in block and "layer" in read_method(method)[1]:
        raise BadInput(f"{method!r} names a layer and so does layers ({where}): leave one of them out.")
    try:
        chosen = list(range(models.shape(backbone).L)) if layers == "all" else layers
        for layer in chosen:
            models.built(backbone, method, layer)
    except NotImplementedError as error:
        raise BadInput(f"{backbone} cannot be run in stages here ({where}).") from error
    except BadInput as error:
        raise BadInput(f"{str(error).rstrip('.')} ({where}).") from error
    return chosen


def settings_of(told: dict, method: str) -> Iterator[dict]:
    """The method's preset with what the block says; of each list one value at a time."""
    lists = [value if isinstance(value, list) else [value] for value in told.values()]
    lists = [list(map(KINDS[name], values)) for name, values in zip(told, lists, strict=True)]  # 0 is 0.0
    for values in product(*lists):
        yield METHODS[read_method(method)[0]].preset | dict(zip(told, values, strict=True))


def seeds_that_wait(block: dict, where: str) -> set[int]:
    """Those that train only with what `tune_seeds` have chosen; none where there is one choice of settings.

    Raises:
        BadInput: nothing to choose by, or a seed that does not train.
    """
    lists = [value for value in block.get("settings", {}).values() if isinstance(value, list) and len(value) > 1]
    if "tune_seeds" not in block or not lists:
        return set()
    if unknown := [seed for seed in block["tune_seeds"] if seed not in block["seeds"]]:
        raise BadInput(f"tune_seeds holds {unknown[0]}, which is not among seeds = {block['seeds']} ({where}).")
    if block.get("holdout", 1) == 0:
        raise BadInput(f"tune_seeds needs validation texts to choose by, but holdout is 0 ({where}).")
    return set(block["seeds"]) - set(block["tune_seeds"])


def texts_digest(task: str) -> str:
    """Tells texts in files from others; what is embedded or comes from the hub goes by its name."""
    folder, names = Path(os.environ.get(DATA_DIR) or "") / task, []
    if task in TASKS:
        local = os.environ.get(DATA_DIR) and folder.is_dir()
        paths = [folder / f"{split}.parquet" for split in TASKS[task].splits.values()] if local else []
    elif os.path.isdir(task):
        paths = files_in(task).values()
        names = [path.name for path in paths]  # by another name the same rows are another part
    else:
        paths = [Path(task)]
    digests = [file_digest(path, path.stat().st_mtime_ns) for path in paths if path.is_file()]
    return hashlib.sha256(" ".join([*digests, *names]).encode()).hexdigest()[:16] if digests else task
