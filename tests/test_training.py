"""The loop: batches, repeatability, resuming, stopping, failing."""

import json
import math
import subprocess
import sys
import textwrap
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import save_file

from idspam_lab.backbones import FAMILIES
from idspam_lab.classifier import PromptClassifier
from idspam_lab.errors import BadInput
from idspam_lab.frozen import fit_many
from idspam_lab.training import Settings, StopTraining, fit
from idspam_lab.training.batches import Collate, LengthBuckets, training_loader
from idspam_lab.training.checkpoint import NAME, trained_tensors
from idspam_lab.training.loop import make_optimizer
from idspam_lab.training.predict import token_chunks
from idspam_lab.training.record import best_epoch

QUICK = Settings(epochs=3, batch_size=16, lr=5e-3, precision="fp32")


def fitted(tiny, train, validation, settings=QUICK, **options):
    clf = PromptClassifier(tiny, "idspam", layer=1, t=3, c=8, seed=settings.seed)
    run = clf.fit(train, validation, settings, progress=False, **options)
    return clf, run


def weights(clf):
    return {name: p.detach().clone() for name, p in trained_tensors(clf).items()}


def same(a, b):
    return set(a) == set(b) and all(torch.equal(a[name], b[name]) for name in a)


def test_loss_falls_and_the_task_is_learned(minilm, train, validation):
    clf = PromptClassifier(minilm, "idspam", layer=4)
    run = clf.fit(train, validation, Settings(epochs=6, batch_size=16, lr=3e-3), progress=False)
    losses = [epoch["train_loss"] for epoch in run.history]
    assert losses[-1] < 0.5 * losses[0]
    assert run.best["validation_accuracy"] >= 0.9
    predicted = clf.predict(train)
    assert np.mean([p == f"LABEL_{y}" for p, y in zip(predicted, train.labels, strict=True)]) >= 0.95


def test_only_the_stated_parameters_train_and_the_frozen_ones_stay_bit_identical(tiny, train, validation):
    before = {name: tensor.clone() for name, tensor in tiny.model.state_dict().items()}
    clf = PromptClassifier(tiny, "idspam", layer=1)
    start = weights(clf)
    clf.fit(train, validation, QUICK, progress=False)
    parts = {"W_Q.weight", "W_K.weight", "W_V.weight", "W_down.weight", "W_up.weight", "W_up.bias"}
    assert set(trained_tensors(clf)) == {f"method.generator.{part}" for part in parts} | {"head.weight", "head.bias"}
    assert all(torch.equal(tiny.model.state_dict()[name], tensor) for name, tensor in before.items())
    assert all(not torch.equal(start[name], now) for name, now in weights(clf).items())


def test_same_seed_same_numbers_other_seed_other_numbers(tiny, train, validation):
    first, run = fitted(tiny, train, validation)
    again, run_again = fitted(tiny, train, validation)
    other, _ = fitted(tiny, train, validation, Settings(**(QUICK.to_dict() | {"seed": 1})))
    assert same(weights(first), weights(again))
    pick = [{k: v for k, v in epoch.items() if "second" not in k} for epoch in run.history]
    assert pick == [{k: v for k, v in epoch.items() if "second" not in k} for epoch in run_again.history]
    assert not same(weights(first), weights(other))


@pytest.mark.parametrize("together", [False, True])
def test_the_callers_random_numbers_go_on_where_they_were(tiny, train, together):
    clf = PromptClassifier(tiny, "idspam", layer=1, t=3, c=8)
    torch.manual_seed(7)
    before = torch.get_rng_state()
    if together:
        fit_many([clf], train, None, [QUICK], progress=False)
    else:
        clf.fit(train, None, QUICK, progress=False)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_best_epoch_is_kept_not_the_last(tiny, train, validation):
    seen = []
    clf = PromptClassifier(tiny, "idspam", layer=1, t=3, c=8)

    def spoil(progress):  # after the second epoch the weights are thrown away
        if progress.metrics:
            seen.append(weights(progress.model))
            if progress.epoch == 2:
                with torch.no_grad():
                    progress.model.head.weight.zero_()
                    progress.model.head.bias.copy_(torch.tensor([9.0, -9.0]))

    run = clf.fit(train, validation, Settings(epochs=3, lr=1e-5, precision="fp32"), callbacks=[spoil], progress=False)
    best = int(np.argmax([epoch["validation_score"] for epoch in run.history]))
    assert run.best_epoch == best + 1 < 3
    assert same(weights(clf), seen[best])


