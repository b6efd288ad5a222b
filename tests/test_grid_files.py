"""The grid files of the paper's tables: as many runs as the table has cells, and each one starts and loads."""

import os
import re
import shlex
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from idspam_lab.cli import main
from idspam_lab.cli.grammar import parser
from idspam_lab.experiments.summary import IN_THE_PAPER, TASKS_IN_THE_PAPER
from idspam_lab.grid.collect import collect
from idspam_lab.grid.executors import work
from idspam_lab.grid.folder import GridFolder
from idspam_lab.grid.models import Models
from idspam_lab.grid.plan import read_plan
from idspam_lab.methods import LABELS
from idspam_lab.paper_tables import paper_table
from tests.grid_models import save_in_cache, save_models, save_tasks

GRIDS = Path(__file__).resolve().parent.parent / "grids"
FILES = sorted(GRIDS.glob("*.toml"))
TRAINED = [path for path in FILES if "runs" in tomllib.loads(path.read_text())]
SEEDS = {0, 1, 2}
BACKBONES = ("roberta-base", "roberta-large", "gpt2", "gpt2-large")
ON_ONE = {14: "roberta-large"}  # the paper names none


def number(path):
    return int(path.stem.partition("_")[2])


def cells(path):
    """(backbone, method, train task, test task) of each printed score, time or loss curve."""
    if path.stem == "figure_2":  # not in data/paper: read off its caption
        return {("roberta-large", method, task, task) for method in ("LPT", "ID-SPAM") for task in ("MRPC", "RTE")}
    table = paper_table(number(path))
    for column in ("train_task", "test_task"):
        if column not in table:
            table[column] = table["task"] if "task" in table else table["dataset"]
    if "backbone" not in table:
        table["backbone"] = ON_ONE[number(path)]
    table = table[table["test_task"] != "Mean"]
    return set(table[["backbone", "method", "train_task", "test_task"]].itertuples(index=False, name=None))


def as_printed(run):
    """A run's cell by the paper's names."""
    train, test = (TASKS_IN_THE_PAPER[name] for name in (run.task, *run.transfer, run.task)[:2])
    return run.backbone, IN_THE_PAPER[LABELS[run.method]], train, test


@pytest.fixture(scope="module")
def by_name():
    """The plans from the models' known shapes: neither weights nor network."""
    models = Models()
    return {path.stem: read_plan(path, models) for path in FILES}


def test_there_is_a_file_for_each_table_and_figure():
    wanted = {f"table_{n:02d}" for n in (2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16)} | {"figure_2"}
    assert {path.stem for path in FILES} == wanted


@pytest.mark.parametrize("path", TRAINED, ids=lambda path: path.stem)
def test_a_run_for_each_cell_and_seed(path, by_name):
    runs, wanted = by_name[path.stem].runs, cells(path)
    assert {as_printed(run) for run in runs} == wanted
    layers = set(range(24)) if path.stem == "figure_2" else {None}
    seen = {(as_printed(run), run.layer, run.settings.seed) for run in runs}
    assert seen == {(cell, layer, seed) for cell in wanted for layer in layers for seed in SEEDS}
    assert len(runs) == len(wanted) * len(layers) * len(SEEDS)


@pytest.mark.parametrize("path", [path for path in FILES if path not in TRAINED], ids=lambda path: path.stem)
def test_a_table_of_counts_names_a_command_for_each_cell(path, by_name, capsys):
    *counts, audit = by_name[path.stem].commands
    chosen = [parser().parse_args(shlex.split(command)[1:]) for command in counts]
    found = {(one.backbone, IN_THE_PAPER[LABELS[one.method]]) for one in chosen}
    table = paper_table(number(path))
    assert found == set(table[["backbone", "method"]].itertuples(index=False, name=None))
    assert len(chosen) == len(table) and {one.run.__name__ for one in chosen} == {"count"}
    main(shlex.split(audit)[1:])  # LoRA's counts as printed are of another rank
    told = capsys.readouterr().out
    for printed in table[table["method"] == "LoRA"].itertuples():
        assert (f"{printed.parameters:,}" if number(path) == 12 else f"{printed.millions} M") in told


def test_the_readme_says_how_many_runs(by_name):
    text = (GRIDS / "README.md").read_text()
    for line in re.findall(r"^\| `.*$", text, re.MULTILINE):
        count = line.split("|")[2].strip()
        for name in re.findall(r"`((?:table|figure)_\d+)\.toml`", line.split("|")[1]):
            said = 0 if count == "–" else int(count.removesuffix(" each"))
            assert said == len(by_name.pop(name).runs)
    assert not by_name or set(by_name) == set()


