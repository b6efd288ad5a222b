"""What a step holds in memory is counted as a closed form says; the tables of lesson 02."""

import pytest
import torch
from torch import nn

from idspam_lab.bench.clock import timed
from idspam_lab.classifier import ClassifierOutput, PromptClassifier
from idspam_lab.lessons import step_memory, step_times
from idspam_lab.training import device
from idspam_lab.training.account import account
from idspam_lab.training.batches import Collate


class Toy(nn.Module):
    """A frozen layer, then a trained one; the loss is a sum of squares."""

    def __init__(self, below_trains):
        super().__init__()
        self.below, self.above = nn.Linear(8, 6, bias=False), nn.Linear(6, 4)
        self.below.requires_grad_(below_trains)

    def forward(self, x):
        return ClassifierOutput((self.above(self.below(x)) ** 2).sum(), None)


@pytest.mark.parametrize(("below_trains", "trained"), [(False, 28), (True, 76)])
def test_a_step_of_two_layers_holds_what_the_closed_form_says(below_trains, trained):
    found = account(Toy(below_trains), {"x": torch.randn(5, 8)})
    inputs = 5 * (8 * below_trains + 6 + 4)  # of each layer that has a gradient to give, and of the square
    assert found == {
        "weights": 4 * 76,
        "gradients": 4 * trained,
        "moments": 8 * trained,
        "activations": 4 * inputs,
    }


def test_a_prompt_further_up_needs_less_of_the_forward_pass(tiny, train):
    def fresh(method="idspam", **options):
        return PromptClassifier(tiny, method, read="first", **options)

    batch = Collate(0)(fresh().rows(train[:8]))
    table = step_memory(
        {"all": fresh("fine_tuning"), "low": fresh(layer=0), "high": fresh(layer=2), "head": fresh("linear_head")},
        batch,
    )
    needed = table["activations (MB)"]
    assert needed["all"] > needed["low"] > needed["high"] >= needed["head"]
    trained = table["trained"]
    assert trained["head"] == 2 * 32 + 2 and trained["low"] == trained["high"]
    assert trained["all"] == sum(p.numel() for p in tiny.parameters()) + trained["head"]
    assert table["moments (MB)"]["all"] == pytest.approx(8 * trained["all"] / 1e6, abs=0.05)


def test_times_are_medians_and_texts_follow_from_them():
    seconds = iter([9, 0.5, 0.1, 0.3])  # the first does not count
    table = step_times({"work": lambda: next(seconds)}, batch_size=32, repeats=3)
    assert table.loc["work"].tolist() == [0.3, 107]
    assert timed(lambda: None)() >= 0


def test_the_choice_of_a_device_is_said_with_its_reason(monkeypatch):
    cpu = torch.device("cpu")
    monkeypatch.setattr(device, "processor", lambda: "a processor")
    monkeypatch.delenv("ACCELERATE_USE_CPU", raising=False)
    monkeypatch.setattr(device, "computes_bf16", lambda where: False)
    assert device.in_words(cpu).startswith("Device: cpu (a processor, ")
    assert "no GPU that torch can use" in device.in_words(cpu) and "Precision: fp32" in device.in_words(cpu)
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    assert "because ACCELERATE_USE_CPU is true" in device.in_words(cpu)
    monkeypatch.setattr(device, "computes_bf16", lambda where: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda where: "a GPU")
    assert "cuda:0 (a GPU)" in device.in_words(torch.device("cuda:0")) and "Precision: bf16" in device.in_words(cpu)
    assert "Apple" in device.in_words(torch.device("mps"))
