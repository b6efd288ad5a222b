"""The layer curve and the automatic choice of a block, against runs one at a time."""

import json

import matplotlib
import numpy as np
import pandas as pd
import pytest

from idspam_lab.classifier import PromptClassifier
from idspam_lab.cli import main
from idspam_lab.errors import BadInput
from idspam_lab.experiments.compare import run_once
from idspam_lab.experiments.layer_choice import Halving, choose_layer
from idspam_lab.experiments.layer_curve import layer_curve, which_layers, which_seeds
from idspam_lab.frozen.lanes import Lane
from idspam_lab.plots import layer_curve as draw
from idspam_lab.tasks import Task, TaskData
from idspam_lab.training import Run, Settings
from tests.conftest import reviews

TASK = Task("made-up", ("text",), ("bad", "good"), note="for tests")
QUICK = {"epochs": 2, "batch_size": 16, "lr": 5e-3, "precision": "fp32"}


def data(train=64, validation=32):
    held_out = reviews(validation, 1000) if validation else None
    return TaskData(TASK, reviews(train), held_out, reviews(40, 2000), "Made up.", "By number.")


@pytest.fixture(scope="module")
def curve(tiny):
    return layer_curve(data(), backbone=tiny, seeds=2, method="idspam:t=3,c=8", progress=False, command="test", **QUICK)


def test_a_row_a_block_and_seed_beside_the_baselines(curve):
    runs = curve[curve.layer.notna()]
    assert sorted(zip(runs.layer, runs.seed, strict=True)) == [(m, s) for m in range(3) for s in range(2)]
    assert set(curve[curve.layer.isna()].method) == {"majority class", "linear head"}
    assert set(runs.method) == {"ID-SPAM (t=3, c=8)"} and set(runs.test_task) == {"made-up"}
    assert runs.score.between(0, 1).all() and (runs.train_seconds_per_text > 0).all()
    assert set(runs.command) == {"test"} and set(runs.backbone) == {"tiny"}


def test_a_killed_curve_goes_on_from_its_last_epoch(curve, tiny, tmp_path, monkeypatch):
    begin, epochs = Lane.begin, []

    def power_cut(lane, epoch, loader):
        if epoch == 2 and 2 not in epochs:
            epochs.append(epoch)
            raise KeyboardInterrupt
        epochs.append(epoch)
        return begin(lane, epoch, loader)

    monkeypatch.setattr(Lane, "begin", power_cut)
    told = {"backbone": tiny, "seeds": 2, "method": "idspam:t=3,c=8", "progress": False, "out": tmp_path} | QUICK
    with pytest.raises(KeyboardInterrupt):
        layer_curve(data(), **told)
    again = layer_curve(data(), **told)
    assert epochs == [1] * 6 + [2] + [2] * 6 and not list((tmp_path / "checkpoints").iterdir())
    pd.testing.assert_series_equal(again.score, curve.score)


def test_each_row_is_what_the_run_scores_alone(curve, tiny):
    for layer in (0, 2):
        clf = PromptClassifier(tiny, "idspam", labels=TASK.labels, seed=1, layer=layer, t=3, c=8)
        settings = Settings(**QUICK, seed=1, order_seed=0)
        clf.fit(data().train, data().validation, settings, progress=False, store=False)
        right = [clf.label2id[p] == y for p, y in zip(clf.predict(data().test), data().test.labels, strict=True)]
        row = curve[(curve.layer == layer) & (curve.seed == 1)].iloc[0]
        assert row.accuracy == pytest.approx(np.mean(right), abs=1e-9)


def test_layers_and_seeds_may_be_numpys_or_one_number(tiny):
    assert which_layers(tiny, np.arange(2)) == which_layers(tiny, [np.int64(1), 0]) == [0, 1]
    assert which_layers(tiny, 1) == which_layers(tiny, np.int64(1)) == [1] and which_layers(tiny, "all") == [0, 1, 2]
    assert which_seeds(np.int64(2)) == which_seeds(np.arange(2)) == which_seeds(2) == [0, 1]
    with pytest.raises(BadInput, match="layers is empty"):
        which_layers(tiny, np.arange(0))
    with pytest.raises(BadInput, match="layer is None, but a block is named by a whole number"):
        which_layers(tiny, None)


def test_the_columns_are_those_of_compare(curve, tiny, tmp_path):
    rows = run_once(data(), tiny, "idspam:t=3,c=8,layer=1", 0, tmp_path, None, "test", QUICK)
    assert set(rows[0]) - {"adapter_mb"} == set(curve.columns)


def test_the_curve_can_be_drawn(curve):
    ax = draw(curve, L=3)
    (line,) = [line for line in ax.lines if len(line.get_xdata()) == 3]
    means = curve[curve.layer.notna()].groupby("layer").score.mean()
    assert line.get_ydata() == pytest.approx(100 * means.to_numpy())
    matplotlib.pyplot.close("all")


class Stub:
    """A classifier of one block with a history."""

    def __init__(self, layer, scores):
        self.method, self.run = type("Method", (), {"layer": layer}), Run({})
        self.run.history = [{"validation_score": score, "validation_loss": 1 - score} for score in scores]


def test_halving_drops_the_worse_half_by_the_mean_over_the_seeds():
    clfs = [Stub(0, [0.9]), Stub(0, [0.1]), Stub(1, [0.6]), Stub(1, [0.6]), Stub(2, [0.7]), Stub(2, [0.7])]
    halving = Halving()
    assert halving(1, clfs) == {0, 1}  # two of three stay
    table = pd.DataFrame(halving.evidence)
    assert table.kept.tolist() == [False, True, True] and table.seeds.tolist() == [2, 2, 2]
    assert table.validation_score.tolist() == pytest.approx([0.5, 0.6, 0.7])