def test_without_validation_the_last_epoch_is_kept(tiny, train):
    _, run = fitted(tiny, train, None)
    assert run.best_epoch == 3 and "validation_score" not in run.history[0]


@pytest.mark.parametrize(("scores", "best"), [([], 0), ([0.0], 1), ([0.5, 0.7, 0.7, 0.6], 2), ([None, None], 2)])
def test_the_earliest_of_the_best_epochs_is_kept(scores, best):
    history = [{} if score is None else {"validation_score": score} for score in scores]
    assert best_epoch(history) == best


def test_a_killed_run_goes_on_and_ends_as_if_it_had_not_been(tiny, train, validation, tmp_path):
    whole, run = fitted(tiny, train, validation)

    class Killed(BaseException):  # nothing in the loop may catch it, as nothing catches a kill
        pass

    def kill(progress):
        if progress.epoch == 2 and progress.metrics is None:
            raise Killed

    with pytest.raises(Killed):
        fitted(tiny, train, validation, out=tmp_path, callbacks=[kill])
    steps = []
    resumed, second = fitted(tiny, train, validation, out=tmp_path, callbacks=[lambda p: steps.append(p.step)])
    assert steps[0] == 5  # the second epoch's first step: 64 texts in batches of 16
    assert same(weights(whole), weights(resumed))
    for a, b in zip(run.history, second.history, strict=True):
        assert {k: v for k, v in a.items() if "second" not in k} == {k: v for k, v in b.items() if "second" not in k}
    assert run.best_epoch == second.best_epoch


class WithSpare(torch.nn.Module):
    """Learns one number, and has another one that no step asks for."""

    def __init__(self):
        super().__init__()
        self.w, self.spare = (torch.nn.Parameter(torch.zeros(2)) for _ in range(2))

    def forward(self, input_ids, attention_mask, labels=None):
        logits = input_ids.float().mean(1, keepdim=True) * self.w  # (B, 2)
        return SimpleNamespace(logits=logits, loss=torch.nn.functional.cross_entropy(logits, labels))


def test_a_run_goes_on_though_a_parameter_has_got_no_gradient_yet(tmp_path):
    rows = [{"input_ids": [1 + i % 2], "labels": i % 2} for i in range(8)]
    whole, resumed = WithSpare(), WithSpare()
    fit(whole, rows, None, QUICK, progress=False)

    def stop(progress):
        if progress.epoch == 2:
            raise StopTraining

    fit(WithSpare(), rows, None, QUICK, out=tmp_path, callbacks=[stop], progress=False)
    assert len(fit(resumed, rows, None, QUICK, out=tmp_path, progress=False).history) == 3
    assert same(weights(whole), weights(resumed))


@pytest.mark.parametrize(("off", "same_run"), [(1e-6, True), (1e-2, False)])
def test_a_run_goes_on_though_first_values_differ_in_their_last_digits(tiny, train, tmp_path, off, same_run):
    """As those that the frozen model had a part in do on another number of threads."""

    def begin():
        clf = PromptClassifier(tiny, "idspam", layer=1, t=3, c=8, init="states")
        return clf, clf.preset(epochs=2, batch_size=16, precision="fp32")

    first, settings = begin()
    first.fit(train, None, settings, out=tmp_path, progress=False)
    second, settings = begin()
    with torch.no_grad():
        for number, tensor in enumerate(trained_tensors(second).values()):
            torch.manual_seed(number)
            tensor.mul_(1 + off * torch.randn_like(tensor))
    if same_run:
        assert len(second.fit(train, None, settings, out=tmp_path, progress=False).history) == 2
        assert same(weights(first), weights(second))
    else:
        with pytest.raises(BadInput, match="other settings, data or starting weights"):
            second.fit(train, None, settings, out=tmp_path, progress=False)


def test_a_finished_run_is_read_back_not_trained_again(tiny, train, validation, tmp_path):
    first, _ = fitted(tiny, train, validation, out=tmp_path)
    steps = []
    again, run = fitted(tiny, train, validation, out=tmp_path, callbacks=[lambda p: steps.append(1)])
    assert not steps and len(run.history) == 3
    assert same(weights(first), weights(again))


