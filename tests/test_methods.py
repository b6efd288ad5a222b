"""Behaviour x method x family: what trains, what stays, and that a text's neighbours do not matter."""

import copy

import pytest
import torch

from idspam_lab.classifier import PromptClassifier
from idspam_lab.errors import BadInput
from idspam_lab.methods import IDSPAM, LABELS, METHODS, build_method
from idspam_lab.methods.base import LatePrompt
from idspam_lab.tasks import load_task
from idspam_lab.training import Settings, fit
from idspam_lab.training.loop import make_optimizer
from tests.test_backbones import CONFIGS, build

BEYOND = {  # ID-SPAM's open ends, and the other forms of LPT, IDPG and prompt tuning
    "idspam heads": ("idspam", {"heads": 4}),
    "idspam signed": ("idspam", {"outer_relu": False}),
    "idspam blocks": ("idspam", {"layer": [0, 2]}),
    "idspam lora": ("idspam", {"lora": 2}),
    "lpt appg": ("lpt", {"generator": "appg"}),
    "lpt mppg": ("lpt", {"generator": "mppg"}),
    "lpt static": ("prompt_tuning", {"layer": 1}),
    "idpg every layer": ("idpg", {"every_layer": True}),
}
CASES = {name: (name, {}) for name in METHODS} | BEYOND

GENERATOR = {"W_Q.weight", "W_K.weight", "W_V.weight", "W_down.weight", "W_up.weight", "W_up.bias"}
NAMES = {  # exactly what trains beside the head, on a BERT of three blocks
    "linear_head": set(),
    "prompt_tuning": {"P"},
    "p_tuning": {"encoder.embedding.weight"}
    | {f"encoder.mlp_head.{i}.{part}" for i in (0, 2, 4) for part in ("weight", "bias")},
    "p_tuning_v2": {"encoder.embedding.weight"},
    "prefix_tuning": {"encoder.embedding.weight"}
    | {f"encoder.transform.{i}.{part}" for i in (0, 2) for part in ("weight", "bias")},
    "smop": {"prompts", "router.weight"},
    "lpt": {"down.weight", "up.weight"},
    "dept": {"P", "A", "B"},
    "idpg": {"down.weight", "down.bias", "up.weight", "bias"},
    "lora": {
        f"adapted.model.encoder.layer.{i}.attention.self.{part}.lora_{which}.default.weight"
        for i in range(3)
        for part in ("query", "value")
        for which in "AB"
    },
    "mean_pooling": {f"generator.{name}" for name in GENERATOR - {"W_Q.weight", "W_K.weight"}},
    "idspam": {f"generator.{name}" for name in GENERATOR},
}
WINDOWED = {"mistral", "qwen2", "gemma2", "gemma3_text", "modernbert"}  # their blocks see a few tokens here


@pytest.fixture(scope="module")
def backbones():
    """A small random model of each family, shared by all tests of this file: no method may change it."""
    return {family: build(family) for family in CONFIGS}


def classifier(backbone, case, **more):
    method, options = CASES[case]
    return PromptClassifier(backbone, method, head_dropout=0.0, **options, **more).eval()


def rows(count=12, seed=0):
    """Texts of ids; the class is whether token 7 or token 8 stands in it."""
    generator = torch.Generator().manual_seed(seed)
    found = []
    for i in range(count):
        ids = torch.randint(10, 90, (5 + i % 4,), generator=generator)
        ids[i % 5] = 7 + i % 2
        found.append({"input_ids": [5, *ids.tolist()], "labels": i % 2})
    return found


def padded(rows, side="right", extra=0):
    """ids and mask, (B, N)."""
    N = max(len(row["input_ids"]) for row in rows) + extra
    ids, mask = torch.zeros(len(rows), N, dtype=torch.long), torch.zeros(len(rows), N, dtype=torch.long)
    for i, row in enumerate(rows):
        length = len(row["input_ids"])
        place = slice(0, length) if side == "right" else slice(N - length, None)
        ids[i, place], mask[i, place] = torch.tensor(row["input_ids"]), 1
    return ids, mask


def logits(clf, ids, mask):
    with torch.no_grad():
        return clf.logits_and_trace(ids, mask)[0]


