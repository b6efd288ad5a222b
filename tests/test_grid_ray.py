"""A grid on Ray: what is handed out and written, with a stand-in; and on a local cluster with a worker killed."""

import sys
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import psutil
import pytest

from idspam_lab.errors import BadInput
from idspam_lab.grid.collect import collect
from idspam_lab.grid.due import due, total
from idspam_lab.grid.executors import work
from idspam_lab.grid.folder import GridFolder
from idspam_lab.grid.models import Models
from idspam_lab.grid.on_ray import work_on_ray
from idspam_lab.grid.plan import read_plan
from tests.grid_models import save_models, save_tasks
from tests.test_grid import TEXT, scores

WORKER = "ray::on_worker"  # what Ray calls the process that is at work


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ray")
    save_models(folder / "models", ["roberta-base"])
    save_tasks(folder / "tasks")
    (folder / "small.toml").write_text(TEXT)
    (folder / "long.toml").write_text(TEXT.replace("epochs = 2", "epochs = 20"))
    return folder


@pytest.fixture(autouse=True)
def tasks(place, monkeypatch):
    monkeypatch.setenv("IDSPAM_DATA_DIR", str(place / "tasks"))


@pytest.fixture(scope="module")
def models(place):
    return Models(place / "models")


# Our side of it ------------------------------------------------------------------------------------------------------


def test_without_ray_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(BadInput, match=r'Ray is not installed: .*pip install .* ".\[ray\]"'):
        work_on_ray(None, None, None)


class Lost(Exception):
    """Stands for RayError."""


class Back:
    """Stands for a reference to what will come back."""

    def __init__(self, group, call):
        self.group, self.call = group, call


@pytest.fixture
def stand_in(monkeypatch):
    """Ray's verbs in this process; `handed` are the groups, and a group that holds a run of `lost` is lost."""
    found = SimpleNamespace(handed=[], lost=set(), most=0)
    waiting = []

    def remote(function):
        def send(group, *rest):
            found.handed.append([run.id for run in group])
            waiting.append(Back(group, lambda: function(group, *rest)))
            found.most = max(found.most, len(waiting))
            return waiting[-1]

        return SimpleNamespace(remote=send)

    def get(back):
        waiting.remove(back)
        if found.lost & {run.id for run in back.group}:
            raise Lost
        return back.call()

    ray = SimpleNamespace(
        is_initialized=lambda: True,
        cluster_resources=lambda: {"CPU": 1.0},
        remote=lambda **options: remote,
        wait=lambda going: (going[:1], going[1:]),
        get=get,
        exceptions=SimpleNamespace(RayError=Lost),
    )
    monkeypatch.setitem(sys.modules, "ray", ray)
    return found


def test_what_is_missing_is_handed_out_once_and_written_once(stand_in, place, models, tmp_path):
    plan, folder, said = read_plan(place / "small.toml", models), GridFolder(tmp_path / "ray"), []
    work_on_ray(replace(plan, runs=plan.runs[-1:]), folder, models, say=said.append)
    with folder.claim(plan.runs[:1]):  # another process is at work on it
        work_on_ray(plan, folder, models, say=said.append)
    assert list(map(len, stand_in.handed)) == [1, 3, 1] and stand_in.most <= 2
    work_on_ray(plan, folder, models, say=said.append)
    assert sum(stand_in.handed, []).count(plan.runs[0].id) == 1 and len(said) == len(plan.runs)
    here = GridFolder(tmp_path / "here")
    work(plan, here, models, say=said.append, progress=False)
    pd.testing.assert_frame_equal(scores(collect(plan, folder)[0]), scores(collect(plan, here)[0]))


def test_a_cluster_that_reports_nothing_yet_gets_a_group_all_the_same(stand_in, place, models, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["ray"], "cluster_resources", dict)
    monkeypatch.setattr(sys.modules["ray"], "wait", lambda going: (going[:1] or pytest.fail("nothing to wait for"), []))
    plan, folder = read_plan(place / "small.toml", models), GridFolder(tmp_path)
    work_on_ray(replace(plan, runs=plan.runs[-1:]), folder, models, say=lambda line: None)
    assert folder.done(plan.runs[-1])