def test_equal_scores_go_by_the_loss():
    clfs = [Stub(0, [0.5]), Stub(1, [0.5])]
    clfs[0].run.history[0]["validation_loss"] = 0.9
    assert Halving()(1, clfs) == {0}


def test_a_block_is_chosen_with_its_evidence(tiny):
    longer = QUICK | {"epochs": 3}
    found = choose_layer(data(), backbone=tiny, seeds=2, method="idspam:t=3,c=8", progress=False, **longer)
    table = found.evidence
    assert table.groupby("epoch").layer.nunique().tolist() == [3, 2, 1]
    assert table[table.epoch == 3].layer.tolist() == [found.layer]
    assert f"Block {found.layer} (the first is 0) was chosen of 3: " in str(found)
    for epoch in (1, 2):
        part = table[table.epoch == epoch]
        assert part[part.kept].validation_score.min() >= part[~part.kept].validation_score.max()


def test_the_first_epoch_of_the_choice_is_that_of_the_run_alone(tiny):
    found = choose_layer(data(), backbone=tiny, method="idspam:t=3,c=8", progress=False, **QUICK)
    for layer in range(3):
        clf = PromptClassifier(tiny, "idspam", layer=layer, t=3, c=8)
        run = clf.fit(data().train, data().validation, Settings(**QUICK, order_seed=0), progress=False, store=False)
        first = found.evidence.query("layer == @layer and epoch == 1").iloc[0]
        assert first.validation_loss == pytest.approx(run.history[0]["validation_loss"], abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"layers": [3]}, "layer is 3"),
        ({"layers": []}, "layers is empty"),
        ({"seeds": 0}, "There is no seed"),
        ({"method": "idspam:layer=1"}, "names a layer"),
        ({"method": "idpg"}, "layer"),
        ({"method": "idspam:lora=2"}, "cannot share passes"),
    ],
)
def test_wrong_arguments_get_a_sentence(arguments, sentence, tiny):
    with pytest.raises(BadInput, match=sentence):
        layer_curve(data(), backbone=tiny, progress=False, **(QUICK | arguments))


def test_a_choice_needs_validation_texts(tiny):
    with pytest.raises(BadInput, match="no validation texts"):
        choose_layer(data(validation=0), backbone=tiny, progress=False, **QUICK)


def test_on_the_command_line(tmp_path, capsys, monkeypatch):
    examples, table = reviews(96), tmp_path / "reviews.csv"
    labels = [TASK.labels[y] for y in examples.labels]
    pd.DataFrame({"text": examples.texts, "label": labels}).to_csv(table, index=False)
    curve, single = tmp_path / "curve", tmp_path / "single"
    two = ["--layers", "4", "5", "--seeds", "2"]
    monkeypatch.setattr("sys.argv", ["idspam-lab", "curve", str(table), *two])  # what is recorded
    assert main(["curve", str(table), *two, "--epochs", "2", "--out", str(curve)]) == 0
    out = capsys.readouterr().out
    assert (curve / "layer_curve.png").read_bytes()[:4] == b"\x89PNG" and "linear head" in out
    assert len(pd.read_csv(curve / "results.csv")) == 4 + 2
    before = (curve / "results.csv").read_bytes()
    monkeypatch.setattr("sys.argv", ["idspam-lab", "curve", str(table), "--layers", "5"])
    assert main(["curve", str(table), "--layers", "5", "--seeds", "1", "--epochs", "1", "--out", str(curve)]) == 2
    assert "is what another command found (idspam-lab curve" in capsys.readouterr().err
    assert (curve / "results.csv").read_bytes() == before

    assert main(["train", str(table), "--layer", "auto", "--epochs", "2", "--out", str(single)]) == 0
    out = capsys.readouterr().out
    evidence = pd.read_csv(single / "layer_choice.csv")
    chosen = evidence[(evidence.epoch == 2) & evidence.kept].layer.item()
    assert f"Block {chosen} (the first is 0) was chosen of 6: " in out
    assert json.loads((single / "report.json").read_text())["adapter"]["layer"] == chosen
    with pytest.raises(SystemExit):
        main(["train", str(table), "--layer", "middle"])
    assert "neither a block's number nor auto" in capsys.readouterr().err


def test_runs_whose_loss_became_no_number_have_no_row(tiny, monkeypatch):
    from idspam_lab.frozen.lanes import Lane

    end = Lane.end

    def diverge(lane, epoch, *rest):
        if lane.clf.method.layer == 1 and epoch == 2:  # after a good first epoch
            lane.losses[-1] = lane.losses[-1] * float("nan")
        return end(lane, epoch, *rest)

    monkeypatch.setattr(Lane, "end", diverge)
    with pytest.warns(UserWarning, match="Layer 1, seed 0: .*nan"):
        found = layer_curve(data(), seeds=1, method="idspam:t=3,c=8", backbone=tiny, progress=False, **QUICK)
    assert found["layer"].dropna().tolist() == [0, 2]
    with pytest.raises(BadInput, match="No run came to its end"), pytest.warns(UserWarning):
        layer_curve(data(), [1], seeds=1, method="idspam:t=3,c=8", backbone=tiny, progress=False, **QUICK)