@pytest.mark.slow
def test_sigkill_in_the_middle_leaves_a_run_that_resumes(tmp_path):
    """A real process, really killed while it trains its third epoch."""
    script = textwrap.dedent(f"""
        import os, signal, sys
        sys.path.insert(0, {str(__file__).rsplit("/", 2)[0]!r})
        import torch, transformers
        from tests import conftest
        from idspam_lab.backbones import FAMILIES, load_backbone
        from idspam_lab.classifier import PromptClassifier
        from idspam_lab.training import Settings
        tokenizer = load_backbone("minilm").tokenizer
        torch.manual_seed(0)
        config = transformers.BertConfig(vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=3,
                                         num_attention_heads=4, intermediate_size=64)
        tiny = FAMILIES["bert"](transformers.BertModel(config, add_pooling_layer=False), tokenizer, "tiny")
        clf = PromptClassifier(tiny, "idspam", layer=1, t=3, c=8)
        def kill(p):
            if sys.argv[1] == "kill" and p.epoch == 3 and p.metrics is None:
                os.kill(os.getpid(), signal.SIGKILL)
        settings = Settings(epochs=4, batch_size=16, lr=5e-3, precision="fp32")
        run = clf.fit(conftest.reviews(64), conftest.reviews(32, 1000), settings, out=sys.argv[2], callbacks=[kill],
                      progress=False)
        import json
        print(json.dumps([[e["train_loss"], e["validation_loss"], e["validation_score"]] for e in run.history]))
    """)

    def launch(mode, folder):
        return subprocess.run([sys.executable, "-c", script, mode, str(folder)], capture_output=True, text=True)

    assert launch("kill", tmp_path / "a").returncode == -9
    resumed, straight = launch("go", tmp_path / "a"), launch("go", tmp_path / "b")
    assert json.loads(resumed.stdout) == json.loads(straight.stdout)
    assert len(json.loads(straight.stdout)) == 4


def test_a_folder_with_another_run_is_refused_and_left_alone(tiny, train, validation, tmp_path):
    fitted(tiny, train, validation, out=tmp_path)
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(BadInput, match="holds a run with other settings"):
        fitted(tiny, train, validation, Settings(**(QUICK.to_dict() | {"lr": 1e-4})), out=tmp_path)
    assert (tmp_path / NAME).read_bytes() == before


@pytest.mark.parametrize("metadata", [None, {"state": "{}"}, {"state": "no JSON"}, {"state": "[1]"}])
def test_a_checkpoint_of_somebody_else_is_refused(tiny, train, tmp_path, metadata):
    save_file({"weight": torch.zeros(2)}, tmp_path / NAME, metadata)
    with pytest.raises(BadInput, match="holds a run with other settings.*delete checkpoint.safetensors in it"):
        fitted(tiny, train, None, out=tmp_path)


def test_a_full_disk_does_not_cost_the_training(tiny, train, validation, tmp_path, monkeypatch):
    whole, _ = fitted(tiny, train, validation)
    monkeypatch.setattr("safetensors.torch.save_file", no_room)
    with pytest.warns(UserWarning, match="no room left.*Training goes on"):
        clf, run = fitted(tiny, train, validation, out=tmp_path)
    assert len(run.history) == 3 and same(weights(whole), weights(clf))
    assert not list(tmp_path.iterdir())


def no_room(*_):
    raise OSError(28, "No space left on device")


def test_the_same_weights_at_another_layer_are_another_run(tiny, train, validation, tmp_path):
    fitted(tiny, train, validation, out=tmp_path)
    other = PromptClassifier(tiny, "idspam", layer=2, t=3, c=8)
    with pytest.raises(BadInput, match="holds a run with other settings"):
        other.fit(train, validation, QUICK, out=tmp_path, progress=False)


def test_the_default_layer_is_the_same_run_whether_it_is_said_or_not(tiny):
    said = {layer: PromptClassifier(tiny, "idspam", layer=layer).run_identity() for layer in (None, 1, 2)}
    assert said[1] == said[None] == PromptClassifier(tiny, "idspam").run_identity() != said[2]
    assert PromptClassifier(tiny, "idspam", layer=[1, 2]).run_identity() not in said.values()


def test_another_backbone_is_another_run(tiny, train, validation, tmp_path):
    fitted(tiny, train, validation, out=tmp_path)
    torch.manual_seed(1)
    model = transformers.BertModel(tiny.config, add_pooling_layer=False)
    with pytest.raises(BadInput, match="holds a run with other settings"):
        fitted(FAMILIES["bert"](model, tiny.tokenizer, "tiny"), train, validation, out=tmp_path)


