"""What a block of a grid file may say: known keys, with values of their kind, for tasks and texts that are there."""

import json
import os
import warnings
from dataclasses import fields
from pathlib import Path

from ..errors import BadInput
from ..metrics import check_metric
from ..readout import check_readout
from ..tasks import TASKS, load_for_evaluation, load_task
from ..tasks.columns import SUFFIXES
from ..tasks.load import check_holdout
from ..training import Settings

LISTS = {
    "backbones": str, "tasks": str, "methods": str, "layers": int, "reads": str, "seeds": int, "tune_seeds": int,
    "transfer": str,
}  # fmt: skip
COLUMNS = ("text", "pair", "label")  # of tables of one's own
COUNTS = ("limit", "test_limit", "few_shot")  # of texts
SINGLE = {"few_shot": int, "limit": int, "test_limit": int, "holdout": float, "metric": str, "alone": bool}
SINGLE |= dict.fromkeys(COLUMNS, str)
NEEDED = ("backbones", "tasks", "methods", "seeds")
SETTINGS = tuple(field.name for field in fields(Settings) if field.name not in ("seed", "betas"))
KINDS = {name: type(getattr(Settings(), name)) for name in SETTINGS} | {"max_length": int, "order_seed": int}
ONE = {str: "a word", int: "a whole number", float: "a number", bool: "true or false"}
MANY = {str: "words", int: "whole numbers"}


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
    """A known task, or a table or folder that can be read, and tasks to transfer to that have as many classes.

    Raises:
        BadInput: otherwise, or a number of texts that cannot hold all classes.
    """
    for name in (task, *transfer):
        if name not in TASKS and Path(name).suffix.lower() not in SUFFIXES and not os.path.isdir(name):
            own = "or a table of yours, or a folder with train.csv"
            raise BadInput(f"There is no task {name!r} ({where}); there are {', '.join(TASKS)}, {own}.")
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
    """The classes of a task; of a table or folder by reading it, as a run will.

    Args:
        trained: the classes of what is trained, where the task is one to transfer to.

    Raises:
        BadInput: it is not there, or it cannot be trained or evaluated on.
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
