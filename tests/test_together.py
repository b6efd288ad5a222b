"""Many classifiers on one task's texts: what they know afterwards, and what is refused in a sentence, as by `fit`."""

import warnings
from types import SimpleNamespace

import pytest
import torch

from idspam_lab import BadInput, Examples, PromptClassifier, Settings, fit_many
from idspam_lab.frozen.alike import check_readers
from idspam_lab.training.checkpoint import copy_of, trained_tensors
from idspam_lab.verbalizer import Verbalizer

LABELS = ("negative", "positive")
SHORT = Settings(epochs=2, batch_size=16, max_length=12, order_seed=0, precision="fp32")


def make(backbone, count=2, **options):
    told = {"layer": 1, "t": 3, "c": 8, "labels": LABELS} | options
    return [PromptClassifier(backbone, "idspam", seed=seed, **told) for seed in range(count)]


@pytest.mark.filterwarnings("ignore:.*longer than 12 tokens")
def test_each_is_left_as_fit_leaves_one(tiny, train, validation, tmp_path):
    clfs, (alone, _) = make(tiny), make(tiny)
    settings = [SHORT, Settings(**(SHORT.to_dict() | {"lr": 3e-3}))]
    runs = fit_many(clfs, train, validation, settings, progress=False, out=[tmp_path / "0", tmp_path / "1"])
    run = alone.fit(train, validation, SHORT, progress=False)
    assert [(clf.pairs, clf.max_length) for clf in clfs] == [(False, 12)] * 2 == [(alone.pairs, alone.max_length)] * 2
    assert clfs[0].run is runs[0] and runs[0].best_epoch == run.best_epoch
    assert runs[0].history[-1]["validation_loss"] == pytest.approx(run.history[-1]["validation_loss"], abs=1e-5)
    long = ["a film that goes on and on and on and on and on and on and on and on , and is dull"]
    assert clfs[0].predict_proba(long) == pytest.approx(alone.predict_proba(long), abs=1e-5)
    clfs[0].save_pretrained(tmp_path / "adapter")
    again = PromptClassifier.from_pretrained(tmp_path / "adapter", backbone=tiny)
    assert (again.pairs, again.max_length) == (False, 12)
    with pytest.warns(UserWarning, match="trained on single texts and reads pairs"):
        clfs[1].predict([("one", "two")])
    (single, _) = make(tiny)  # goes on alone from where it went with the other
    back = single.fit(train, validation, SHORT, progress=False, out=tmp_path / "0")
    assert back.history == runs[0].history


def test_pairs_without_validation_texts(tiny):
    texts = Examples(["a man sleeps", "he is awake"] * 8, ["he sleeps", "he sleeps"] * 8, [1, 0] * 8)
    clfs = make(tiny)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_many(clfs, texts, None, [Settings(epochs=1, order_seed=0)] * 2, progress=False)
    assert [(clf.pairs, clf.max_length) for clf in clfs] == [(True, None)] * 2


def test_what_was_not_begun_leaves_all_as_it_was(tiny, train):
    clfs = make(tiny)
    before = [copy_of(trained_tensors(clf)) for clf in clfs]
    with pytest.raises(BadInput, match="Text 2 is empty"):
        fit_many(clfs, Examples(["good", ""], labels=[0, 1]), None, [SHORT] * 2, progress=False)
    clfs.append(PromptClassifier(tiny, "lora", labels=LABELS))
    with pytest.raises(BadInput, match="cannot share passes: train it alone"):
        fit_many(clfs, train[:8], None, [SHORT] * 3, progress=False)
    assert [(clf.pairs, clf.max_length, clf.run) for clf in clfs] == [(None, None, None)] * 3
    for clf, was in zip(clfs, before, strict=False):
        assert all(torch.equal(was[name], now) for name, now in trained_tensors(clf).items())


TEXTS = Examples(["good", "bad"] * 2, labels=[1, 0] * 2)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"clfs": lambda clfs: []}, "There is no classifier to train"),
        ({"clfs": lambda clfs: clfs[0]}, r"One classifier was given where a list is wanted: write \[clf\]"),
        ({"clfs": lambda clfs: [clfs[0], clfs[0]]}, "Classifier 2 is given twice: build one for each run"),
        (
            {"clfs": lambda clfs: [clfs[0], PromptClassifier(clfs[0].backbone, labels=3)]},
            "Classifier 2 has 3 classes and the first 2: runs that share passes have the same texts and labels",
        ),
        ({"settings": SHORT}, "One Settings was given where a list is wanted: write one for each of the 2 runs"),
        ({"settings": [SHORT]}, "There are 2 classifiers and 1 settings: give one for each run"),
        ({"settings": None}, "The settings are no list of Settings"),
        ({"settings": [{"lr": 1}] * 2}, "The settings are no list of Settings"),
        ({"settings": [SHORT, Settings(order_seed=0)]}, "need the same epochs, but there are 2, 5"),
        (
            {"settings": [SHORT, Settings(**(SHORT.to_dict() | {"max_length": 9}))]},
            "need the same max_length, but there are 12, 9",
        ),
        ({"train": Examples(["good", "bad"])}, "The training texts have no labels: write Examples"),
        ({"train": [{"input_ids": [1, 2]}]}, "The training texts have no labels: write Examples"),
        ({"train": Examples(["good", "bad"], labels=[0, 2])}, "Label 2 of the training texts is not one of the 2"),
        ({"train": Examples([], labels=[])}, "All 0 training texts are missing"),
        ({"train": Examples(["good", "fine"], labels=[1, 1])}, "All 2 training texts are of class 'positive'"),
        ({"validation": Examples(["good"], labels=[2])}, "Label 2 of the validation texts"),
        ({"metric": "f1"}, "metric"),
        ({"out": "here"}, r"out is one folder \(here\), but each of the 2 runs has its own"),
        ({"out": ["here"]}, "out has 1 folders for 2 runs"),
        ({"out": ["here", "here"]}, "out has 2 folders for 2 runs: give one for each, all different ones"),
    ],
)
def test_bad_input_is_one_sentence(tiny, change, sentence):
    told = {"train": TEXTS, "validation": None, "settings": [SHORT] * 2, "progress": False} | change
    clfs = told.pop("clfs", lambda clfs: clfs)(make(tiny))
    with pytest.raises(BadInput, match=sentence):
        fit_many(clfs, **told)


def test_readers_of_a_word_need_one_template():
    one, other = (Verbalizer(f"{{}} {word} <mask> .", ("bad", "good")) for word in ("It was", "All in all"))
    first, second, third = (SimpleNamespace(id2label={0: "a", 1: "b"}, verbalizer=v) for v in (one, other, None))
    for clfs in ((first, second), (first, third), (third, first)):
        with pytest.raises(BadInput, match="Classifier 2 has another template than the first"):
            check_readers(clfs)
    check_readers([first, SimpleNamespace(id2label=first.id2label, verbalizer=one)])
