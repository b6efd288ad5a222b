"""Curves that stay in a folder, what a curve costs, and choosing among noisy blocks."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from idspam_lab.errors import BadInput
from idspam_lab.experiments import kept
from idspam_lab.experiments.choosing import flattery, one_error_rule
from idspam_lab.experiments.kept import kept_choice, kept_curve, opener
from idspam_lab.experiments.layer_choice import choose_layer
from idspam_lab.experiments.layer_cost import block_passes, halved_runs
from idspam_lab.experiments.layer_curve import layer_curve, runs_of, train_together
from idspam_lab.lessons import measured_tables
from tests.test_layer_curve import QUICK, data

METHOD = "idspam:t=3,c=8"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("curve")


@pytest.fixture(scope="module")
def curve(tiny, place):
    return kept_curve(data(), tiny, folder=place, seeds=2, method=METHOD, progress=False, **QUICK)


def forbidden(*arguments, **options):
    raise AssertionError("trained again")


def test_the_rows_are_those_of_a_layer_curve(curve, tiny):
    plain = layer_curve(data(), backbone=tiny, seeds=2, method=METHOD, progress=False, **QUICK)
    same = ["method", "layer", "seed", "score", "best_epoch", "texts", "trained_parameters"]
    pd.testing.assert_frame_equal(curve[same], plain[same])
    runs = curve["layer"].notna()
    assert runs.tolist() == [False] * 2 + [True] * 6
    assert curve[runs]["validation_score"].between(0, 1).all() and curve[~runs]["validation_score"].isna().all()


def test_a_curve_is_read_back_and_its_runs_open(curve, tiny, place, monkeypatch):
    monkeypatch.setattr(kept, "train_together", forbidden)
    again = kept_curve(data(), tiny, folder=place, seeds=2, method=METHOD, progress=False, **QUICK)
    pd.testing.assert_frame_equal(again, curve)
    assert not list(place.glob("checkpoints/*"))
    open_run, test = opener(tiny), data().test
    for row in (curve.iloc[2], curve.iloc[-1]):
        clf = open_run(row)
        assert clf.method.layer == row["layer"]
        right = [clf.label2id[said] == label for said, label in zip(clf.predict(test), test.labels, strict=True)]
        assert np.mean(right) == pytest.approx(row["score"])
    assert open_run(curve.iloc[0]) is None and open_run(curve.iloc[2].drop("folder")) is None
    assert open_run(pd.concat([curve, curve.drop(columns="folder")]).iloc[-1]) is None


@pytest.mark.parametrize("change", [{"lr": 1e-3}, {"seeds": 1}, {"method": "idspam:t=2,c=8"}])
def test_another_curve_is_trained(curve, tiny, place, monkeypatch, change):
    monkeypatch.setattr(kept, "train_together", forbidden)
    with pytest.raises(AssertionError, match="trained again"):
        kept_curve(data(), tiny, folder=place, progress=False, **({"seeds": 2, "method": METHOD} | QUICK | change))


def test_a_choice_is_kept_too(tiny, place, monkeypatch):
    settings = QUICK | {"epochs": 3}
    found = kept_choice(data(), tiny, folder=place, method=METHOD, progress=False, **settings)
    plain = choose_layer(data(), backbone=tiny, seeds=[0], method=METHOD, progress=False, **settings)
    assert found.layer == plain.layer
    pd.testing.assert_frame_equal(found.evidence, plain.evidence)
    monkeypatch.setattr(kept, "choose_layer", forbidden)
    again = kept_choice(data(), tiny, folder=place, method=METHOD, progress=False, **settings)
    assert again.layer == found.layer and str(again) == str(found)
    with pytest.raises(AssertionError, match="trained again"):
        kept_choice(data(), tiny, folder=place, method=METHOD, read="mean", progress=False, **settings)
    assert sum(found.evidence.groupby("epoch")["layer"].nunique()) == halved_runs(tiny.L, 3)


def test_wrong_settings_get_a_sentence(tiny, tmp_path):
    with pytest.raises(BadInput, match="names a layer"):
        kept_curve(data(), tiny, folder=tmp_path, method="idspam:layer=1", progress=False, **QUICK)


def test_measured_tables_are_found_by_their_names(curve, tmp_path, capsys):
    for name in ("curve_b.csv", "curve_a.csv", "other.csv"):
        curve.assign(train_task=name).to_csv(tmp_path / name, index=False)
    found = measured_tables("curve_*.csv", tmp_path)
    assert [table["train_task"].iloc[0] for table in found] == ["curve_a.csv", "curve_b.csv"]
    assert capsys.readouterr().out == ""
    assert measured_tables("transfer_*.csv", tmp_path) == []
    assert "No transfer_*.csv is in data/results yet" in capsys.readouterr().out


# What a curve costs --------------------------------------------------------------------------------------------------


@pytest.fixture
def passes(tiny):
    """Texts that went through the second half of any block: every block passes it once, on the fast path too."""
    count = [0]
    hooks = [
        block.intermediate.register_forward_pre_hook(lambda module, args: count.__setitem__(0, count[0] + len(args[0])))
        for block in tiny.blocks()
    ]
    yield count
    for hook in hooks:
        hook.remove()


def test_block_passes_are_what_is_computed(tiny, passes):
    once = QUICK | {"epochs": 1}
    whole, shared = block_passes(tiny.L, seeds=2)
    clfs, settings = runs_of(data(), tiny, METHOD, range(tiny.L), [0, 1], once)
    passes[0] = 0  # building looks at one text
    train_together(clfs, settings, data(validation=0), progress=False)
    looked_at = passes[0] - shared * len(data().train)
    assert 0 <= looked_at <= 2 * sum(clf.method.layer for clf in clfs)  # one text, to see what each method needs
    passes[0] = 0
    for clf, one in zip(clfs, settings, strict=True):
        clf.fit(data().train, None, one, store=False, progress=False)
    assert passes[0] == whole * len(data().train)


def test_passes_by_hand():
    assert block_passes(6, 3) == (108, 68) and block_passes(1, 1) == (1, 1)
    assert halved_runs(6, 3) == 6 + 3 + 2 and halved_runs(24, 1) == 24


# Choosing ------------------------------------------------------------------------------------------------------------


def test_the_best_of_two_flatters_by_what_theory_says():
    noise = np.random.default_rng(0).normal(0.7, 0.02, (200_000, 2))
    assert flattery(noise, 0.7) == pytest.approx(0.02 / math.sqrt(math.pi), rel=0.01)  # the mean of the larger of two
    assert flattery(np.full((3, 6), 0.7), 0.7) == pytest.approx(0)


def test_the_rule_takes_the_highest_block_within_one_error():
    scores = {0: [70.0, 71.0], 1: [80.0, 82.0], 2: [79.9, 80.1], 3: [79.0, 80.5]}  # best 81, error 1
    assert one_error_rule(scores) == 2
    assert one_error_rule({4: [1.0, 1.0], 2: [0.5, 0.5]}) == 4


def test_no_random_number_is_drawn_by_reading_back(curve, tiny, place):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    kept_curve(data(), tiny, folder=place, seeds=2, method=METHOD, progress=False, **QUICK)
    assert torch.equal(torch.rand(3), expected)
