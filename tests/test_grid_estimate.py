"""The estimate of a grid against what torch counts and keeps, and against the texts' real lengths."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from idspam_lab.classifier import PromptClassifier
from idspam_lab.frozen.room import FLOAT
from idspam_lab.grid import estimate
from idspam_lab.grid.estimate import COPIES, Passes, block_flop, cost_of, measured_rate, memory_of
from idspam_lab.grid.models import Models
from idspam_lab.grid.plan import GridRun
from idspam_lab.grid.shown import spans
from idspam_lab.grid.sizes import SIZES, measure, size_of
from idspam_lab.tasks import TASKS, load_task
from idspam_lab.training import Settings

B, N = 4, 54


@pytest.fixture(scope="module")
def models():
    return Models()


def planned(method, layer=None, **settings):
    return GridRun("minilm", "rotten_tomatoes", method, layer, Settings(**settings))


def batch():
    ids = torch.randint(1000, 20000, (B, N), generator=torch.Generator().manual_seed(0))
    return {"input_ids": ids, "labels": torch.tensor([0, 1] * (B // 2))}


@pytest.mark.parametrize(
    ("method", "layer"),
    [*[("idspam", m) for m in (0, 3, 5)], ("lpt", 3), ("prompt_tuning", 0), ("lora", None), ("fine_tuning", None)],
)
def test_the_operations_of_a_training_step_are_those_that_torch_counts(minilm, models, method, layer):
    clf = PromptClassifier(minilm, method, **({} if layer is None else {"layer": layer})).train()
    with FlopCounterMode(display=False) as counted:
        clf(**batch()).loss.backward()
    passes = Passes.of(models.built("minilm", method, layer), minilm.L)
    shape = models.shape("minilm")
    expected = B * (passes.below * block_flop(shape, N) + passes.above * passes.times * block_flop(shape, N + 10))
    assert counted.get_total_flops() == pytest.approx(expected, rel=0.25)


@pytest.mark.parametrize(("method", "layer"), [("idspam", 0), ("idspam", 4), ("lora", None), ("fine_tuning", None)])
def test_what_backward_needs_is_of_the_estimates_size(minilm, models, method, layer):
    clf = PromptClassifier(minilm, method, **({} if layer is None else {"layer": layer})).train()
    weights, kept = {p.untyped_storage().data_ptr() for p in clf.parameters()}, {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = clf(**batch()).loss
    run = planned(method, layer, batch_size=B)
    above = Passes.of(models.built("minilm", method, layer), minilm.L).above
    fixed = memory_of([run], models, 0, N - 10)
    saved = memory_of([run], models, above, N) - memory_of([run], models, 0, N)
    assert loss.isfinite() and 0.7 < sum(kept.values()) / saved < 1.3
    trained = sum(p.numel() for p in clf.method.parameters() if p.requires_grad)
    frozen = sum(p.numel() for p in minilm.parameters())
    assert fixed == pytest.approx(FLOAT * (frozen + COPIES * trained), rel=0.01)


@pytest.mark.parametrize("epochs", [2, 4])
def test_shared_passes_cost_the_trunk_once(minilm, models, epochs):
    """However many runs and epochs there are: what torch counts for one text below block 3, for each text."""
    runs = [planned("idspam", 3, seed=seed, order_seed=0, epochs=epochs) for seed in range(3)]
    together, alone = cost_of(runs, models), cost_of(runs[:1], models)
    size, held = size_of(runs[0])
    text = torch.full((1, round(size.mean)), 1000)
    with FlopCounterMode(display=False) as counted:
        minilm.trunk(text, torch.ones_like(text), None, 3)
    saved = (3 * alone.flop - together.flop) / 2
    assert saved == pytest.approx((size.train + held) * counted.get_total_flops(), rel=0.05)
    assert together.kept == alone.kept > 0


def test_texts_are_counted_as_the_run_cuts_them(models):
    size, held = size_of(planned("idspam"))
    assert size.train + held == SIZES["rotten_tomatoes"].train
    cut, _ = size_of(planned("idspam", max_length=16))
    assert cut.longest == 16 and cut.mean <= 16
    some, _ = size_of(replace(planned("idspam"), limit=100))
    assert some.train == 100


def test_a_table_of_ones_own_is_counted(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("text,label\n" + "".join(f"one two three four {i},{i % 2}\n" for i in range(100)))
    size, held = size_of(replace(planned("idspam"), task=str(path)))
    assert size.train + size.test + held == 100 and 5 <= size.mean <= 10
    run = replace(planned("idspam"), task=str(path), transfer=("sst2",))
    assert estimate.tested(run) == size.test + SIZES["sst2"].test
    assert estimate.tested(replace(run, test_limit=3)) == 6


def test_the_recorded_sizes_are_those_of_the_embedded_texts():
    recorded = SIZES["rotten_tomatoes"]
    data = load_task("rotten_tomatoes", source="embedded", holdout=0)
    mean, longest = measure("rotten_tomatoes")
    assert recorded.train == len(data.train) + len(data.test)  # embedded is the training split alone
    assert mean == pytest.approx(recorded.mean, rel=0.02) and abs(longest - recorded.longest) <= 8
    assert set(SIZES) == set(TASKS)


def test_the_rate_is_that_of_the_quickest_product_and_says_how(monkeypatch):
    taken = [3.0, 0.5, 1.0, 2.0]  # seconds
    clock = iter([0.0, 3.0, 3.0, 3.5, 3.5, 4.5, 4.5, 6.5])
    monkeypatch.setattr(estimate, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    with FlopCounterMode(display=False) as counted:
        rate, how = measured_rate()
    assert rate == pytest.approx(estimate.REACHED * counted.get_total_flops() / len(taken) / min(taken))
    assert how.startswith(f"{rate / 1e9:,.0f} GFLOP/s, {estimate.REACHED:.0%} of what a matrix product reached")


def test_spans():
    assert spans([0, 1, 2, 5, 7, 8]) == "0-2 5 7-8" and spans([]) == ""
