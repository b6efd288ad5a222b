"""Runs that share passes, against the plain loop: the same weights and numbers as each run alone."""

import pytest
import torch

from idspam_lab.classifier import PromptClassifier
from idspam_lab.errors import BadInput
from idspam_lab.frozen import shared
from idspam_lab.frozen.lanes import Lane
from idspam_lab.frozen.many import train_many
from idspam_lab.frozen.shared import SharedPass
from idspam_lab.methods import IDSPAM
from idspam_lab.training import Settings, fit
from idspam_lab.training.checkpoint import copy_of, trained_tensors
from tests.test_backbones import build
from tests.test_methods import rows

TWENTY = {"epochs": 4, "batch_size": 8, "precision": "fp32", "order_seed": 5}  # 40 texts: 4 x 5 steps
RUNS = [  # method, options, settings
    ("idspam", {"layer": 1, "t": 3, "c": 8}, {"seed": 0, "lr": 1e-3}),
    ("idspam", {"layer": 1, "t": 3, "c": 8}, {"seed": 1, "lr": 1e-3}),
    ("idspam", {"layer": 1, "t": 3, "c": 16}, {"seed": 2, "lr": 3e-3, "weight_decay": 0.1}),
    ("idspam", {"layer": 1, "t": 5, "heads": 4, "positions": True}, {"seed": 3, "clip": 0.1}),
    ("mean_pooling", {"layer": 1, "t": 3, "c": 8}, {"seed": 4, "warmup": 0.5}),
    ("lpt", {"layer": 1, "t": 3, "p": 16}, {"seed": 5, "betas": (0.8, 0.9)}),
    ("smop", {"layer": 1, "t": 3, "k": 2}, {"seed": 6}),  # draws noise
    ("prompt_tuning", {"layer": 1, "t": 3}, {"seed": 7}),
]
LAYERS = [("idspam", {"layer": layer, "t": 3, "c": 8}, {"seed": seed}) for seed in (0, 1) for layer in (2, 0, 1)]


@pytest.fixture(scope="module", params=["bert", "gpt2", "llama"])
def backbone(request):
    return build(request.param).double()


def make(backbone, runs):
    clfs = [PromptClassifier(backbone, method, seed=s["seed"], **options).double() for method, options, s in runs]
    return clfs, [Settings(**(TWENTY | s)) for _, _, s in runs]


def alone(backbone, runs):
    """Each run by the plain loop, on the plain path."""
    found = []
    for clf, settings in zip(*make(backbone, runs), strict=True):
        found.append((clf, fit(clf, rows(40), rows(12, seed=1), settings, progress=False)))
    return found


def together(backbone, runs, **options):
    clfs, settings = make(backbone, runs)
    return list(
        zip(clfs, train_many(clfs, rows(40), rows(12, seed=1), settings, progress=False, **options), strict=True)
    )


def assert_same(ours, theirs, near=1e-6):
    for (clf, run), (other, expected) in zip(ours, theirs, strict=True):
        for (name, a), b in zip(clf.named_parameters(), other.parameters(), strict=True):
            assert (a - b).abs().max() < near, (clf.method_name, name)
        for epoch, wanted in zip(run.history, expected.history, strict=True):
            numbers = [name for name in wanted if "second" not in name]
            assert [epoch[n] for n in numbers] == pytest.approx([wanted[n] for n in numbers], abs=near)
            assert epoch.keys() == wanted.keys()
        assert run.best_epoch == expected.best_epoch and run.settings == expected.settings
        assert run.trained_parameters == expected.trained_parameters


@pytest.mark.parametrize("runs", [RUNS, LAYERS], ids=["one block", "all blocks"])
def test_each_run_is_what_it_would_be_alone(backbone, runs):
    if backbone.name == "llama":  # has no positions in its embeddings
        runs = [run for run in runs if "positions" not in run[1]]
    ours, theirs = together(backbone, runs), alone(backbone, runs)
    assert_same(ours, theirs)
    start, _ = make(backbone, runs)
    moved = [(a - b).abs().max() for a, b in zip(ours[0][0].parameters(), start[0].parameters(), strict=True)]
    assert max(moved) > 1e-3  # the weights did go somewhere


