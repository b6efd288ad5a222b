"""A grid at work: every run once, whoever is killed; the same results however it is executed; one table."""

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest

from idspam_lab.classifier import PromptClassifier
from idspam_lab.cli import main
from idspam_lab.errors import BadInput
from idspam_lab.experiments.summary import summarize
from idspam_lab.frozen.lanes import Lane
from idspam_lab.grid import execute as execute_module
from idspam_lab.grid import executors
from idspam_lab.grid.collect import collect
from idspam_lab.grid.execute import execute
from idspam_lab.grid.executors import work, work_in_processes
from idspam_lab.grid.folder import GridFolder
from idspam_lab.grid.groups import groups_of
from idspam_lab.grid.models import Models
from idspam_lab.grid.plan import read_plan
from idspam_lab.grid.shown import dry_run, results
from tests.conftest import reviews
from tests.grid_models import save_models, save_tasks

TEXT = """
title = "Small"
backbones = ["roberta-base"]
tasks = ["sst2"]
seeds = [0, 1]
settings = { epochs = 2, batch_size = 8, lr = 5e-3, order_seed = 0, precision = "fp32" }

[[runs]]
methods = ["idspam:t=3,c=8"]
layers = [1, 2]

[[runs]]
methods = ["lora:r=2"]
"""
NUMBERS = ["score", "accuracy", "macro_f1", "texts", "train_texts", "best_epoch", "trained_parameters"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Models, tasks and grid files."""
    folder = tmp_path_factory.mktemp("grid")
    save_models(folder / "models", ["roberta-base"])
    save_tasks(folder / "tasks")
    (folder / "small.toml").write_text(TEXT)
    return folder


@pytest.fixture(autouse=True)
def tasks(place, monkeypatch):
    monkeypatch.setenv("IDSPAM_DATA_DIR", str(place / "tasks"))


@pytest.fixture(scope="module")
def models(place):
    return Models(place / "models")


@pytest.fixture
def plan(place, models):
    return read_plan(place / "small.toml", models)


@pytest.fixture
def folder(tmp_path):
    return GridFolder(tmp_path / "out")


@pytest.fixture
def go(plan, models, folder):
    """Does the grid and returns what was said."""

    def run(plan=plan, folder=folder):
        lines = []
        work(plan, folder, models, say=lines.append, progress=False, command="test")
        return lines

    return run


@pytest.fixture
def executed(monkeypatch):
    """The ids that are executed from now on, in order."""
    ids, real = [], executors.execute

    def watched(group, *rest, **options):
        ids.extend(run.id for run in group)
        return real(group, *rest, **options)

    monkeypatch.setattr(executors, "execute", watched)
    return ids


def scores(found):
    """What does not depend on the clock, by run and test set."""
    rows = found.dropna(subset=["seed"]).set_index(["run", "test_task"])[NUMBERS]
    return rows.sort_index()


# Every run once ------------------------------------------------------------------------------------------------------


def test_a_row_a_run_and_the_majority_class_beside_them(go, plan, folder):
    said = go()
    results, epochs, _ = collect(plan, folder)
    assert list(results["method"]) == ["majority class", *["ID-SPAM (t=3, c=8)"] * 4, *["LoRA (r=2)"] * 2]
    runs = results.dropna(subset=["seed"])
    assert list(zip(runs["layer"][:4], runs["seed"][:4], strict=True)) == [(1, 0), (1, 1), (2, 0), (2, 1)]
    assert set(runs["run"]) == {run.id for run in plan.runs} and set(runs["backbone"]) == {"roberta-base"}
    assert list(runs["together"]) == [4] * 4 + [1] * 2 and (runs["seconds_to_best"] > 0).all()
    assert len(epochs) == 6 * 2 and {"train_loss", "validation_score", "epoch", "run"} <= set(epochs)
    assert len(said) == 6 and said[-1].startswith("6 of 6: ") and " %" in said[-1]
    written = pd.read_csv(folder.path / "small.csv")
    assert list(written.columns) == list(results.columns) and len(written) == 7


def test_a_head_reads_the_token_that_the_file_names(go, plan, folder, models):
    """RoBERTa's own is the first."""
    run = replace(plan.runs[0], read="mean")
    assert execute([plan.runs[0]], models)[plan.runs[0].id]["rows"][0]["read"] == "first"
    go(replace(plan, runs=(run, replace(plan.runs[1], read="mean"))))
    results, epochs, _ = collect(replace(plan, runs=(run,)), folder)
    assert list(results["read"].dropna()) == ["mean"]
    alone = execute([run], models)[run.id]["history"]
    assert list(epochs["train_loss"]) == pytest.approx([epoch["train_loss"] for epoch in alone], rel=1e-4)


def test_what_is_done_is_not_done_again(go, plan, folder, executed):
    go()
    first = collect(plan, folder).results
    executed.clear()
    assert go() == [] and executed == []
    more = replace(plan, runs=(*plan.runs, replace(plan.runs[0], settings=replace(plan.runs[0].settings, seed=2))))
    go(more)
    assert executed == [more.runs[-1].id]
    assert list(collect(plan, folder)[0]["date"].dropna()) == list(first["date"].dropna())


def test_together_and_alone_are_the_same_results(go, plan, folder, models, tmp_path):
    go()
    single = GridFolder(tmp_path / "single")
    for run in plan.runs:
        single.write(run, execute([run], models)[run.id])
    pd.testing.assert_frame_equal(scores(collect(plan, folder)[0]), scores(collect(plan, single)[0]))
    losses = [collect(plan, where)[1].set_index(["run", "epoch"])["train_loss"] for where in (folder, single)]
    pd.testing.assert_series_equal(*losses, rtol=1e-4)


def test_runs_that_went_together_go_on_from_their_last_epoch(go, plan, folder, tmp_path, monkeypatch):
    epochs, begin = [], Lane.begin

    def power_cut(lane, epoch, loader):
        if epoch == 2 and len(epochs) == 4:
            raise KeyboardInterrupt
        epochs.append(epoch)
        return begin(lane, epoch, loader)

    monkeypatch.setattr(Lane, "begin", power_cut)
    with pytest.raises(KeyboardInterrupt):
        go()
    assert epochs == [1] * 4 and len(list((folder.path / "checkpoints").iterdir())) == 4
    epochs.append(0)
    go()
    assert epochs == [1] * 4 + [0] + [2] * 4  # four runs share their passes, two are alone
    assert not list((folder.path / "checkpoints").iterdir())
    other = GridFolder(tmp_path / "other")
    monkeypatch.setattr(Lane, "begin", begin)
    go(folder=other)
    pd.testing.assert_frame_equal(scores(collect(plan, folder)[0]), scores(collect(plan, other)[0]))


def test_what_a_group_goes_on_from_stays_until_its_rows_are_written(go, plan, folder, monkeypatch):
    def full(*_):
        raise BadInput("There is no room left.")

    with monkeypatch.context() as patch:
        patch.setattr(GridFolder, "write", full)
        with pytest.raises(BadInput, match="no room"):
            go()
    kept = {place.name for place in (folder.path / "checkpoints").iterdir()}
    assert kept == {run.id for run in plan.runs[:4]}
    go()
    assert len(rows_in(folder.path)) == 6 and not list((folder.path / "checkpoints").iterdir())


def test_few_shot_training_that_is_stopped_by_hand_is_no_result(transfer, models, monkeypatch):
    few, real, calls = replace(transfer.runs[0], few_shot=6), PromptClassifier.fit, []

    def second_is_stopped(self, *arguments, **options):
        run = real(self, *arguments, **options)
        calls.append(run)
        run.stopped = "stopped by hand" if len(calls) == 2 else None
        return run

    monkeypatch.setattr(PromptClassifier, "fit", second_is_stopped)
    with pytest.raises(KeyboardInterrupt):
        execute([few], models)
    assert len(calls) == 2


def test_a_run_that_fails_costs_no_other(go, plan, folder, monkeypatch):
    broken, real = plan.runs[1].id, executors.execute

    def sometimes(group, *rest, **options):
        if broken in [run.id for run in group]:
            raise RuntimeError("no more memory\nand a long trace")
        return real(group, *rest, **options)

    monkeypatch.setattr(executors, "execute", sometimes)
    said = go()
    assert [line for line in said if line.startswith("failed")] == [
        f"failed: {plan.runs[1]}: RuntimeError: no more memory"
    ]
    assert [folder.done(run) for run in plan.runs] == [True, False, True, True, True, True]
    monkeypatch.setattr(executors, "execute", real)
    assert len(go()) == 1 and all(map(folder.done, plan.runs))


def test_a_loss_that_is_no_number_is_a_failure_of_that_run(go, plan, folder, models):
    wild = [replace(run, settings=replace(run.settings, lr=1e30)) for run in plan.runs[:1]]
    said = go(replace(plan, runs=(*plan.runs[:2], *wild)))
    assert sum("The loss became" in line for line in said) == 1 and not folder.done(wild[0])
    assert all(map(folder.done, plan.runs[:2]))


def test_a_damaged_row_gets_a_sentence(go, plan, folder):
    go()
    for damaged in ("{", "[]", "{}", "null", '{"run": {}, "rows": [], "baselines": [], "history": []}'):
        folder.row(plan.runs[0]).write_text(damaged)
        with pytest.raises(BadInput, match="is damaged .*: delete it, and the run is done again"):
            collect(plan, folder)


# Killed, and several at once -----------------------------------------------------------------------------------------


def start(place, out, *more):
    """`idspam-lab grid` as a process of its own."""
    command = [sys.executable, "-m", "idspam_lab", "grid", str(place / "small.toml"), "--out", str(out)]
    return subprocess.Popen(
        [*command, "--models", str(place / "models"), *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def rows_in(out):
    return sorted(path.name for path in (out / "rows").glob("*.json")) if (out / "rows").is_dir() else []


@pytest.mark.slow
def test_killed_at_any_time_nothing_done_is_lost_and_nothing_is_done_twice(place, plan, folder):
    first = start(place, folder.path)
    while not rows_in(folder.path) and first.poll() is None:
        time.sleep(0.005)
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = {name: (folder.path / "rows" / name).read_bytes() for name in rows_in(folder.path)}
    assert 0 < len(before) < len(plan.runs)
    again = start(place, folder.path)
    out, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    assert out.count(" of 6: ") == len(plan.runs) - len(before)
    assert all((folder.path / "rows" / name).read_bytes() == content for name, content in before.items())
    assert len(pd.read_csv(folder.path / "small.csv")) == 7


@pytest.mark.slow
def test_processes_whose_parent_was_killed_end_too(place, folder):
    """Nobody would see them any more, and two would be at work for the next call's one."""
    parent = start(place, folder.path, "--jobs", "2")
    while not rows_in(folder.path) and parent.poll() is None:
        time.sleep(0.005)
    listed = subprocess.run(["pgrep", "-P", str(parent.pid)], capture_output=True, text=True).stdout.split()
    parent.kill()
    parent.wait()
    assert len(listed) >= 2
    end = time.monotonic() + 20
    while any(Path(f"/proc/{pid}/stat").exists() for pid in listed) and time.monotonic() < end:
        time.sleep(0.1)
    assert not [pid for pid in listed if Path(f"/proc/{pid}/stat").exists()]


@pytest.mark.slow
def test_two_processes_share_one_grid(place, plan, folder, tmp_path, go):
    processes = [start(place, folder.path) for _ in range(2)]
    said = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert sum(out.count(" of 6: ") for out, _ in said) == len(plan.runs)  # each run once, by one of them
    other = GridFolder(tmp_path / "other")
    go(folder=other)
    pd.testing.assert_frame_equal(scores(collect(plan, folder)[0]), scores(collect(plan, other)[0]))


@pytest.mark.slow
def test_a_killed_claimants_runs_are_taken_over(place, plan, folder, go):
    """The other process holds every claim while it sleeps; when it is killed, this one goes on."""
    program = (
        "import sys, time; from idspam_lab.grid.folder import GridFolder; from idspam_lab.grid.models import Models; "
        "from idspam_lab.grid.plan import read_plan; f = GridFolder(sys.argv[1]); "
        "plan = read_plan(sys.argv[2], Models(sys.argv[3]));\n"
        "with f.claim(plan.runs) as mine: print(len(mine), flush=True); time.sleep(600)"
    )
    arguments = [str(folder.path), str(place / "small.toml"), str(place / "models")]
    holder = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "6\n"
        with folder.claim(plan.runs) as mine:
            assert mine == []
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    go()
    assert all(map(folder.done, plan.runs))


@pytest.mark.slow
def test_jobs_do_the_same_in_several_processes(place, plan, folder, models, tmp_path, go):
    work_in_processes(plan, folder, models, 2)
    other = GridFolder(tmp_path / "other")
    go(folder=other)
    pd.testing.assert_frame_equal(scores(collect(plan, folder)[0]), scores(collect(plan, other)[0]))


# Transfer ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def transfer(plan):
    run = replace(plan.runs[0], transfer=("mrpc", "imdb"), metric="acc_f1", task="sst2")
    return replace(plan, runs=(run,))


def test_zero_shot_is_a_row_for_each_other_task(go, transfer, folder):
    go(transfer)
    found = collect(transfer, folder)[0]
    assert list(found["test_task"]) == ["sst2", "mrpc", "imdb"] * 2 and set(found["metric"]) == {"acc_f1"}


def test_texts_that_were_trained_on_and_classes_equated_by_number_are_said_once(transfer, place, go, folder):
    """Of every pair of data sets once, whatever the seeds and groups; kept with the runs, so also by --collect."""
    seeds = [replace(transfer.runs[0].settings, seed=seed) for seed in (0, 1)]
    pairs = [replace(transfer.runs[0], settings=one, transfer=("sst2", "imdb")) for one in seeds]
    apart = [replace(run, alone=True, layer=2, task="imdb", transfer=("sst2", "mrpc")) for run in pairs]
    plan = replace(transfer, runs=(*pairs, *apart))
    test = pyarrow.parquet.read_table(place / "tasks" / "sst2" / "validation.parquet").to_pydict()
    train = pyarrow.parquet.read_table(place / "tasks" / "imdb" / "train.parquet").to_pydict()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDSPAM_DATA_DIR", str(folder.path / "tasks"))
        save_tasks(folder.path / "tasks")
        train["text"][:6] = test["sentence"][:6]
        pyarrow.parquet.write_table(pyarrow.table(train), folder.path / "tasks" / "imdb" / "train.parquet")
        execute_module.texts_of.cache_clear()
        execute_module.test_texts_of.cache_clear()
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=".*have other names")  # the remarks say it: not each process too
            said = go(plan)
    assert len(said) == 4 and not any(line.startswith("failed") for line in said), said
    text = results(plan, collect(plan, folder).tuned, folder)
    notes = [line for line in text.splitlines() if line.startswith("Note: ")]
    assert len(notes) == len(set(notes)) and len([n for n in notes if "are among the training rows too" in n]) == 1
    (seen,) = [note for note in notes if "are among the training rows too" in note]
    assert seen.startswith("Note: Trained on imdb: ") and "of the 8 rows of sst2/validation" in seen
    assert [n for n in notes if "neg = negative, pos = positive" in n] and [n for n in notes if "negative = neg" in n]
    assert "4 of 4 runs are done" in text.splitlines()[-1]


def test_few_shot_trains_on_and_each_time_from_the_same_start(go, transfer, folder, models):
    few = replace(transfer, runs=(replace(transfer.runs[0], few_shot=6),))
    go(few)
    rows = collect(few, folder)[0].dropna(subset=["seed"])
    assert list(rows["test_task"]) == ["sst2", "mrpc", "imdb"] and list(rows["few_shot"][1:]) == [6, 6]
    turned = replace(few.runs[0], transfer=("imdb", "mrpc"))
    again = {row["test_task"]: row["score"] for row in execute([turned], models)[turned.id]["rows"]}
    assert again == dict(zip(rows["test_task"], rows["score"], strict=True))


def test_a_table_is_trained_on_by_the_columns_that_the_file_names(place, models, folder, go):
    rows = reviews(40)
    lines = [f"{text},{label},{1 - label}" for text, label in zip(rows.texts, rows.labels, strict=True)]
    (place / "own.csv").write_text("\n".join(["opinion,verdict,contrary", *lines]))
    text = TEXT.partition("[[runs]]")[0].replace('"sst2"', json.dumps(str(place / "own.csv")))
    text += '[[runs]]\nmethods = ["idspam:t=3,c=8"]\ntext = "opinion"\nlabel = "verdict"\n'
    text += '[[runs]]\nmethods = ["idspam:t=3,c=8"]\ntext = "opinion"\nlabel = "contrary"\n'
    (place / "own.toml").write_text(text)
    plan = read_plan(place / "own.toml", models)
    assert len(groups_of(plan.runs, models)) == 2  # other labels share no pass
    go(plan)
    assert all(map(folder.done, plan.runs))
    found = collect(plan, folder).results.dropna(subset=["seed"])
    assert found["fingerprint"].nunique() == 2 and len(summarize(found)) == 2
    assert json.loads(folder.row(plan.runs[0]).read_text())["run"]["label"] == "verdict"


def test_folders_are_trained_and_evaluated_on(place, models, folder, go):
    for name, parts in (("own", {"train": 40, "test": 12}), ("there", {"test": 8})):
        (place / name).mkdir()
        for part, count in parts.items():
            rows = reviews(count, start=1_000 if part == "test" else 0)
            lines = [f"{text},{label}" for text, label in zip(rows.texts, rows.labels, strict=True)]
            (place / name / f"{part}.csv").write_text("\n".join(["text,label", *lines]))
    text = TEXT.partition("[[runs]]")[0].replace('"sst2"', json.dumps(str(place / "own")))
    text += f'[[runs]]\nmethods = ["linear_head"]\ntransfer = [{json.dumps(str(place / "there"))}]\n'
    (place / "folders.toml").write_text(text)
    plan = read_plan(place / "folders.toml", models)
    assert "2 runs, 0 done" in dry_run(plan, folder, models, 1e9, "a rate")
    go(plan)
    found = collect(plan, folder).results.dropna(subset=["seed"])
    assert list(found[["train_task", "test_task", "train_texts", "texts"]].itertuples(index=False, name=None)) == [
        ("own", "own", 36, 12), ("own", "there", 36, 8),
    ] * 2  # fmt: skip


def test_settings_in_which_runs_differ_are_columns(go, plan, folder):
    runs = [replace(plan.runs[0], settings=replace(plan.runs[0].settings, warmup=warmup)) for warmup in (0.0, 0.5)]
    some = replace(plan, runs=tuple(runs))
    go(some)
    found = collect(some, folder).results
    assert found["warmup"].dropna().tolist() == [0.0, 0.5] and "clip" not in found
    assert len(summarize(found.dropna(subset=["seed"]))) == 2


# The command ---------------------------------------------------------------------------------------------------------


def command(place, capsys, *more):
    status = main(["grid", str(place / "small.toml"), "--models", str(place / "models"), *map(str, more)])
    return status, *capsys.readouterr()


def test_dry_run_lists_does_nothing_and_says_how_it_was_estimated(place, folder, capsys, go, plan):
    status, out, _ = command(place, capsys, "--out", folder.path, "--dry-run", "--flops", "1e9")
    assert status == 0 and rows_in(folder.path) == []
    assert "6 runs, 0 done; the rest in 3 groups" in out and "at the rate that was given" in out
    assert "1-2" in out and "0-1" in out and "LoRA (r=2)" in out and "reads the" not in out
    both = replace(plan, runs=(replace(plan.runs[0], read="last"), *plan.runs))
    text = dry_run(both, folder, Models(place / "models"), 1e9, "a rate")
    assert text.count("reads the last") == 1 and "7 runs" in text
    go(replace(plan, runs=plan.runs[:4]))
    _, out, _ = command(place, capsys, "--out", folder.path, "--dry-run")
    assert "not here" not in out
    assert "6 runs, 4 done; the rest in 2 groups" in out and "of what a matrix product reached on this" in out


def test_dry_run_says_what_the_hub_will_be_asked_for(folder, monkeypatch, tmp_path):
    monkeypatch.delenv("IDSPAM_DATA_DIR", raising=False)
    plan = read_plan("grids/table_06.toml", Models())
    text = dry_run(plan, folder, Models(), 1e9, "a rate")
    assert "Texts not here, so the hub or its cache is asked: qqp, mrpc, sst2. Another place: IDSPAM_DATA_DIR." in text
    assert "Models not here, so the hub or its cache is asked: roberta-large. Another place: --models." in text
    (tmp_path / "qqp").mkdir()
    monkeypatch.setenv("IDSPAM_DATA_DIR", str(tmp_path))
    assert "is asked: mrpc, sst2." in dry_run(plan, folder, Models(), 1e9, "a rate")


@pytest.mark.parametrize("rate", ["-5", "0", "nan"])
def test_a_rate_that_is_none_gets_a_sentence(place, folder, capsys, rate):
    status, _, err = command(place, capsys, "--out", folder.path, "--dry-run", f"--flops={rate}")
    assert status == 2 and "it is a number of operations a second, above 0" in err


def test_the_command_does_it_and_says_where_it_is(place, folder, capsys):
    status, out, _ = command(place, capsys, "--out", folder.path, "--adapters")
    assert status == 0 and "6 of 6 runs are done. Written to" in out
    assert len(list((folder.path / "adapters").glob("*/adapter.safetensors"))) == 6
    assert not list((folder.path / "checkpoints").glob("*"))
    status, out, _ = command(place, capsys, "--out", folder.path, "--collect")
    assert status == 0 and "6 of 6 runs are done" in out


def grid_file(place, name, *, lr):
    """A grid file small.toml in a folder of its own."""
    path = place / name / "small.toml"
    path.parent.mkdir(exist_ok=True)
    block = '[[runs]]\nmethods = ["linear_head"]\n'
    path.write_text(TEXT.partition("[[runs]]")[0].replace("lr = 5e-3", f"lr = {lr}") + block)
    return path


def test_a_file_of_the_same_name_does_not_write_over_the_table(place, models, folder, capsys, executed):
    def told(path, *more):
        status = main(["grid", str(path), "--models", str(place / "models"), "--out", str(folder.path), *more])
        return status, capsys.readouterr().err

    one, other = grid_file(place, "one", lr=1e-3), grid_file(place, "other", lr=2e-3)
    assert told(one)[0] == 0
    tables = {path.name: path.read_text() for path in folder.path.glob("*.csv")}
    assert set(tables) == {"small.csv", "small-epochs.csv"}
    executed.clear()
    status, err = told(other)
    assert status == 2 and f"small.csv is the table of another grid file of this name, {one}, and would be" in err
    assert err.count("\n") == 1 and executed == []
    work(read_plan(other, models), folder, models, say=lambda line: None, progress=False)
    with pytest.raises(BadInput, match="is the table of another"):  # also if it began before the table was there
        collect(read_plan(other, models), folder)
    assert tables == {path.name: path.read_text() for path in folder.path.glob("*.csv")}

    grid_file(place, "one", lr=3e-3)  # its own file may change, and its table with it
    assert told(one)[0] == 0 and (folder.path / "small.csv").read_text() != tables["small.csv"]
    one.rename(other)  # and be moved
    assert told(other)[0] == 0
    grid_file(place, "other", lr=1e-3)
    assert told(other)[0] == 0 and told(grid_file(place, "one", lr=3e-3))[0] == 2


def test_a_table_that_is_no_grids_is_not_written_over(place, folder, capsys):
    mine = "train_task,method,score\nsst2,LoRA,0.8\n"
    (folder.path / "small.csv").write_text(mine)
    status, _, err = command(place, capsys, "--out", folder.path)
    assert status == 2 and "holds runs that are no grid's and would be written over" in err
    assert (folder.path / "small.csv").read_text() == mine


def test_missing_runs_are_status_2_and_the_table_is_written(place, folder, capsys, monkeypatch):
    monkeypatch.setenv("IDSPAM_DATA_DIR", str(place))
    status, out, err = command(place, capsys, "--out", folder.path)
    assert status == 2 and "6 of 6 runs are missing" in err and out.count("failed: ") == 6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--jobs", "0"), "--jobs is 0"), (("--executor", "ray", "--adapters"), "--adapters goes with work on this")],
)
def test_bad_options_get_a_sentence(place, folder, capsys, arguments, said):
    status, _, err = command(place, capsys, "--out", folder.path, *arguments)
    assert status == 2 and said in err and err.count("\n") == 1


def test_a_row_file_says_which_run_it_is(go, plan, folder):
    go()
    content = json.loads(folder.row(plan.runs[0]).read_text())
    assert set(content) == {"run", "rows", "baselines", "history", "remarks"}
    assert content["run"]["method"] == "idspam:t=3,c=8"