def test_the_settings_are_of_table_7(by_name):
    values = {row.hyperparameter: row.values for row in paper_table(7).itertuples(index=False)}
    single = {name: text for name, text in values.items() if "..." not in text}
    numbers = {name: {float(v) for v in re.findall(r"[\d.e-]+", text)} for name, text in single.items()}
    for plan in by_name.values():
        for run in plan.runs:
            assert run.settings.epochs in numbers["Epochs"] and run.settings.batch_size in numbers["Batch Size"]
            if run.method in ("idspam", "mean_pooling", "fine_tuning"):
                assert run.settings.lr in numbers["Learning Rates"]


# They start and load ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Tiny models of the paper's families, half as the hub's cache lies, and small tasks with the hub's columns."""
    folder = tmp_path_factory.mktemp("paper")
    save_models(folder / "models", BACKBONES)
    save_tasks(folder / "tasks")
    return folder


def covering(runs):
    """A few of the runs that have every backbone, method, task and transfer of all."""
    chosen, seen = [], set()
    for run in runs:
        parts = {("backbone", run.backbone), ("method", run.method), ("task", run.task, run.transfer)}
        if not parts <= seen:
            chosen.append(replace(run, settings=replace(run.settings, epochs=1), few_shot=min(run.few_shot, 6)))
            seen |= parts
    return tuple(chosen)


@pytest.mark.parametrize("path", TRAINED, ids=lambda path: path.stem)
def test_it_starts_and_loads_where_weights_are(path, place, tmp_path, monkeypatch):
    monkeypatch.setenv("IDSPAM_DATA_DIR", str(place / "tasks"))
    models, folder, said = Models(place / "models"), GridFolder(tmp_path), []
    plan = read_plan(path, models)
    plan = replace(plan, runs=covering(plan.runs))
    work(plan, folder, models, say=said.append, progress=False)
    assert all(map(folder.done, plan.runs)), said
    results, epochs, _ = collect(plan, folder)
    runs = results.dropna(subset=["seed"])
    assert set(runs["run"]) == {run.id for run in plan.runs} and set(epochs["run"]) == set(runs["run"])
    assert {(row.backbone, row.train_task) for row in runs.itertuples()} == {(r.backbone, r.task) for r in plan.runs}
    assert runs["score"].between(0, 1).all() and (epochs["train_loss"] > 0).all()


SIZES = {  # a table -> its model, a task there, the default block, what Tables 12 and 13 count, and the head
    "table_04": ("roberta-base", "cb", 6, 2_064_384, 3 * 768 + 3),
    "table_05": ("roberta-large", "cb", 12, 3_538_944, 3 * 1024 + 3),
    "table_09": ("gpt2", "cb", 6, 2_064_384, 3 * 768 + 3),
    "table_10": ("gpt2-large", "rte", 18, 5_406_720, 2 * 1280 + 2),
}


@pytest.fixture
def large(tmp_path):
    """An empty folder for models, whose gigabytes do not stay until pytest clears up."""
    yield tmp_path / "models"
    shutil.rmtree(tmp_path / "models", ignore_errors=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", SIZES)
def test_it_starts_at_the_models_real_size(name, large, tmp_path, monkeypatch):
    """The configuration of the hub, whole: of gpt2-large 774 million random weights."""
    from idspam_lab.backbones.shapes import known_config

    backbone, task, layer, generator, head = SIZES[name]
    config = known_config(backbone)
    needed, there = 12e9 if "large" in backbone else 4e9, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if there < needed:
        pytest.skip(f"{backbone} needs {needed / 1e9:.0f} GB of memory, here are {there / 1e9:.0f}")
    save_in_cache(large, backbone, config)
    monkeypatch.setenv("IDSPAM_DATA_DIR", str(save_tasks(tmp_path / "tasks", rows=12, test=4)))
    models, folder, said = Models(large), GridFolder(tmp_path / "out"), []
    plan = read_plan(GRIDS / f"{name}.toml", models)
    some = [run for run in plan.runs if run.settings.seed == 0 and run.task == task]
    plan = replace(plan, runs=tuple(replace(run, settings=replace(run.settings, epochs=1)) for run in some))
    work(plan, folder, models, say=said.append, progress=False)
    assert all(map(folder.done, plan.runs)), said
    ours = collect(plan, folder)[0].set_index("spelled").loc["idspam"]
    assert ours["layer"] == layer and ours["trained_parameters"] == generator + head
