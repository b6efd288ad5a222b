"""The blocks above a prompt with work left out, against the plain ones: every family, block, number of runs, dtype."""

import pytest
import torch
import transformers

from idspam_lab.backbones import FAMILIES
from idspam_lab.backbones.upper import ALL, FIRST, LONG, frozen_for, fused, rounded, run_upper
from idspam_lab.classifier import PromptClassifier
from idspam_lab.frozen.fast import fast_path
from idspam_lab.frozen.shared import SharedPass
from idspam_lab.methods.base import run_with_prompt
from tests.test_backbones import BOTH, CONFIGS, build, texts
from tests.test_methods import rows

# their masked softmax is NaN in float64, in transformers itself
SINGLE = {"mistral", "qwen2", "gemma2", "gemma3_text", "modernbert"}


def prompts(backbone, runs, t=3, seed=2, dtype=torch.float32):
    """Random prompts for `runs` runs over three texts, (R B, t, n)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3 * runs, t, backbone.n, generator=generator).to(dtype).requires_grad_()


def below(backbone, layer, side="right"):
    """The text at a block, (B, N, n), and its mask."""
    ids, mask = texts(backbone, side, (9, 5, 12) if side == "right" else (12, 12, 12))
    return backbone.trunk(ids, mask, None, layer)[1], mask


def plain(backbone, joins, mask):
    """One run after the other, lowest block first."""
    out = []
    for layer, (S, hidden) in sorted(joins.items()):
        out += [run_with_prompt(backbone, part, hidden, mask, layer) for part in S.split(len(mask))]
    return torch.cat(out)


@pytest.mark.parametrize("side", ["right", "none"])
@pytest.mark.parametrize(("name", "attention"), BOTH)
def test_the_same_states_and_gradients_as_the_plain_path(name, attention, side):
    dtype, near = (torch.float32, 1e-5) if name in SINGLE else (torch.float64, 1e-6)
    backbone = build(name, attention).to(dtype)
    for layers in ((0,), (1,), (2,), (0, 2), (0, 1, 2)):
        joins, mask = {}, None
        for layer in layers:
            hidden, mask = below(backbone, layer, side)
            joins[layer] = prompts(backbone, runs=2, seed=layer, dtype=dtype), hidden
        expected = plain(backbone, joins, mask)
        real = mask.bool().repeat(2 * len(layers), 1)
        for read in (ALL, FIRST):
            found = run_upper(backbone, joins, mask, read)
            wanted = expected[:, read]
            assert found.shape == wanted.shape
            off = (found - wanted)[real[:, read]].abs().max()
            assert off < near, (layers, read, off)
            leaves = [S for S, _ in joins.values()]
            weight = torch.randn_like(wanted) * real[:, read, None]
            ours = torch.autograd.grad((found * weight).sum(), leaves)
            theirs = torch.autograd.grad((wanted * weight).sum(), leaves, retain_graph=True)
            for a, b in zip(ours, theirs, strict=True):
                assert torch.allclose(a, b, atol=30 * near), (layers, read)


@pytest.mark.parametrize("name", CONFIGS)
def test_rounded_weights_say_the_same_under_autocast_bit_for_bit(name):
    backbone = build(name)
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    hidden, mask = below(backbone, 1)
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        S = prompts(backbone, runs=1)
        assert torch.equal(
            run_with_prompt(backbone, S, hidden, mask, 1), run_with_prompt(rounded(backbone), S, hidden, mask, 1)
        )
    assert rounded(backbone) is rounded(backbone)
    after = backbone.state_dict()
    assert before.keys() == after.keys() and all(torch.equal(before[key], after[key]) for key in before)


@pytest.mark.parametrize("name", CONFIGS)
def test_long_texts_that_are_only_read_pass_fused_attention(name):
    backbone, device = build(name, "eager"), torch.device("cpu")
    hidden = torch.randn(3, LONG, backbone.n, generator=torch.Generator().manual_seed(0))
    mask = (torch.arange(LONG) < torch.tensor([[LONG], [LONG - 9], [50]])).long()
    assert frozen_for(backbone, device, LONG) is backbone  # something may be trained
    with torch.no_grad():
        assert frozen_for(backbone, device, LONG - 1) is backbone
        quick = frozen_for(backbone, device, LONG)
        assert (quick.config._attn_implementation == "sdpa") == backbone.model._supports_sdpa
        off = (quick.run(hidden, mask) - backbone.run(hidden, mask))[mask.bool()].abs().max()
    assert off < 1e-4 and backbone.config._attn_implementation == "eager"


@pytest.mark.parametrize("make", [rounded, fused])
@pytest.mark.parametrize("name", ["bert", "llama"])
def test_a_twin_that_was_made_before_a_move_is_made_anew(name, make):
    backbone = build(name)
    assert make(backbone) is (first := make(backbone))
    backbone.to("meta")
    second = make(backbone)
    assert second is not first and second is make(backbone)
    assert {buffer.device.type for buffer in second.buffers()} == {"meta"} != {b.device.type for b in first.buffers()}


@pytest.mark.parametrize("change", ["in place", "as PEFT merges"])
def test_a_changed_weight_is_seen_in_the_hash_and_in_the_rounded_twin(change):
    backbone = build("bert")
    clfs = [PromptClassifier(backbone, "idspam", layer=1, t=2) for _ in range(2)]
    before, twin = backbone.identity(), rounded(backbone)
    assert backbone.identity() is before and rounded(backbone) is twin
    weight = backbone.blocks()[2].attention.self.query.weight
    if change == "in place":
        weight.mul_(3)
    else:
        weight.data += torch.randn(32, 4) @ torch.randn(4, 32)
    SharedPass(clfs, rows()[0], "bf16")  # as training together begins
    assert torch.equal(rounded(backbone).blocks()[2].attention.self.query.weight, weight.bfloat16())
    assert backbone.identity().weights_sha256 != before.weights_sha256
    weight.data += 1
    with fast_path(clfs[0]):  # as every prediction begins
        assert torch.equal(rounded(backbone).blocks()[2].attention.self.query.weight, weight.bfloat16())


def test_a_twin_keeps_what_its_own_texts_change():
    """Rotary embeddings that grow with the text exchange a buffer in the forward pass."""
    config = transformers.LlamaConfig(
        vocab_size=90, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=16,
        rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10_000.0},
    )  # fmt: skip
    torch.manual_seed(0)
    backbone = FAMILIES["llama"](transformers.LlamaModel(config).eval(), None, "llama")
    short, long = torch.arange(8)[None], torch.arange(40)[None]

    def read(one, ids):
        mask = torch.ones_like(ids)
        with torch.no_grad():
            return one.finish(one.run(one.embed(ids, mask), mask))

    before, twin = read(backbone, short), backbone.twin()
    read(twin, long)
    assert torch.equal(read(backbone, short), before)


def test_bf16_is_near_the_plain_path():
    backbone = build("bert")
    hidden, mask = below(backbone, 1)
    S = prompts(backbone, runs=1)
    with torch.autocast("cpu", torch.bfloat16):
        found = run_upper(rounded(backbone), {1: (S, hidden)}, mask)
        expected = run_with_prompt(backbone, S, hidden, mask, 1)
    off = (found - expected)[mask.bool()].abs()
    exact = (expected - run_with_prompt(backbone, S, hidden, mask, 1))[mask.bool()].abs()
    assert off.max() <= 2 * exact.max()  # no further from it than bf16 itself is from fp32


def test_the_text_below_a_prompt_is_not_traced():
    backbone = build("bert")
    hidden, mask = below(backbone, 2)
    touched = []
    for block in backbone.blocks():
        block.attention.self.key.register_forward_hook(lambda module, x, y: touched.append((len(x[0][0]), y)))
    S = prompts(backbone, runs=2)
    run_upper(backbone, {2: (S, hidden)}, mask, FIRST)
    traced = [y.shape[1] for _, y in touched if y.requires_grad]
    assert traced == [3] and len(touched) == 2  # the prompt's three keys alone, in the one block that ran
