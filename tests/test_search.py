"""The search of Table 7: the paper's space, one file for several processes, trials that lag behind end early."""

import re
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest
import torch

from idspam_lab.backbones import load_backbone
from idspam_lab.cli import main
from idspam_lab.errors import BadInput
from idspam_lab.experiments.search import SPACE, named, opened, search
from idspam_lab.paper_tables import paper_table
from idspam_lab.tasks import load_task
from tests.grid_models import save_models

AS_PRINTED = {
    "Epochs": "epochs", "Batch Size": "batch_size", "Learning Rates": "lr", "Dropout Rate": "dropout",
    "Weight Decay": "weight_decay",
}  # fmt: skip


WHEN_BOTH_ARE_HERE = """
import sys, time
from pathlib import Path
import optuna, peft, transformers  # seconds: whoever is late by that much finds nothing left to do
from idspam_lab.cli import main
here = Path(sys.argv[1])
here.touch()
while len(list(here.parent.glob("here-*"))) < 2:
    time.sleep(0.01)
sys.exit(main(sys.argv[2:]))
"""


def test_the_space_is_table_7():
    printed = {row.hyperparameter: row.values for row in paper_table(7).itertuples(index=False)}
    for name, ours in AS_PRINTED.items():
        assert [float(value) for value in printed[name].strip("{}").split(", ")] == list(SPACE[ours])
    layers = {name: re.findall(r"\d+", values) for name, values in printed.items() if name.startswith("Layer")}
    assert {name: (found[0], found[-1]) for name, found in layers.items()} == {
        "Layer (RoBERTa-Large)": ("1", str(24 - 1)), "Layer (RoBERTa-Base)": ("1", str(12 - 1)),
    }  # fmt: skip


def test_without_optuna_a_sentence(monkeypatch, tiny):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(BadInput, match=r'Optuna is not installed: .*pip install .* ".\[search\]"'):
        search(load_task("rotten_tomatoes", source="embedded", limit=20), tiny, storage="x.db", trials=1)


def test_no_trials_get_a_sentence(tiny):
    with pytest.raises(BadInput, match="trials is 0, but a search needs at least 1"):
        search(load_task("rotten_tomatoes", source="embedded", limit=20), tiny, storage="x.db", trials=0)


@pytest.fixture
def optuna():
    return pytest.importorskip("optuna", reason="Optuna is an optional extra and is not installed")


