"""What only a GPU can show; elsewhere all of it is skipped. `make test-gpu TORCH=cuda` runs it."""

import copy
import math

import pytest
import torch

from idspam_lab import PromptClassifier, Settings, fit_many, load_backbone
from idspam_lab.methods import METHODS
from idspam_lab.training.device import device_of, training_device

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")]

FP32 = {"epochs": 2, "batch_size": 16, "max_length": 24, "precision": "fp32", "seed": 0}
NEAR = {"atol": 2e-3, "rtol": 2e-3}  # a probability's, of what each way of computing rounds in its own way


def classifier(backbone, method="idspam", **options):
    return PromptClassifier(copy.deepcopy(backbone), method, labels=("bad", "good"), **options)


def probabilities(clf, examples):
    return torch.as_tensor(clf.predict_proba(examples, max_length=24, precision="fp32"))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_trains_there_and_says_the_same_on_the_cpu(method, minilm, train, validation, tmp_path):
    clf = classifier(minilm, method)
    run = clf.fit(train, validation, settings=clf.preset(epochs=2, batch_size=16, max_length=24))
    assert device_of(clf).type == training_device().type
    assert all(math.isfinite(row["train_loss"]) and math.isfinite(row["validation_loss"]) for row in run.history)
    clf.save_pretrained(tmp_path / "adapter")
    here = PromptClassifier.from_pretrained(tmp_path / "adapter", backbone=load_backbone("minilm"), device="cpu")
    there = probabilities(clf, validation)
    assert device_of(here).type == "cpu" and torch.isfinite(there).all()
    torch.testing.assert_close(probabilities(here, validation), there, **NEAR)


def test_what_is_kept_and_what_is_shared_give_the_same_numbers(minilm, train, validation):
    plain, kept, *company = [classifier(minilm) for _ in range(4)]
    settings = Settings(**FP32, order_seed=0)
    plain.fit(train, validation, settings=settings, store=False)
    kept.fit(train, validation, settings=settings)
    frozen = company[0].backbone
    others = [PromptClassifier(frozen, "idspam", labels=("bad", "good"), layer=layer) for layer in (None, 1)]
    fit_many(others, train, validation, settings=[settings, Settings(**FP32 | {"seed": 1}, order_seed=0)])
    expected = probabilities(plain, validation)
    torch.testing.assert_close(probabilities(kept, validation), expected, **NEAR)
    torch.testing.assert_close(probabilities(others[0], validation), expected, **NEAR)


def test_the_weights_of_the_tokens_are_those_of_the_cpu(minilm, validation):
    clf = classifier(minilm)
    on_cpu = clf.explain(list(validation.texts[:3]))
    on_gpu = clf.to(training_device()).explain(list(validation.texts[:3]))
    for a, b in zip(on_cpu, on_gpu, strict=True):
        assert a.tokens == b.tokens
        torch.testing.assert_close(torch.as_tensor(b.weights).cpu(), torch.as_tensor(a.weights), atol=1e-4, rtol=1e-3)