def trained(clf):
    return {name: p.detach().clone() for name, p in clf.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("case", CASES)
def test_exactly_the_stated_parameters_train(case, backbones):
    clf = classifier(backbones["bert"], case)
    names = {name.removeprefix("method.") for name in trained(clf)} - {"head.weight", "head.bias"}
    if case in NAMES:
        assert names == NAMES[case]
    elif case == "fine_tuning":
        assert names == {f"copy.model.{name}" for name, _ in backbones["bert"].model.named_parameters()}
    else:
        assert names and not any(name.startswith("backbone") for name in names)


@pytest.mark.parametrize("family", CONFIGS)
@pytest.mark.parametrize("case", CASES)
def test_trains_leaves_the_backbone_alone_and_needs_no_company(case, family, backbones):
    backbone = backbones[family]
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    clf = classifier(backbone, case)
    start = trained(clf)
    run = fit(clf, rows(), None, Settings(epochs=3, batch_size=6, lr=1e-3, precision="fp32"), progress=False)
    assert run.history[-1]["train_loss"] < 10
    moved = {name for name, tensor in trained(clf).items() if not torch.equal(tensor, start[name])}
    unused = {name for name in start if "pooler" in name}  # load_backbone takes it out
    if case == "idspam blocks" and family in WINDOWED:  # from the last block the read token does not see the prompt
        unused |= {name for name in start if ".later." in name} - moved
    assert moved == set(start) - unused
    after = backbone.state_dict()
    assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)
    assert not any(p.requires_grad for p in backbone.parameters())

    ids, mask = padded(rows())
    together = logits(clf, ids, mask)
    alone = torch.cat([logits(clf, *padded([row])) for row in rows()])
    assert torch.allclose(together, alone, atol=1e-5)
    assert torch.allclose(together, logits(clf, *padded(rows(), "left", extra=3)), atol=1e-5)


@pytest.mark.parametrize("family", ("bert", "gpt2", "llama"))
@pytest.mark.parametrize("case", CASES)
def test_saved_and_loaded_it_says_the_same(case, family, backbones, tmp_path):
    clf = classifier(backbones[family], case, seed=3)
    with torch.no_grad():
        for parameter in trained_parameters(clf):
            parameter.add_(0.01 * torch.randn_like(parameter))
    clf.save_pretrained(tmp_path)
    again = PromptClassifier.from_pretrained(tmp_path, backbone=backbones[family])
    assert torch.equal(logits(clf, *padded(rows())), logits(again, *padded(rows())))


def trained_parameters(clf):
    return [p for p in clf.parameters() if p.requires_grad]


@pytest.mark.parametrize("family", ("bert", "mpnet", "gpt2", "llama"))
@pytest.mark.parametrize("case", CASES)
def test_gradient_checkpointing_gives_the_same_gradients(case, family, backbones):
    ids, mask = padded(rows())
    labels = torch.tensor([row["labels"] for row in rows()])
    found = []
    try:
        for checkpointing in (False, True):
            clf = classifier(backbones[family], case)
            if checkpointing:
                clf.gradient_checkpointing_enable()
            clf(ids, mask, labels=labels).loss.backward()
            found.append({name: p.grad for name, p in clf.named_parameters() if p.requires_grad})
    finally:
        backbones[family].checkpointing = False
    for name, gradient in found[0].items():
        same = found[1][name]
        assert (gradient is None and same is None) or torch.allclose(gradient, same, atol=1e-6), name


@pytest.mark.parametrize("family", ("bert", "gpt2", "llama"))
@pytest.mark.parametrize("case", CASES)
def test_bf16_stays_near_fp32_and_trains(case, family, backbones):
    clf = classifier(backbones[family], case)
    ids, mask = padded(rows())
    with torch.autocast("cpu", torch.bfloat16):
        near = logits(clf, ids, mask)
    off = (near.float() - logits(clf, ids, mask)).abs().amax(1)
    assert off.median() < 0.15 and (off < 0.15).float().mean() > 0.8  # near a border SMoP picks another prompt
    run = fit(clf, rows(), None, Settings(epochs=1, batch_size=6, precision="bf16"), progress=False)
    assert run.history[0]["train_loss"] == pytest.approx(0.7, abs=0.7)


@pytest.mark.parametrize("family", ("bert", "gpt2", "llama"))
@pytest.mark.parametrize("case", CASES)
def test_on_a_frozen_model_in_bf16_what_trains_is_in_fp32(case, family, tmp_path):
    backbone = build(family).bfloat16()
    clf = classifier(backbone, case)
    assert {p.dtype for p in trained_parameters(clf)} == {torch.float32}
    run = fit(clf, rows(), None, Settings(epochs=1, batch_size=6, precision="fp32"), progress=False)
    assert run.history[0]["train_loss"] < 10 and {p.dtype for p in backbone.parameters()} == {torch.bfloat16}
    clf.save_pretrained(tmp_path)
    again = PromptClassifier.from_pretrained(tmp_path, backbone=backbone)
    assert torch.equal(logits(clf, *padded(rows())), logits(again, *padded(rows())))


