"""Seeds that wait: they train once each, with what the other seeds' validation texts chose."""

import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from idspam_lab.grid import executors
from idspam_lab.grid.collect import collect
from idspam_lab.grid.due import ahead, due, total
from idspam_lab.grid.executors import work
from idspam_lab.grid.folder import GridFolder
from idspam_lab.grid.models import Models
from idspam_lab.grid.plan import read_plan
from idspam_lab.grid.shown import dry_run, results
from tests.grid_models import save_models, save_tasks

TEXT = """
backbones = ["roberta-base"]
tasks = ["sst2"]
seeds = [0, 1, 2]
tune_seeds = [0]
[[runs]]
methods = ["idspam:t=3,c=8", "lpt:t=2"]
settings = { epochs = 2, batch_size = 8, lr = [1e-4, 1e-2, 1e-1], order_seed = 0, precision = "fp32" }
[[runs]]
methods = ["linear_head"]
settings = { epochs = 1, batch_size = 8, lr = 1e-2, order_seed = 0, precision = "fp32" }
"""
RUNS = 2 * (3 + 2) + 3  # two methods: three rates of one seed, then one rate of two; the head has one rate for three


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("due")
    save_models(folder / "models", ["roberta-base"])
    save_tasks(folder / "tasks")
    (folder / "tune.toml").write_text(TEXT)
    return folder


@pytest.fixture(autouse=True)
def tasks(place, monkeypatch):
    monkeypatch.setenv("IDSPAM_DATA_DIR", str(place / "tasks"))


@pytest.fixture(scope="module")
def models(place):
    return Models(place / "models")


@pytest.fixture
def plan(place, models):
    return read_plan(place / "tune.toml", models)


@pytest.fixture
def folder(tmp_path):
    return GridFolder(tmp_path / "out")


def finished(run, score: float) -> dict:
    """What `execute` leaves of a run, as far as a choice needs it."""
    return {
        "run": run.to_dict(),
        "rows": [{"score": 0.5, "best_epoch": 1}],
        "baselines": [],
        "history": [{"validation_score": score}],
    }


def of(runs, method: str) -> list[tuple[int, float]]:
    """Seeds and rates of a method's runs."""
    return [(run.settings.seed, run.settings.lr) for run in runs if run.method.startswith(method)]


def test_the_other_seeds_wait_until_every_rate_has_been_tried_and_take_the_best(plan, folder):
    trials = [run for run in plan.runs if run.method.startswith("idspam") and run.settings.seed == 0]
    for run, score in zip(trials[:2], (0.6, 0.8), strict=True):
        folder.write(run, finished(run, score))
        assert of(due(plan, folder), "idspam") == [(0, other.settings.lr) for other in trials if not folder.done(other)]
    folder.write(trials[2], finished(trials[2], 0.7))
    assert of(due(plan, folder), "idspam") == [(1, 1e-2), (2, 1e-2)]
    assert of(due(plan, folder), "lpt") == [(0, 1e-4), (0, 1e-2), (0, 1e-1)]  # each method by itself
    assert of(due(plan, folder), "linear") == [(0, 1e-2), (1, 1e-2), (2, 1e-2)]  # nothing to choose


def test_a_rate_that_fails_is_left_out_of_the_choice_and_without_any_nothing_is_chosen(plan, folder):
    trials = [run for run in plan.runs if run.method.startswith("lpt") and run.settings.seed == 0]
    for run in trials[:2]:
        folder.write(run, finished(run, 0.6))
    assert of(due(plan, folder), "lpt") == [(0, 1e-1)]
    assert of(due(plan, folder, failed={trials[2].id}), "lpt") == [(1, 1e-4), (2, 1e-4)]
    empty = GridFolder(folder.path / "empty")
    assert of(due(plan, empty, failed={run.id for run in trials}), "lpt") == []