def test_a_group_that_is_lost_and_a_run_that_fails_are_said(stand_in, place, models, tmp_path):
    plan, folder, said = read_plan(place / "small.toml", models), GridFolder(tmp_path), []
    gone = replace(plan.runs[-1], task="none.csv")
    stand_in.lost.add(plan.runs[0].id)
    work_on_ray(replace(plan, runs=(*plan.runs, gone)), folder, models, say=said.append)
    assert sum("its worker was lost 4 times (Lost)" in line for line in said) == 4
    assert sum("There is no file none.csv" in line for line in said) == 1
    assert [folder.done(run) for run in plan.runs] == [False] * 4 + [True] * 2
    stand_in.lost.clear()
    work_on_ray(plan, folder, models, say=said.append)
    assert all(map(folder.done, plan.runs))


def test_seeds_that_wait_are_handed_out_after_the_choice(stand_in, place, models, tmp_path):
    text = (place / "small.toml").read_text().replace("lr = 5e-3", "lr = [1e-4, 5e-3]")
    (tmp_path / "tune.toml").write_text(text.replace("seeds = [0, 1]", "seeds = [0, 1]\ntune_seeds = [0]"))
    plan, folder, said = read_plan(tmp_path / "tune.toml", models), GridFolder(tmp_path), []
    work_on_ray(plan, folder, models, say=said.append)
    assert len(said) == total(plan) == 3 * (2 + 1) and not due(plan, folder)
    handed = sum(stand_in.handed, [])
    assert len(set(handed)) == len(handed) and set(handed[6:]) <= plan.later and not set(handed[:6]) & plan.later


# A cluster -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster(place):
    """Two workers on this machine."""
    ray = pytest.importorskip("ray", reason="Ray is an optional extra and is not installed")
    environment = {"env_vars": {"IDSPAM_DATA_DIR": str(place / "tasks"), "OMP_NUM_THREADS": "1"}}
    try:
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env=environment)
    except Exception as error:  # Ray gives its own processes 15 seconds each to start, whatever else runs here
        if "timed out during startup" not in str(error):
            raise
        pytest.skip("Ray did not start in its 15 seconds: let nothing else run on this machine")
    yield ray
    ray.shutdown()


def kill_one(killed):
    """Kills the first worker that is seen at work."""
    while not killed:
        for process in psutil.Process().children(recursive=True):
            try:
                at_work = " ".join(process.cmdline()).startswith(WORKER)
            except psutil.Error:
                continue
            if at_work:
                process.kill()
                killed.append(process.pid)
                return
        time.sleep(0.05)


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_costs_no_run(cluster, place, models, tmp_path):
    plan, folder, said, killed = read_plan(place / "long.toml", models), GridFolder(tmp_path / "ray"), [], []
    killer = threading.Thread(target=kill_one, args=(killed,), daemon=True)
    killer.start()
    work_on_ray(plan, folder, models, say=said.append)
    assert len(killed) == 1 and all(map(folder.done, plan.runs)), said
    assert len(said) == len(plan.runs)  # each was written once
    here = GridFolder(tmp_path / "here")
    work(plan, here, models, say=said.append, progress=False)
    # Twenty epochs on few texts: another process's last digits may let another epoch be the best, by one text.
    (ours, our_epochs, _), (theirs, their_epochs, _) = (collect(plan, where) for where in (folder, here))
    ours, theirs = (scores(found).drop(columns="best_epoch") for found in (ours, theirs))
    pd.testing.assert_frame_equal(ours, theirs, rtol=0, atol=0.05)
    first, again = (
        epochs[epochs["epoch"] == 1].set_index("run")["train_loss"].sort_index()
        for epochs in (our_epochs, their_epochs)
    )
    assert len(first) == len(plan.runs)
    pd.testing.assert_series_equal(first, again, rtol=1e-4)
