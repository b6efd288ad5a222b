"""Transfer there and back, few-shot, and what tells a shift of domain from a loss of skill."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score

from idspam_lab.analysis.domains import domains, unseen
from idspam_lab.analysis.pairs import mcnemar
from idspam_lab.analysis.shift import balanced, shift, shift_by_length
from idspam_lab.classifier import PromptClassifier
from idspam_lab.errors import BadInput
from idspam_lab.experiments import compare as compare_module
from idspam_lab.experiments.few_shot import few_shot
from idspam_lab.experiments.transfer import both_ways, home_and_abroad, trained
from idspam_lab.plots import transfer_matrix
from idspam_lab.tasks import Examples, Task, TaskData, at_hand
from idspam_lab.widgets.transfer import flips, part_of, predictions
from tests.conftest import reviews

QUICK = {"epochs": 2, "batch_size": 16, "lr": 5e-3, "precision": "fp32"}
METHODS = ["idspam:layer=1,t=3,c=8"]


def task(name, labels, start):
    rows = reviews(48, start), reviews(24, start + 500), reviews(30, start + 900)
    return TaskData(Task(name, ("text",), labels, note="for tests"), *rows, "Made up.", "By number.")


HERE, THERE = task("here", ("bad", "good"), 0), task("there", ("neg", "pos"), 3000)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("transfer")


def run(tiny, place, **more):
    silent = {"say": lambda line: None, "folder": place, "max_length": (32, 48)}
    return both_ways(HERE, THERE, tiny, METHODS, (0, 1), **silent, **(QUICK | more))


@pytest.fixture(scope="module")
def table(tiny, place):
    return run(tiny, place)


def test_both_ways_beside_the_baselines(table):
    assert len(table) == 2 * 2 * (1 + 2 * 2)  # sources, targets; the majority class, two methods with two seeds
    ours = table[table.method == "ID-SPAM (layer=1, t=3, c=8)"]
    cells = ours.groupby(["train_task", "test_task"]).size()
    assert cells.to_dict() == {(a, b): 2 for a in ("here", "there") for b in ("here", "there")}
    ax = transfer_matrix(table, method="ID-SPAM (layer=1, t=3, c=8)")
    assert "majority 50.0" in ax.texts[1].get_text()


def test_it_is_read_back(table, tiny, place, monkeypatch):
    def forbidden(*arguments, **options):
        raise AssertionError("trained again")

    monkeypatch.setattr(compare_module.PromptClassifier, "fit", forbidden)
    again = run(tiny, place)
    pd.testing.assert_series_equal(again["score"], table["score"])


def test_what_was_trained_is_found_again(table, tiny, place):
    clfs = trained(place, ["here", "there"], ["linear_head"], tiny, seed=1)
    (name,) = clfs["here"]
    assert name == "linear head"
    assert trained(place, ["here"], METHODS, tiny)["here"]["ID-SPAM (layer=1, t=3, c=8)"].method.layer == 1
    said = clfs["here"][name].predict_proba(THERE.test, max_length=48).argmax(-1)
    row = table.query("train_task == 'here' and test_task == 'there' and method == 'linear head' and seed == 1")
    assert row["accuracy"].item() == pytest.approx(accuracy_score(THERE.test.labels, said))


def test_two_tasks_name_their_classes_alike_in_the_panel(table, tiny, place):
    """A class has one name, whoever read the text: else every text would seem to flip."""
    clfs = trained(place, ["here", "there"], ["linear_head"], tiny)
    frame = predictions(clfs, {"there": THERE.test})
    assert set(frame["label"]) | set(frame["predicted"]) <= {"bad", "good"}
    mine, other = (part_of(frame, source, "there", "linear head") for source in ("here", "there"))
    texts = list(THERE.test.texts)
    read = [one["linear head"].predict_proba(THERE.test).argmax(-1) for one in clfs.values()]
    assert set(flips(mine, other)["text"]) == {texts[i] for i in np.flatnonzero(read[0] != read[1])}


def test_tasks_of_other_classes_are_refused(tiny, place):
    three = replace(THERE, task=replace(THERE.task, labels=("a", "b", "c")))
    with pytest.raises(BadInput, match=r"there has 3 classes \(a, b, c\), but what is trained tells 2 apart"):
        both_ways(HERE, three, tiny, METHODS, folder=place, max_length=(32, 32))


# Few-shot ------------------------------------------------------------------------------------------------------------


def test_few_shot_goes_on_from_the_weights_that_are_there(tiny, tmp_path):
    options = {"layer": 1, "t": 3, "c": 8, "head_dropout": 0.0, "dropout": 0.0}
    clfs = {name: PromptClassifier(tiny, "idspam", **options) for name in ("transferred", "new")}
    clfs["transferred"].fit(HERE.train, HERE.validation, clfs["new"].preset(**QUICK), progress=False)
    before = clfs["transferred"].head.weight.detach().clone()
    own = accuracy_score(THERE.test.labels, clfs["transferred"].predict_proba(THERE.test).argmax(-1))
    tiny_steps = {"epochs": 1, "lr": 1e-6, "precision": "fp32"}
    found = few_shot(clfs, THERE.train[:12], THERE.test, folder=tmp_path, progress=False, **tiny_steps)
    assert found["start"].tolist() == ["transferred", "new"] and set(found["texts"]) == {12}
    moved = (clfs["transferred"].head.weight - before).abs().max()
    assert 0 < moved < 1e-4  # a step from where it was
    assert found.loc[0, "before"] == found.loc[0, "after"] == pytest.approx(own)


def test_few_shot_is_read_back(tiny, tmp_path):
    def once():
        clf = PromptClassifier(tiny, "linear_head")
        found = few_shot({"new": clf}, THERE.train[:12], THERE.test, folder=tmp_path, progress=False, **QUICK)
        return found, clf.run.seconds

    (first, seconds), (second, again) = once(), once()
    pd.testing.assert_frame_equal(first, second)
    assert seconds == again


# Domains -------------------------------------------------------------------------------------------------------------


def test_domains_in_numbers(tiny):
    short = Examples(("good film", "bad film"), None, (1, 0))
    long = Examples(("good " * 8, "bad"), None, (1, 1))
    table = domains(tiny, {"short": short, "long": long}, max_length=5)  # a text's tokens and two special ones
    assert table["tokens"].tolist() == [4, 6.5] and table["longest"].tolist() == [4, 10]
    assert table["cut"].tolist() == [0, 0.5] and table["lost"].tolist() == pytest.approx([0, 5 / 13])
    assert table["second_class"].tolist() == [0.5, 1.0]
    assert unseen(tiny, short, long) == 0 and unseen(tiny, long, short) == pytest.approx(2 / 8)  # twice "film"


def test_a_shifted_threshold_is_told_from_a_lost_ranking():
    labels = np.array([0, 0, 1, 1])
    shifted = shift(np.array([0.6, 0.7, 0.8, 0.9]), labels)
    assert shifted == {"accuracy": 0.5, "said": 1.0, "true": 0.5, "auroc": 1.0, "balanced": 1.0}
    lost = shift(np.array([0.9, 0.1, 0.8, 0.2]), labels)
    assert lost["accuracy"] == lost["balanced"] == lost["auroc"] == 0.5
    assert balanced(np.array([0.5, 0.5, 0.5]), 2 / 3).tolist() == [1, 1, 0]
    with pytest.raises(BadInput, match="two classes"):
        shift(np.array([0.5, 0.5]), [1, 1])


@pytest.mark.filterwarnings("ignore:.*were cut there")
def test_shift_at_several_lengths(tiny):
    clf = PromptClassifier(tiny, "linear_head")
    found = shift_by_length({"head": clf}, THERE.test, (6, 32))
    assert found["max_length"].tolist() == [6, 32] and set(found["method"]) == {"head"}
    p = clf.predict_proba(THERE.test, max_length=6)[:, 1]
    assert found.loc[0, "accuracy"] == accuracy_score(THERE.test.labels, p > 0.5)


# Two classifiers on the same texts -----------------------------------------------------------------------------------


def test_mcnemar_is_the_binomial_test_of_the_discordant_texts():
    generator = np.random.default_rng(1)
    labels, a, b = generator.integers(0, 2, (3, 60))
    found = mcnemar(labels, a, b)
    n = int((a != b).sum())
    assert found.only_a + found.only_b == n
    assert found.only_a - found.only_b == (a == labels).sum() - (b == labels).sum()
    assert found.p == pytest.approx(binomtest(found.only_a, n).pvalue)
    assert mcnemar([0, 1], [0, 1], [0, 1]).p == 1 and "0 texts" in str(mcnemar([0], [0], [0]))


def test_mcnemar_against_a_published_example():
    """Agresti (2002), table 10.1: approval in two surveys, 150 and 86 changed; z^2 = 17.36, far below 0.001."""
    labels = [1] * 236
    a, b = [1] * 150 + [0] * 86, [0] * 150 + [1] * 86
    found = mcnemar(labels, a, b)
    assert (found.only_a, found.only_b) == (150, 86) and 1e-5 < found.p < 1e-4


def test_other_lengths_are_refused():
    with pytest.raises(BadInput, match="give as many of each"):
        mcnemar([0, 1], [0], [0, 1])


def test_fewer_test_rows_are_said():
    fewer = HERE.tested_on(10)
    assert len(fewer.test) == 10 and sorted(fewer.test.labels).count(1) == 5
    assert fewer.split_rule == "By number; tested on a stratified choice of 10 rows."
    assert set(fewer.test.texts) <= set(HERE.test.texts) and fewer.train is HERE.train
    assert fewer.fingerprint != HERE.fingerprint and HERE.tested_on(30) is HERE


# At hand -------------------------------------------------------------------------------------------------------------


def test_what_is_at_hand_needs_no_network(tmp_path, monkeypatch):
    monkeypatch.delenv("IDSPAM_DATA_DIR", raising=False)
    assert at_hand("rotten_tomatoes") and not at_hand("sst2")
    (tmp_path / "sst2").mkdir()
    monkeypatch.setenv("IDSPAM_DATA_DIR", str(tmp_path))
    assert at_hand("sst2") and not at_hand("mrpc")


def test_home_and_abroad_has_a_row_a_method_the_best_at_home_first():
    rows = [("a", "x", 0.7, 0.72), ("a", "y", 0.5, 0.5), ("b", "x", 0.8, 0.82), ("b", "y", 0.4, 0.42)]
    runs = [
        {"train_task": "x", "test_task": task, "backbone": "minilm", "method": method, "seed": seed, "score": score,
         "texts": 10, "train_texts": 5, "trained_parameters": 2, "layer": 3}
        for method, task, *scores in rows for seed, score in enumerate(scores)
    ]  # fmt: skip
    found = home_and_abroad(pd.DataFrame(runs))
    assert list(found.columns) == ["at home, x", "abroad, y"] and list(found.index) == ["b", "a"]
    assert found.loc["b"].tolist() == ["81.0 ± 1.4", "41.0 ± 1.4"] and found.loc["a", "abroad, y"] == "50.0 ± 0.0"
    twice = pd.DataFrame([*runs, *(run | {"layer": 4} for run in runs[:2])])
    with pytest.raises(BadInput, match="several configurations of a, which differ in layer: leave one"):
        home_and_abroad(twice)
