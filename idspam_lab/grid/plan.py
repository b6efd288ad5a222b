"""A grid file -> its runs, checked.

    title = "ID-SPAM at two blocks beside LPT"
    seeds = [0, 1, 2]                             # up here a key counts for every block that does not say it itself

    [[runs]]                                      # a block: every combination of what its lists hold
    backbones = ["minilm"]
    tasks = ["sst2", "reviews.csv"]
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
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from itertools import product
from pathlib import Path

from ..errors import BadInput
from ..files import file_digest
from ..methods import METHODS
from ..methods.spelled import read_method, title_of, write_method
from ..metrics import check_metric
from ..readout import check_readout
from ..tasks import TASKS, load_for_evaluation, load_task
from ..tasks.columns import SUFFIXES
from ..tasks.load import check_holdout
from ..tasks.sources import DATA_DIR
from ..training import Settings
from .models import Models

FORMAT = "idspam_lab grid 1"
LISTS = {
    "backbones": str, "tasks": str, "methods": str, "layers": int, "reads": str, "seeds": int, "tune_seeds": int,
    "transfer": str,
}  # fmt: skip
COLUMNS = ("text", "pair", "label")  # of tables of one's own
LATER = (*COLUMNS, "read")  # what a run says only where its file does
COUNTS = ("limit", "test_limit", "few_shot")  # of texts
SINGLE = {"few_shot": int, "limit": int, "test_limit": int, "holdout": float, "metric": str, "alone": bool}
SINGLE |= dict.fromkeys(COLUMNS, str)
NEEDED = ("backbones", "tasks", "methods", "seeds")
SETTINGS = tuple(field.name for field in fields(Settings) if field.name not in ("seed", "betas"))
KINDS = {name: type(getattr(Settings(), name)) for name in SETTINGS} | {"max_length": int, "order_seed": int}
ONE = {str: "a word", int: "a whole number", float: "a number", bool: "true or false"}
MANY = {str: "words", int: "whole numbers"}


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
    origins: tuple[str, ...] = ()  # of the weights and of each task's texts

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
        return f"{title_of(self.method)}{block}{read}, seed {self.settings.seed}, {self.task} on {self.backbone}"


@dataclass(frozen=True)
class Plan:
    """A grid file."""

    name: str
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
    return Plan(path.stem, str(title or path.stem), *told)


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


# What a block may say ------------------------------------------------------------------------------------------------


def check_keys(block: dict, where: str | Path) -> None:
    """Known keys alone, each with values of its kind.

    Raises:
        BadInput: otherwise.
    """
    for key, value in block.items():
        if key in LISTS:
            if key != "layers" or value != "all":
                checked(key, value, LISTS[key], where)
        elif key in SINGLE:
            check_single(key, value, SINGLE[key], where)
        elif key == "settings":
            check_settings(value, where)
        else:
            known = ", ".join([*LISTS, *SINGLE, "settings"])
            raise BadInput(f"There is no key {key!r} in a grid file ({where}); there are title, runs, {known}.")


def checked(key: str, value, kind: type, where: str | Path) -> list:
    """A list that is not empty, of one kind.

    Raises:
        BadInput: otherwise.
    """
    if not isinstance(value, list):
        raise BadInput(f"{key} is {value!r} in {where}, but it is a list: write {key} = [{json.dumps(value)}].")
    if not value and key != "transfer":
        raise BadInput(f"{key} is an empty list in {where}: name at least one.")
    for one in value:
        if type(one) is not kind:
            raise BadInput(f"{key} holds {one!r} in {where}, but it is a list of {MANY[kind]}.")
    return value


def check_settings(settings, where: str | Path) -> None:
    """Names that `Settings` has.

    Raises:
        BadInput: otherwise.
    """
    if not isinstance(settings, dict):
        raise BadInput(f"settings is {settings!r} in {where}, but it is a table: settings = {{ epochs = 10 }}.")
    for name, value in settings.items():
        if name == "seed":
            raise BadInput(f"settings has a seed in {where}: write seeds = [...] beside the settings.")
        if name not in SETTINGS:
            raise BadInput(f"There is no setting {name!r} ({where}); there are {', '.join(SETTINGS)}.")
        if value == []:
            raise BadInput(f"{name} is an empty list in {where}: name at least one value.")
        for one in value if isinstance(value, list) else [value]:
            check_single(name, one, KINDS[name], where)


def check_single(key: str, value, kind: type, where: str | Path) -> None:
    """One value of its kind; a whole number will do for a decimal one.

    Raises:
        BadInput: otherwise.
    """
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise BadInput(f"{key} is {value!r} in {where}, but it is {ONE[kind]}.")


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
    for backbone, task, method in product(block["backbones"], block["tasks"], block["methods"]):
        method = write_method(*read_method(method))
        columns = {} if all(name in TASKS for name in (task, *transfer)) else columns_of(block)
        origins = (models.digest(backbone), *(texts_digest(name) for name in (task, *transfer)))
        for layer, read in product(layers_of(block, backbone, method, where, models), block.get("reads", [None])):
            for settings in settings_of(block.get("settings", {}), method):
                for seed in block["seeds"]:
                    chosen = Settings(**(settings | {"seed": seed}))
                    yield GridRun(backbone, task, method, layer, chosen, **more, **columns, read=read, origins=origins)


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


def columns_of(block: dict) -> dict[str, str]:
    """The columns that a block names."""
    return {name: block[name] for name in COLUMNS if name in block}


def check_numbers(block: dict, where: str) -> None:
    """How many texts, held out of how many, what is read of them and how they are scored.

    Raises:
        BadInput: there is no such metric or token, or a number that means nothing.
    """
    try:
        check_holdout(block.get("holdout", 0))
        check_metric(block.get("metric", "accuracy"))
        for name in block.get("reads", ()):
            check_readout(name)
    except BadInput as error:
        raise BadInput(f"{str(error).rstrip('.')} ({where}).") from error
    for key, least in zip(COUNTS, (1, 1, 0), strict=True):
        if block.get(key, least) < least:
            raise BadInput(f"{key} is {block[key]} in {where}, but it is a number of texts, {least} at least.")


def check_task(task: str, transfer: tuple[str, ...], block: dict, where: str) -> None:
    """A known task or a table that can be read, and tasks to transfer to that have as many classes.

    Raises:
        BadInput: otherwise, or a number of texts that cannot hold all classes.
    """
    for name in (task, *transfer):
        if name not in TASKS and Path(name).suffix.lower() not in SUFFIXES:
            raise BadInput(f"There is no task {name!r} ({where}); there are {', '.join(TASKS)}, or a table of yours.")
    if task in transfer:
        raise BadInput(f"{task} is trained on and so it is no task to transfer to ({where}): leave it out of transfer.")
    try:
        labels = labels_of(task, block)
        for name in transfer:
            theirs = labels_of(name, block, labels)
            if len(theirs) != len(labels):
                counts = f"{len(labels)} classes and {name} {len(theirs)}"
                raise BadInput(f"{task} has {counts}, so there is no transfer between them.")
    except BadInput as error:
        raise BadInput(f"{str(error).rstrip('.')} ({where}).") from error
    for key in COUNTS:
        if 0 < block.get(key, 0) < len(labels):
            raise BadInput(f"{key} is {block[key]} in {where}, but {task} has {len(labels)} classes: ask for as many.")


def labels_of(name: str, block: dict, trained: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """The classes of a task; of a table by reading it, as a run will.

    Args:
        trained: the classes of what is trained, where the task is one to transfer to.

    Raises:
        BadInput: the table is not there, or it cannot be trained or evaluated on.
    """
    if name in TASKS:
        return TASKS[name].labels
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the run says it
        if trained is None:
            return load_task(name, holdout=block.get("holdout", 0.1), **columns_of(block)).task.labels
        if block.get("few_shot"):
            return load_task(name, holdout=0, **columns_of(block)).task.labels
        return load_for_evaluation(name, names=trained, **columns_of(block)).task.labels


def texts_digest(task: str) -> str:
    """Tells texts in files from others; what is embedded or comes from the hub goes by its name."""
    folder = Path(os.environ.get(DATA_DIR) or "") / task
    if task in TASKS:
        local = os.environ.get(DATA_DIR) and folder.is_dir()
        paths = [folder / f"{split}.parquet" for split in TASKS[task].splits.values()] if local else []
    else:
        paths = [Path(task)]
    digests = [file_digest(path, path.stat().st_mtime_ns) for path in paths if path.is_file()]
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()[:16] if digests else task