def test_two_methods_at_once_do_not_disturb_each_other(backbones):
    def steps(clf):
        optimizer = torch.optim.SGD(trained_parameters(clf), lr=0.1)
        ids, mask = padded(rows())
        for _ in range(3):
            optimizer.zero_grad()
            clf(ids, mask, labels=torch.tensor([row["labels"] for row in rows()])).loss.backward()
            optimizer.step()
            yield logits(clf, ids, mask)

    def make():
        return {case: classifier(backbones["bert"], case) for case in CASES}

    alone = {case: list(steps(clf))[-1] for case, clf in make().items()}
    turns = {case: steps(clf) for case, clf in make().items()}
    for _ in range(3):  # all take one step, then all the next
        together = {case: next(turn) for case, turn in turns.items()}
    for case in CASES:
        assert torch.equal(alone[case], together[case]), case


def test_every_method_has_a_label_and_a_preset_that_can_be_used(backbones):
    assert LABELS.keys() == METHODS.keys()
    for case in CASES:
        settings = classifier(backbones["bert"], case).preset()
        assert settings.lr > 0


@pytest.mark.parametrize(
    ("method", "options", "words"),
    [
        ("lora", {"r": 0}, "r is 0"),
        ("lora", {"layer": 2}, "'lora' has no option 'layer'; it has r, alpha"),
        ("linear_head", {"layer": 2}, "'linear_head' has no option 'layer'; it has none"),
        ("idpg", {"every_layer": "yes"}, "every_layer is 'yes', but it is true or false"),
        ("prompt_tuning", {"t": 0}, "t is 0"),
        ("prompt_tuning", {"layer": 3}, "layer is 3"),
        ("smop", {"k": 0}, "k is 0"),
        ("lpt", {"generator": "npgg"}, '"npg", "appg" and "mppg"'),
        ("idspam", {"heads": 5}, "heads is 5, which does not divide the hidden size 32: take one of 1, 2, 4, 8"),
        ("idspam", {"lora": -1}, "lora is -1, but it is LoRA's rank"),
        ("idspam", {"lora": "8"}, "lora is '8', but it is LoRA's rank"),
        ("idspam", {"t": 2.5}, "t is 2.5, but it is a whole number of at least 1"),
        ("mean_pooling", {"c": "34"}, "c is '34', but it is a whole number of at least 1"),
        ("idspam", {"layer": "1"}, "layer is '1', a text, but a block is named by a whole number: choose 0"),
        ("lpt", {"layer": "auto"}, "layer is 'auto', a text, but"),
        ("idspam", {"layer": 1.0}, "layer is 1.0, but a block is named by a whole number: choose 0 (the input) to 2"),
        ("idspam", {"layer": [0, "2"]}, "layer is '2', a text, but"),
        ("idspam", {"layer": True}, "layer is True, but"),
        ("idspam", {"layer": [1, 1]}, "one block, or several different ones"),
        ("idspam", {"layer": [0, 3]}, "layer is 3"),
        ("idspam", {"width": 3}, "'idspam' has no option 'width'; it has layer, t, c"),
        ("idspam", {"dropout": "abc"}, "dropout is 'abc', but it is a share"),
        ("prompt_tuning", {"t": "abc"}, "t is 'abc', but it is a whole number"),
        ("p_tuning", {"width": 0}, "width is 0"),
        ("prefix_tuning", {"width": -2}, "width is -2"),
        ("lora", {"alpha": 0}, "alpha is 0"),
        ("prompt_tunning", {}, "There is no method 'prompt_tunning'"),
    ],
)
def test_wrong_options_get_a_sentence(method, options, words, backbones):
    with pytest.raises(BadInput) as error:
        build_method(method, backbones["bert"], options)
    assert words in str(error.value)


def test_a_method_of_ones_own_must_not_keep_what_nothing_saves(backbones, monkeypatch):
    class Normed(IDSPAM):
        def __init__(self, backbone):
            super().__init__(backbone)
            self.norm = torch.nn.BatchNorm1d(backbone.n)

    monkeypatch.setitem(METHODS, "normed", Normed)
    with pytest.raises(BadInput, match="keeps norm.running_mean, norm.running_var.* as buffers.*LayerNorm"):
        build_method("normed", backbones["bert"], {})

    class Projected(IDSPAM):
        def __init__(self, backbone):
            super().__init__(backbone)
            self.fixed = torch.nn.Linear(backbone.n, 8, bias=False).requires_grad_(False)

    monkeypatch.setitem(METHODS, "projected", Projected)
    with pytest.raises(BadInput, match="'projected' does not train fixed.weight, but only what trains is saved"):
        build_method("projected", backbones["bert"], {})