@pytest.fixture(scope="module")
def data():
    some = load_task("rotten_tomatoes", source="embedded", limit=40)
    rows = len(some.validation)
    return replace(some, validation=some.validation.select(range(0, rows, rows // 20)), test=some.test[:10])


def go(data, backbone, path, trials, **more):
    return search(data, backbone, storage=path, trials=trials, epochs=2, max_length=24, say=lambda line: None, **more)


def test_trials_are_of_the_space_and_a_later_call_goes_on(optuna, data, tiny, tmp_path):
    first = go(data, tiny, tmp_path / "s.db", 2)
    assert len(first) == 2 and set(first["state"]) <= {"COMPLETE", "PRUNED"} and first["value"].iloc[0] > 0
    found = go(data, tiny, tmp_path / "s.db", 4)
    assert sorted(found["number"]) == [0, 1, 2, 3] and found["layer"].between(1, tiny.L - 1).all()
    assert all(found[name].isin(values).all() for name, values in SPACE.items() if name != "epochs")
    assert "epochs" not in found and len(go(data, tiny, tmp_path / "s.db", 4)) == 4


def test_a_trial_that_lags_behind_ends_after_an_epoch(optuna, data, tiny, tmp_path, monkeypatch):
    from idspam_lab.experiments import search as module

    monkeypatch.setattr(module, "FIRST", 1)
    scores, real = iter([0.9, 0.9, 0.1, 0.1]), module.PromptClassifier.fit

    def told_scores(self, *rest, callbacks, **options):
        def instead(progress):
            if progress.metrics:
                progress.metrics["validation_score"] = next(scores)
            callbacks[0](progress)

        return real(self, *rest, callbacks=[instead], **options)

    monkeypatch.setattr(module.PromptClassifier, "fit", told_scores)
    found = go(data, tiny, tmp_path / "s.db", 2).set_index("number")
    assert list(found["state"].sort_index()) == ["COMPLETE", "PRUNED"] and list(scores) == [0.1]


def test_a_file_that_is_no_study_gets_a_sentence(optuna, data, tiny, tmp_path):
    (tmp_path / "s.db").write_text("no database " * 100)
    with pytest.raises(BadInput, match="is no study that can be gone on with") as error:
        go(data, tiny, tmp_path / "s.db", 1)
    assert str(error.value).count("\n") == 0


@pytest.mark.slow
def test_two_processes_share_one_file(optuna, tmp_path, capsys):
    models = save_models(tmp_path / "models", ["gpt2"])
    arguments = [
        "search", "rotten_tomatoes", "--backbone", str(models / "gpt2"), "--epochs", "1", "--limit", "40", "--trials",
        "6", "--holdout", "20", "--max-length", "24", "--storage", str(tmp_path / "s.db"),
    ]  # fmt: skip
    assert main([*arguments, "--trials", "1"]) == 0  # makes the study
    together = [[sys.executable, "-c", WHEN_BOTH_ARE_HERE, tmp_path / f"here-{i}", *arguments] for i in range(2)]
    both = [subprocess.Popen(one, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for one in together]
    said = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    backbone = load_backbone(models / "gpt2")
    task = load_task("rotten_tomatoes", limit=40, holdout=20)
    found = search(task, backbone, storage=tmp_path / "s.db", trials=1, epochs=1, max_length=24)
    assert 6 <= len(found) <= 7  # the last ones may have begun at once
    assert sorted(found["number"]) == list(range(len(found)))
    mine = [[int(n) for n in re.findall(r"^trial (\d+)", out, re.MULTILINE)] for out, _ in said]
    assert all(mine) and sorted(mine[0] + mine[1]) == list(range(1, len(found)))


def test_a_method_that_cannot_be_searched_is_found_out_at_once(optuna, data, tiny, tmp_path):
    for name in ("dept", "lora", "linear_head", "smop"):
        says = f"^{name} cannot be searched: .* a layer and a dropout, which .* lpt, mean_pooling, idspam have"
        with pytest.raises(BadInput, match=says):
            go(data, tiny, tmp_path / "s.db", 2, method=name)
    for option in ("layer=2", "dropout=0.2", "head_dropout=0.2"):
        with pytest.raises(BadInput, match=f"'idspam:{option}' names {option.partition('=')[0]}, which the search"):
            go(data, tiny, tmp_path / "s.db", 2, method=f"idspam:{option}")
    for told, says in (({"lr": [1e-3, -1.0]}, "lr is -1.0, but"), ({"seed": -1}, "seed is -1, but")):
        with pytest.raises(BadInput, match=says):
            go(data, tiny, tmp_path / "s.db", 2, **told)
    assert not (tmp_path / "s.db").exists()


def drawn(study, times):
    """What trials of the paper's space draw, of which none has ended."""
    trials = (study.ask() for _ in range(times))
    return [[trial.suggest_categorical(name, values) for name, values in SPACE.items()] for trial in trials]


def test_the_seed_says_what_the_trials_draw_and_processes_draw_apart(optuna, tmp_path):
    one, other, third = (drawn(opened(optuna, tmp_path / f"{n}.db", "s", s), 3) for n, s in enumerate((0, 0, 1)))
    assert one == other != third and one[0] != one[1] != one[2]
    processes = [opened(optuna, tmp_path / "shared.db", "s", 0) for _ in range(3)]  # all begin before a trial has ended
    assert [drawn(study, 1)[0] for study in processes] == one


def test_a_search_that_begins_anew_draws_the_same(optuna, data, tiny, tmp_path):
    one, other = (go(data, tiny, tmp_path / f"{n}.db", 3, seed=4) for n in range(2))
    pd.testing.assert_frame_equal(one, other)


def test_other_rates_may_be_searched_among(optuna, data, tiny, tmp_path):
    found = go(data, tiny, tmp_path / "s.db", 3, lr=[3e-3, 1e-2])
    assert found["lr"].isin([3e-3, 1e-2]).all()
    assert len(go(data, tiny, tmp_path / "s.db", 3, lr=[1e-2, 3e-3])) == 3  # the same study
    assert list(go(data, tiny, tmp_path / "s.db", 1, lr=0.5)["lr"]) == [0.5]


def test_the_rates_are_typed(optuna, monkeypatch, capsys, tmp_path):
    asked = []

    def instead(*_, lr, **__):
        asked.append(lr)
        raise BadInput("enough")

    monkeypatch.setattr("idspam_lab.experiments.search.search", instead)
    words = ["search", "rotten_tomatoes", "--limit", "40", "--storage", str(tmp_path / "s.db"), "--lr", "3e-3", "0.01"]
    assert main(words) == 2 and asked == [[3e-3, 0.01]]


def test_another_metric_or_other_weights_are_another_study(optuna, data, tiny, minilm, tmp_path):
    go(data, tiny, tmp_path / "s.db", 1)
    other = replace(data, task=replace(data.task, metric="acc_f1"))
    assert named(other, tiny) != named(data, tiny)
    assert go(other, tiny, tmp_path / "s.db", 1)["value"].notna().all()
    torch.manual_seed(1)
    weights = type(tiny)(type(tiny.model)(tiny.config, add_pooling_layer=False), tiny.tokenizer, tiny.name)
    assert named(data, weights) != named(data, tiny)
    assert len(optuna.get_all_study_names(f"sqlite:///{tmp_path / 's.db'}")) == 2