def test_the_count_of_runs_is_known_before_the_choice(plan, models, folder):
    assert len(plan.runs) == 7 * 3 and total(plan) == len(ahead(plan, folder)) == RUNS
    assert f"{RUNS} runs, 0 done;" in dry_run(plan, folder, models, 1e11, "a rate")
    for run in plan.runs[:3]:
        folder.write(run, finished(run, 0.5))
    assert len(ahead(plan, folder)) == RUNS - 3
    assert f"{RUNS} runs, 3 done;" in dry_run(plan, folder, models, 1e11, "a rate")


def test_one_command_does_the_trials_and_then_the_rest_and_the_table_has_all_seeds(plan, models, folder, monkeypatch):
    order, real = [], executors.execute

    def watched(group, *rest, **options):
        order.extend(group)
        return real(group, *rest, **options)

    monkeypatch.setattr(executors, "execute", watched)
    said = []
    work(plan, folder, models, say=said.append, progress=False)
    assert len(order) == len(said) == RUNS and said[-1].startswith(f"{RUNS} of {RUNS}: ") and not due(plan, folder)
    waited = [run for run in order if run.id in plan.later]
    assert order[-len(waited) :] == waited and len(waited) == 4
    tables = collect(plan, folder)
    best = tables.tuned.dropna(subset=["seed"])
    assert len(best) == 9 and set(best.groupby("method")["seed"].nunique()) == {3}
    assert set(best.groupby("method")["lr"].nunique()) == {1}
    epochs = tables.epochs.merge(tables.results[["run", "best_epoch"]], on="run")
    epochs = epochs.query("epoch == best_epoch and seed == 0")
    winners = epochs.loc[epochs.groupby("method", sort=False)["validation_score"].idxmax()]
    assert dict(zip(winners["method"], winners["lr"], strict=True)) == best.groupby("method")["lr"].first().to_dict()
    assert f"{RUNS} of {RUNS} runs are done" in results(plan, tables.tuned, folder)


def test_two_processes_end_with_the_same_runs(place, tmp_path):
    command = [sys.executable, "-m", "idspam_lab", "grid", place / "tune.toml", "--models", place / "models"]
    done = subprocess.run(
        [*command, "--out", tmp_path / "two", "--jobs", "2"], capture_output=True, text=True, timeout=300, check=True
    )
    assert f"{RUNS} of {RUNS} runs are done" in done.stdout
    assert len(list((tmp_path / "two" / "rows").iterdir())) == RUNS


def test_what_failed_in_one_process_is_not_tried_by_another(place, tmp_path):
    command = [sys.executable, "-m", "idspam_lab", "grid", place / "tune.toml", "--models", place / "models"]
    nothing_there = {**os.environ, "IDSPAM_DATA_DIR": str(place / "nothing")}
    done = subprocess.run(
        [*command, "--out", tmp_path, "--jobs", "2"], capture_output=True, text=True, timeout=300, env=nothing_there
    )
    failed = re.findall("^failed: (.*?): ", done.stdout, re.MULTILINE)
    assert done.returncode == 2 and len(failed) == len(set(failed)) > 3 and "are missing" in done.stderr


def test_a_run_that_another_block_lists_does_not_wait(place, models, folder):
    block = "[[runs]]\ntune_seeds = [0, 1, 2]\nmethods = ['lpt:t=2']\nsettings = "
    block += "{ epochs = 2, batch_size = 8, lr = 1e-1, order_seed = 0, precision = 'fp32' }\n"
    text = TEXT.replace("[[runs]]", f"{block}[[runs]]", 1)
    (folder.path / "more.toml").write_text(text)
    plan = read_plan(folder.path / "more.toml", models)
    assert of(due(plan, folder), "lpt") == [(0, 1e-1), (1, 1e-1), (2, 1e-1), (0, 1e-4), (0, 1e-2)]


def test_plans_without_such_seeds_have_every_run_due(plan, folder):
    at_once = replace(plan, later=frozenset())
    assert due(at_once, folder) == ahead(at_once, folder) == list(plan.runs) and total(at_once) == len(plan.runs)