def test_positions_are_refused_where_embeddings_have_none(backbones):
    with pytest.raises(BadInput, match="has no positions in its embeddings"):
        build_method("idspam", backbones["llama"], {"positions": True})
    for family in ("bert", "roberta", "mpnet", "distilbert", "electra", "gpt2"):
        assert isinstance(build_method("idspam", backbones[family], {"positions": True}), LatePrompt)


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case != "linear_head"])
def test_learns_64_real_texts(case, minilm):
    from idspam_lab.tasks import load_task

    train = load_task("rotten_tomatoes", source="embedded", limit=64).train
    method, options = CASES[case]
    if "layer" in options:
        options = options | {"layer": 2 if isinstance(options["layer"], int) else [1, 3]}
    clf = PromptClassifier(minilm, method, labels=("neg", "pos"), head_dropout=0.0, **options)
    clf.fit(train, None, clf.preset(epochs=30, batch_size=16, max_length=48), progress=False)
    right = [
        clf.label2id[label] == truth
        for label, truth in zip(clf.predict(train, max_length=48), train.labels, strict=True)
    ]
    assert sum(right) / len(right) >= 0.95


def test_free_biases_do_not_decay(backbones):
    """IDPG's is (1, t, n): no vector, and no matrix either."""
    clf = PromptClassifier(backbones["bert"], "idpg", t=2, c=4)
    names = {id(p): name for name, p in clf.named_parameters()}
    groups = make_optimizer(clf, Settings(weight_decay=0.1)).param_groups
    decaying = {names[id(p)] for group in groups if group["weight_decay"] for p in group["params"]}
    assert decaying == {"method.down.weight", "method.up.weight", "head.weight"}


@pytest.mark.parametrize("layer", [0, 2])
def test_first_values_by_the_states_size(backbones, layer):
    """From (1/4, 2) of the states' size at that block; torch's own prompts begin with far less."""
    backbone, sizes = backbones["bert"], {}
    ids = torch.randint(5, 90, (8, 6), generator=torch.Generator().manual_seed(0))
    for init in ("torch", "states"):
        torch.manual_seed(0)
        method = build_method("idspam", backbone, {"layer": layer, "init": init}).eval()
        E, hidden = backbone.trunk(ids, torch.ones_like(ids), None, layer)
        S, _ = method.prompt(E, hidden, torch.ones_like(ids))
        sizes[init] = float(S.square().mean() / hidden.square().mean()) ** 0.5
    assert 0.25 < sizes["states"] < 2 and sizes["torch"] < sizes["states"] / 2
    with pytest.raises(BadInput, match="init is .he., but it is"):
        build_method("idspam", backbone, {"init": "he"})


def test_first_values_suit_real_texts(minilm):
    """On texts that are read in practice the prompt is about as large as they are, and A about 1."""
    ids, mask = (minilm.tokenizer(list(load_task("rotten_tomatoes", source="embedded").test.texts[:32]), padding=True,
                                  return_tensors="pt")[name] for name in ("input_ids", "attention_mask"))  # fmt: skip
    E, hidden = minilm.trunk(ids, mask, None, 3)
    torch.manual_seed(0)
    method = build_method("idspam", minilm, {"init": "states"}).eval()
    with torch.no_grad():
        S, trace = method.prompt(E, hidden, mask)
        A = method.generator.W_V((trace.w[..., None] * E).sum(1))
    assert 0.7 < float(A.square().mean().sqrt()) < 1.4
    assert 0.6 < float(S.square().mean() / hidden[mask.bool()].square().mean()) ** 0.5 < 1.6


@pytest.mark.parametrize("case", ["p_tuning_v2", "prefix_tuning", "idspam", "lora"])
def test_a_deep_copy_is_a_classifier_of_its_own(case, backbones):
    clf = classifier(backbones["bert"], case)
    ids, mask = padded(rows())
    clf(ids, mask).logits.sum().backward()  # a pass leaves nothing that cannot be copied
    twin = copy.deepcopy(clf)
    with torch.no_grad():
        before = clf(ids, mask).logits
        assert torch.equal(twin(ids, mask).logits, before)
        for parameter in twin.method.parameters():
            if parameter.requires_grad:
                parameter.add_(1.0)
        assert not torch.allclose(twin(ids, mask).logits, before) and torch.equal(clf(ids, mask).logits, before)
    twin.zero_grad()
    twin(ids, mask).logits.sum().backward()
    assert all(p.grad is not None for p in twin.method.parameters() if p.requires_grad)