def test_a_cut_off_checkpoint_is_told_in_a_sentence(tiny, train, validation, tmp_path):
    fitted(tiny, train, validation, out=tmp_path)
    content = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(content[: len(content) // 2])
    with pytest.raises(BadInput, match="damaged or cut off"):
        fitted(tiny, train, validation, out=tmp_path)


def test_stop_keeps_the_best_so_far(tiny, train, validation):
    def stop(progress):
        if progress.epoch == 2:
            raise StopTraining("enough")

    _, run = fitted(tiny, train, validation, callbacks=[stop])
    assert run.stopped == "enough" and len(run.history) == 1 and run.best_epoch == 1


def test_nan_loss_is_one_sentence_and_the_best_so_far_is_put_back(tiny, train, validation):
    kept = {}

    def poison(progress):
        if progress.metrics and progress.epoch == 1:
            kept.update(weights(progress.model))
            with torch.no_grad():
                progress.model.head.bias.fill_(float("nan"))

    clf = PromptClassifier(tiny, "idspam", layer=1, t=3, c=8)
    with pytest.raises(BadInput, match=r"loss became nan at step 5 \(epoch 2\) with lr 0.005; epoch 1 is kept"):
        clf.fit(train, validation, QUICK, callbacks=[poison], progress=False)
    assert same(weights(clf), kept)


def test_an_epoch_whose_validation_loss_is_no_number_is_not_kept(tiny, train, validation):
    """One step leaves no later one whose training loss would tell."""
    clf = PromptClassifier(tiny, "idspam", layer=1, t=3, c=8)
    start, settings = weights(clf), Settings(epochs=1, batch_size=64, lr=1e30, precision="fp32")
    with pytest.raises(BadInput, match=r"validation loss became nan at step 1 .* the starting weights are kept"):
        clf.fit(train, validation, settings, progress=False)
    assert same(weights(clf), start)


def test_optimizer_is_the_papers(tiny):
    clf = PromptClassifier(tiny, "idspam", layer=1)
    optimizer = make_optimizer(clf, Settings(weight_decay=0.1))
    assert isinstance(optimizer, torch.optim.AdamW)
    assert optimizer.defaults["betas"] == (0.9, 0.98) and optimizer.defaults["eps"] == 1e-6
    assert [(group["weight_decay"], {p.ndim for p in group["params"]}) for group in optimizer.param_groups] == [
        (0.1, {2}),
        (0.0, {1}),
    ]


def test_warm_up_is_a_share_of_all_steps_then_falls_to_zero(tiny, train):
    rates = []
    clf = PromptClassifier(tiny, "idspam", layer=1)
    original = torch.optim.AdamW.step

    def step(self, *args, **kwargs):
        rates.append(self.param_groups[0]["lr"])
        return original(self, *args, **kwargs)

    torch.optim.AdamW.step = step
    try:
        clf.fit(train, None, Settings(epochs=5, batch_size=8, lr=1e-3, warmup=0.1), progress=False)
    finally:
        torch.optim.AdamW.step = original
    assert len(rates) == 40
    assert rates[:5] == pytest.approx([2.5e-4, 5e-4, 7.5e-4, 1e-3, 1e-3])
    assert rates[-1] == pytest.approx(1e-3 / 36)
    parameter = torch.nn.Parameter(torch.zeros(1))
    theirs = torch.optim.SGD([parameter], lr=1e-3)
    schedule = transformers.get_linear_schedule_with_warmup(theirs, 4, 40)
    for ours in rates[4:]:  # below, theirs counts from 0 and wastes the first step
        while schedule.last_epoch < 4 + rates[4:].index(ours):
            theirs.step()
            schedule.step()
        assert theirs.param_groups[0]["lr"] == pytest.approx(ours)


def test_memory_does_not_grow_over_epochs(tiny, train, validation):
    import gc

    counts = []

    def count(progress):
        if progress.metrics:
            gc.collect()
            counts.append(sum(issubclass(type(o), torch.Tensor) for o in gc.get_objects()))

    fitted(tiny, train, validation, Settings(epochs=5, batch_size=16, precision="fp32"), callbacks=[count])
    assert counts[4] <= counts[1] + 5


def test_length_buckets_cover_every_text_once_and_differ_by_epoch():
    lengths = [3 + i % 17 for i in range(1003)]
    sampler = LengthBuckets(lengths, 32, seed=3)
    first = list(sampler)
    assert sorted(i for batch in first for i in batch) == list(range(1003)) and len(first) == len(sampler)
    assert first == list(LengthBuckets(lengths, 32, seed=3))
    sampler.epoch = 1
    assert list(sampler) != first
    padded = sum(len(batch) * max(lengths[i] for i in batch) for batch in first)
    assert padded < 1.1 * sum(lengths)


def test_a_short_batch_has_any_texts_not_the_longest():
    """Its mean is over few texts: each counts there as much as a whole batch's together."""
    sampler, alone = LengthBuckets(list(range(65)), 32), Counter()
    for sampler.epoch in range(650):
        (short,) = (batch for batch in sampler if len(batch) < 32)
        alone.update(short)
    assert sum(alone.values()) == 650 and len(alone) == 65 and max(alone.values()) < 30  # 10 each on average


@pytest.mark.parametrize(("texts", "processes"), [(100, 1), (100, 2), (70, 4), (67, 2), (65, 4)])
def test_processes_have_equal_parts_of_each_batch_and_drop_no_text(texts, processes):
    rows = [{"input_ids": [i], "labels": 0} for i in range(texts)]
    whole, *parts = (
        [batch["input_ids"].flatten().tolist() for batch in training_loader(rows, 32, 0, 1, 1, *share)]
        for share in [(0, 1), *((process, processes) for process in range(processes))]
    )
    assert len(whole) == math.ceil(texts / 32)
    for batch, *shares in zip(whole, *parts, strict=True):
        met = sum(shares, [])
        assert set(met) == set(batch) and len({len(share) for share in shares}) == 1
        assert len(met) < len(batch) + processes  # of a batch that cannot be divided, a few texts twice


def test_a_batch_that_the_processes_cannot_divide_is_refused():
    with pytest.raises(BadInput, match="batch_size is 15, but 2 processes .* choose a multiple of 2, such as 16"):
        training_loader([{"input_ids": [1]}], 15, 0, 0, 1, 0, 2)


def test_collate_pads_on_the_right():
    batch = Collate(9)([{"input_ids": [1, 2], "labels": 0}, {"input_ids": [3], "labels": 1}])
    assert batch["input_ids"].tolist() == [[1, 2], [3, 9]] and batch["attention_mask"].tolist() == [[1, 1], [1, 0]]
    assert batch["labels"].tolist() == [0, 1] and "token_type_ids" not in batch


def test_prediction_chunks_bound_their_padded_size():
    rows = [{"input_ids": [0] * length} for length in (50, 3, 700, 9, 12, 48)]
    chunks = token_chunks(rows, 100)
    assert sorted(i for chunk in chunks for i in chunk) == list(range(6))
    assert all(len(c) == 1 or len(c) * max(len(rows[i]["input_ids"]) for i in c) <= 100 for c in chunks)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"epochs": 0}, "epochs is 0"), ({"lr": 0}, "learning rate is above 0"), ({"warmup": 2}, "share of the steps"),
     ({"precision": "fp8"}, "fp32"), ({"batch_size": 0}, "batch_size is 0"), ({"max_length": 1}, "at least 4"),
     ({"epochs": 1.5}, "whole number"), ({"seed": 10**20}, "a seed is a whole number"), ({"seed": -1}, "seed is -1"),
     ({"betas": (0.9, 1.5)}, "betas are"), ({"lr": float("inf")}, "lr is inf"),
     ({"max_length": 12.5}, "a whole number of tokens"), ({"lr": "1e-3"}, "lr is '1e-3', but it is a number"),
     ({"weight_decay": None}, "weight_decay is None, but it is a number"), ({"clip": "no"}, "clip is 'no', but"),
     ({"warmup": True}, "warmup is True, but it is a number"), ({"betas": 0.9}, "betas are 0.9, but they are two"),
     ({"betas": ("0.9", 0.98)}, "but they are two numbers")],
)  # fmt: skip
def test_settings_check_themselves(change, sentence):
    with pytest.raises(BadInput, match=sentence):
        Settings(**change)


def test_settings_hold_pythons_numbers_whatever_they_are_given():
    given = {"epochs": 2, "batch_size": 4, "seed": 1, "max_length": 9}
    found = Settings(lr=np.float32(0.25), betas=np.array([0.5, 0.75]), **{k: np.int64(v) for k, v in given.items()})
    assert json.loads(json.dumps(found.to_dict())) == Settings(lr=0.25, **given).to_dict() | {"betas": [0.5, 0.75]}


def test_settings_come_back_from_json():
    assert Settings(**json.loads(json.dumps(QUICK.to_dict()))) == QUICK