def test_small_groups_are_the_same_runs(monkeypatch):
    backbone = build("bert").double()
    expected = together(backbone, LAYERS)
    sizes, run_upper = [], shared.run_upper

    def watched(frozen, joins, mask, read):
        sizes.append(sum(len(S) // len(text) for S, text in joins.values()))
        return run_upper(frozen, joins, mask, read)

    two = 2 * 8 * 13  # runs, texts, tokens
    monkeypatch.setattr(shared, "tokens_together", lambda backbone, device, T: two)
    monkeypatch.setattr(shared, "run_upper", watched)
    assert_same(together(backbone, LAYERS), expected, near=1e-9)
    assert max(sizes) == 2


def test_one_pass_below_for_all_runs(tiny, train, validation):
    clfs = [PromptClassifier(tiny, "idspam", layer=layer, t=3, c=8) for layer in (1, 2) for _ in range(3)]
    some = clfs[0].rows(train)
    batch = shared.States(clfs[0].method, tiny, some[:8], "fp32", False, False)
    assert batch.names == ["hidden"]
    texts = []
    handle = tiny.blocks()[0].register_forward_pre_hook(lambda module, args: texts.append(len(args[0])))
    try:
        train_many(clfs, some, None, [Settings(epochs=1, precision="fp32")] * 6, progress=False)
    finally:
        handle.remove()
    assert sum(texts) == len(train) + 2 * len(clfs)  # two looks at one text for each run


def test_a_run_whose_loss_is_no_number_ends_alone():
    backbone = build("bert").double()
    runs = [LAYERS[0], LAYERS[1], LAYERS[2]]
    clfs, settings = make(backbone, runs)
    before = [p.detach().clone() for p in clfs[1].parameters()]
    with torch.no_grad():
        clfs[1].head.bias.fill_(float("nan"))
    found = train_many(clfs, rows(40), rows(12, seed=1), settings, progress=False)
    assert "The loss became nan at step 1 (epoch 1)" in found[1].stopped and not found[1].history
    assert len(before) == len(list(clfs[1].parameters()))
    others = [(clfs[i], found[i]) for i in (0, 2)]
    assert_same(others, alone(backbone, [runs[0], runs[2]]))


def test_an_epoch_whose_validation_loss_is_no_number_is_not_kept():
    backbone, runs = build("bert").double(), [LAYERS[0], (*LAYERS[1][:2], {"seed": 0, "lr": 1e300}), LAYERS[2]]
    one_step = {"epochs": 1, "batch_size": 40}
    clfs, settings = make(backbone, [(*run[:2], run[2] | one_step) for run in runs])
    start = copy_of(trained_tensors(clfs[1]))
    found = train_many(clfs, rows(40), rows(12, seed=1), settings, progress=False)
    assert "The validation loss became nan at step 1 (epoch 1)" in found[1].stopped and not found[1].best_epoch
    assert all(torch.equal(start[name], now) for name, now in trained_tensors(clfs[1]).items())
    assert [run.best_epoch for run in found] == [1, 0, 1]


def test_a_killed_call_goes_on_from_each_runs_last_epoch(tmp_path, monkeypatch):
    backbone = build("bert").double()
    expected, out = together(backbone, RUNS), [tmp_path / str(number) for number in range(len(RUNS))]
    saved, save, steps, step = [], Lane.save, [], Lane.step

    def power_cut(lane):
        if len(saved) == len(RUNS) + 3:  # three are further than the others
            raise KeyboardInterrupt
        saved.append(lane)
        save(lane)

    monkeypatch.setattr(Lane, "save", power_cut)
    with pytest.raises(KeyboardInterrupt):
        together(backbone, RUNS, out=out)
    monkeypatch.setattr(Lane, "save", save)
    monkeypatch.setattr(Lane, "step", lambda lane, *place: (steps.append(lane), step(lane, *place)))
    assert_same(together(backbone, RUNS, out=out), expected, near=1e-12)
    assert len(steps) == 5 * (3 * 2 + (len(RUNS) - 3) * 3)  # five an epoch; of four, one or two were done
    assert_same(together(backbone, RUNS, out=out), expected, near=1e-12)
    assert len(steps) == 5 * (3 * 2 + (len(RUNS) - 3) * 3)  # a finished run is only read back


def test_ctrl_c_leaves_each_classifier_with_its_best_epoch(monkeypatch):
    clfs, settings = make(build("bert").double(), LAYERS[:2])
    kept, step = [], Lane.step

    def remember(epoch, going):
        kept.extend(copy_of(trained_tensors(clf)) for clf in going)
        return set()

    def interrupted(lane, *place):
        if kept and lane.clf is clfs[1]:  # the other one has made a step in its second epoch
            raise KeyboardInterrupt
        step(lane, *place)

    monkeypatch.setattr(Lane, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_many(clfs, rows(40), rows(12, seed=1), settings, losing=remember, progress=False)
    for clf, best in zip(clfs, kept, strict=True):
        assert not clf.training and all(torch.equal(best[name], now) for name, now in trained_tensors(clf).items())


def test_a_run_goes_on_alone_from_where_it_went_with_others(tmp_path):
    backbone, out = build("bert").double(), [tmp_path / "0", tmp_path / "1"]
    expected = together(backbone, RUNS[:2], out=out)
    (clf, _), (settings, _) = make(backbone, RUNS[:2])
    run = fit(clf, rows(40), rows(12, seed=1), settings, out=out[0], identity=clf.run_identity(), progress=False)
    assert run.history == expected[0][1].history  # to the second: nothing was trained
    assert_same([(clf, run)], expected[:1], near=1e-12)
    clfs, others = make(backbone, RUNS[:2])
    with pytest.raises(BadInput, match="holds a run with other settings"):
        train_many(clfs, rows(32), rows(12, seed=1), others, out=out, progress=False)


def test_a_run_that_was_dropped_is_read_back_alone_and_its_checkpoint_goes_on(tmp_path):
    """With the weights of its last epoch, that is, and not with the best ones and the moments of the last."""
    backbone, out, runs = build("bert").double(), [tmp_path / "0", tmp_path / "1"], [LAYERS[0], LAYERS[1]]
    told = {"metric": "accuracy", "progress": False}
    texts = rows(40), [row | {"labels": 1 - row["labels"]} for row in rows(40)]  # the better learned, the worse
    clfs, settings = make(backbone, [(*run[:2], run[2] | {"lr": 0.05}) for run in runs])
    train_many(clfs, *texts, settings, out=out, losing=lambda epoch, _: {0} if epoch == 3 else set(), **told)
    dropped = clfs[0].run
    assert dropped.stopped == "dropped after epoch 3" and dropped.best_epoch < 3

    def again():
        return make(backbone, [(*run[:2], run[2] | {"lr": 0.05}) for run in runs])[0][0]

    clf = again()
    run = fit(clf, *texts, settings[0], out=out[0], identity=clf.run_identity(), **told)
    assert run.history == dropped.history and run.stopped == dropped.stopped
    assert_same([(clf, run)], [(clfs[0], dropped)], near=1e-12)
    went_on, whole = again(), again()
    with pytest.MonkeyPatch.context() as patch:  # as if it had only been cut off there
        patch.setattr("idspam_lab.training.checkpoint.STATE", ("history", "best_epoch", "seconds"))
        found = fit(went_on, *texts, settings[0], out=out[0], identity=went_on.run_identity(), **told)
    assert_same([(went_on, found)], [(whole, fit(whole, *texts, settings[0], **told))])


def test_losing_runs_end_and_keep_their_best():
    backbone = build("bert").double()
    asked = []

    def losing(epoch, clfs):
        asked.append((epoch, len(clfs)))
        assert all(len(clf.run.history) == epoch for clf in clfs)
        return {0} if epoch < 3 else set()

    found = together(backbone, LAYERS[:3], losing=losing)
    assert asked == [(1, 3), (2, 2), (3, 1)]
    assert [len(run.history) for _, run in found] == [1, 2, 4]
    assert [run.stopped for _, run in found] == ["dropped after epoch 1", "dropped after epoch 2", None]
    expected = alone(backbone, LAYERS[2:3])
    assert_same(found[2:], expected)
    for clf, run in found:
        assert clf.run is run and not clf.training


class FromBlocks(IDSPAM):
    """Makes its prompt from states that no other method asks for."""

    def trunk(self, backbone, ids, mask, types):
        _, hidden = super().trunk(backbone, ids, mask, types)
        return hidden, hidden


def test_what_must_be_alike_and_what_cannot_share(tiny, train):
    clfs = [PromptClassifier(tiny, "idspam", layer=1, t=3, c=8) for _ in range(2)]
    some = clfs[0].rows(train)
    with pytest.raises(BadInput, match="need the same order_seed, but there are 0, 1; without order_seed"):
        train_many(clfs, some, None, [Settings(seed=0), Settings(seed=1)])
    with pytest.raises(BadInput, match="need the same batch_size, but there are 16, 32"):
        train_many(clfs, some, None, [Settings(batch_size=16), Settings()])
    for method, options in (("idpg", {}), ("lora", {}), ("idspam", {"lora": 2}), ("idspam", {"layer": [0, 1]})):
        with pytest.raises(BadInput, match="cannot share passes: train it alone"):
            SharedPass([clfs[0], PromptClassifier(tiny, method, **options)], some[0], "fp32")
    with pytest.raises(BadInput, match="cannot share passes"):
        train_many([PromptClassifier(tiny, "lora")], some, None, [Settings()])
    own = PromptClassifier(tiny, "idspam", layer=1, t=3, c=8)
    own.method.__class__ = FromBlocks
    with pytest.raises(BadInput, match="cannot share passes"):
        SharedPass([own], some[0], "fp32")
    with pytest.raises(BadInput, match="one backbone"):
        SharedPass([clfs[0], PromptClassifier(build("bert"), "idspam")], some[0], "fp32")


def test_bf16_runs_together_are_near_each_run_alone(tiny, train, validation):
    def clf(seed):
        return PromptClassifier(tiny, "idspam", layer=1, t=3, c=8, seed=seed)

    settings = [Settings(epochs=2, batch_size=16, precision="bf16", seed=seed, order_seed=0) for seed in (0, 1)]
    clfs = [clf(0), clf(1)]
    some, checked = clfs[0].rows(train), clfs[0].rows(validation)
    found = train_many(clfs, some, checked, settings, progress=False)
    for seed, run in enumerate(found):
        expected = clf(seed).fit(train, validation, settings[seed], progress=False, store=False)
        assert run.history[0]["train_loss"] == pytest.approx(expected.history[0]["train_loss"], abs=5e-3)


def test_random_numbers_of_a_run_do_not_depend_on_the_others(tiny):
    lanes = [Lane(PromptClassifier(tiny), Settings(seed=seed), {}) for seed in (0, 1)]
    drawn = []
    for order in ((0, 1), (1, 0)):
        for lane in lanes:
            lane.begin(1, [])
        for i in (*order, *order):
            with lanes[i].dice():
                drawn.append((i, torch.rand(1).item()))
    first, second = (sorted(part) for part in (drawn[:4], drawn[4:]))
    assert first == second and len(set(first)) == 4
