"""The methods against what nobody here wrote: PEFT, the Hugging Face forward with its own cache, torch's pooling."""

import copy

import pytest
import torch
import transformers as hf
from peft import LoraConfig, PromptTuningConfig, get_peft_model
from transformers import DynamicCache
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from idspam_lab.backbones import positions
from idspam_lab.classifier import PromptClassifier
from idspam_lab.generator import PromptGenerator
from idspam_lab.generator_heads import ManyHeads
from idspam_lab.methods import build_method
from idspam_lab.methods.lpt import pool
from idspam_lab.methods.mean_pooling import UniformGenerator
from tests.test_backbones import build, texts

T = 4


def encoded(method, backbone, ids, mask):
    with torch.no_grad():
        return method.eval().encode(backbone, ids, mask, None).hidden


def shaken(method):
    """Every trained parameter away from its first value, so that a zero hides nothing."""
    with torch.no_grad():
        for parameter in method.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return method


@pytest.mark.parametrize("family", ("bert", "roberta", "electra", "gpt2", "llama"))
def test_trained_keys_and_values_are_the_models_own_cache(family):
    """P-tuning v2's prefix, given to the Hugging Face model as past keys and values."""
    backbone = build(family)
    ids, mask = texts(backbone)
    method = shaken(build_method("p_tuning_v2", backbone, {"t": T}))
    parts = method.encoder.embedding.weight.detach().split(method.size, dim=1)  # key, value, key, value, ...
    heads = getattr(backbone.config, "num_key_value_heads", None) or backbone.config.num_attention_heads
    cache = DynamicCache()
    for i in range(backbone.L):
        key, value = (
            part.view(1, T, heads, -1).transpose(1, 2).expand(len(ids), -1, -1, -1) for part in parts[2 * i : 2 * i + 2]
        )  # (B, heads, t, d)
        if family == "llama":  # its cache holds turned keys
            cos, sin = backbone.model.rotary_emb(key, torch.arange(T)[None])
            key, _ = apply_rotary_pos_emb(key, key, cos, sin)
        cache.update(key, value, i)
    place = positions(mask) + (T if family == "llama" else 0)
    if family == "roberta":
        place = backbone.position_ids(mask)
    with torch.no_grad():
        theirs = backbone.model(
            input_ids=ids,
            attention_mask=torch.cat([mask.new_ones(len(ids), T), mask], dim=1),
            past_key_values=cache,
            position_ids=place,
        ).last_hidden_state
    ours = encoded(method, backbone, ids, mask)
    assert torch.allclose(ours[mask.bool()], theirs[mask.bool()], atol=1e-5)


@pytest.mark.filterwarnings("ignore:fan_in_fan_out", "ignore:.*is_gradient_checkpointing")
@pytest.mark.parametrize(
    ("family", "names"), [("bert", ["query", "value"]), ("gpt2", ["c_attn"]), ("llama", ["q_proj", "v_proj"])]
)
def test_lora_is_pefts(family, names):
    backbone = build(family)
    ids, mask = texts(backbone)
    method = shaken(build_method("lora", backbone, {"r": 3}))
    theirs = get_peft_model(copy.deepcopy(backbone.model), LoraConfig(r=3, lora_alpha=6, target_modules=names)).eval()
    ours = {key.removeprefix("adapted.model."): value for key, value in method.state_dict().items() if "lora_" in key}
    left = theirs.base_model.model.load_state_dict(ours, strict=False)
    assert not left.unexpected_keys
    extra = {"use_cache": False} if backbone.causal else {}
    with torch.no_grad():
        hidden = theirs(input_ids=ids, attention_mask=mask, position_ids=positions(mask), **extra).last_hidden_state
    assert torch.allclose(encoded(method, backbone, ids, mask)[mask.bool()], hidden[mask.bool()], atol=1e-5)


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing")
def test_pefts_prompt_tuning_reads_a_prompt_vector_and_ours_the_texts_first_token():
    """PEFT on RoBERTa for classification: the head reads index 0, which is the first virtual token there."""
    torch.manual_seed(0)
    config = hf.RobertaConfig(
        vocab_size=97, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=40,
        max_position_embeddings=60, pad_token_id=1, num_labels=2,
    )  # fmt: skip
    model = hf.RobertaForSequenceClassification(config).eval()
    peft = get_peft_model(
        model,
        PromptTuningConfig(
            task_type="SEQ_CLS", num_virtual_tokens=T, token_dim=32, num_layers=3, num_attention_heads=4
        ),
    ).eval()
    seen = []
    model.classifier.modules_to_save["default"].register_forward_hook(
        lambda m, inputs, out: seen.append(inputs[0][:, 0])
    )
    last = []
    model.roberta.encoder.register_forward_hook(lambda m, inputs, out: last.append(out.last_hidden_state))
    ids, mask = torch.randint(5, 97, (2, 7)), torch.ones(2, 7, dtype=torch.long)
    with torch.no_grad():
        peft(input_ids=ids, attention_mask=mask)
    assert last[0].shape[1] == T + 7
    assert torch.equal(seen[0], last[0][:, 0])  # a prompt position
    assert not torch.allclose(seen[0], last[0][:, T], atol=1e-3)  # where the text's first token stands

    backbone = build("roberta")
    clf = PromptClassifier(backbone, "prompt_tuning", t=T, read="first").eval()
    read = []
    clf.head.register_forward_hook(lambda m, inputs, out: read.append(inputs[0]))
    whole = []
    backbone.blocks()[-1].register_forward_hook(
        lambda m, inputs, out: whole.append(out[0] if isinstance(out, tuple) else out)
    )
    with torch.no_grad():
        clf.logits_and_trace(ids, mask)
    assert whole[0].shape[1] == T + 7 and torch.equal(read[0], whole[0][:, T])


@pytest.mark.parametrize("maximum", (False, True))
def test_pooling_to_t_is_torchs_adaptive_pooling_on_each_text_alone(maximum):
    lengths = (3, 4, 7, 12)
    x, mask = torch.randn(4, 12, 5), torch.zeros(4, 12, dtype=torch.long)
    for row, length in enumerate(lengths):
        mask[row, :length] = 1
    theirs = torch.nn.functional.adaptive_max_pool1d if maximum else torch.nn.functional.adaptive_avg_pool1d
    ours = pool(x, mask, T, maximum)
    for row, length in enumerate(lengths):
        alone = theirs(x[row, :length].T[None], T)[0].T  # (t, p)
        assert torch.allclose(ours[row], alone, atol=1e-6)


def test_heads_are_torchs_own_attention():
    torch.manual_seed(0)
    E = torch.randn(2, 6, 24)
    mask = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])
    generator = ManyHeads(4, n=24, t=2, c=5)
    _, trace = generator(E, mask)

    def split(x):
        return x.view(2, 6, 4, 6).transpose(1, 2)  # (B, H, N, d_k)

    attended = torch.nn.functional.scaled_dot_product_attention(
        split(generator.W_Q(E)), split(generator.W_K(E)), split(generator.W_V(E)), mask.bool()[:, None, None, :]
    )
    rows = attended.transpose(1, 2).reshape(2, 6, 24) * mask[..., None]
    assert torch.allclose(trace.A, rows.sum(1) / mask.sum(1, keepdim=True), atol=1e-5)
    assert torch.allclose(trace.w.sum(1), torch.ones(2)) and trace.w[1, 4:].eq(0).all()


def test_one_head_of_many_is_the_papers_generator():
    plain, many = PromptGenerator(24, 2, 5), ManyHeads(1, n=24, t=2, c=5)
    many.load_state_dict(plain.state_dict())
    E, mask = torch.randn(2, 6, 24), torch.ones(2, 6)
    for one, other in zip(plain(E, mask)[1], many(E, mask)[1], strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_mean_pooling_is_id_spam_with_attention_that_does_not_look():
    plain, uniform = PromptGenerator(24, 2, 5), UniformGenerator(24, 2, 5)
    with torch.no_grad():
        plain.W_Q.weight.zero_()
    uniform.load_state_dict({k: v for k, v in plain.state_dict().items() if k not in ("W_Q.weight", "W_K.weight")})
    E, mask = torch.randn(2, 6, 24), torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0]])
    for one, other in zip(
        (plain(E, mask)[0], *plain(E, mask)[1]), (uniform(E, mask)[0], *uniform(E, mask)[1]), strict=True
    ):
        assert torch.allclose(one, other, atol=1e-6)


def test_without_the_outer_relu_entries_can_be_below_zero():
    E, mask = torch.randn(2, 6, 24), torch.ones(2, 6)
    signed, paper = PromptGenerator(24, 2, 5, outer_relu=False), PromptGenerator(24, 2, 5)
    paper.load_state_dict(signed.state_dict())
    assert signed(E, mask)[0].min() < 0 and torch.equal(signed(E, mask)[0].relu(), paper(E, mask)[0])


def test_positions_make_the_prompt_depend_on_word_order():
    backbone = build("bert")
    ids, mask = texts(backbone, lengths=(9,))
    turned = ids.flip(1)
    for positions_read, depends in ((False, False), (True, True)):
        method = build_method("idspam", backbone, {"positions": positions_read}).eval()
        prompts = [method.prompt(*method.trunk(backbone, order, mask, None), mask)[0] for order in (ids, turned)]
        assert torch.allclose(*prompts, atol=1e-6) is not depends


def test_smop_as_released_mixes_the_batch_and_ours_does_not():
    torch.manual_seed(0)
    probabilities, prompts = torch.rand(3, 1, 1, 1), torch.randn(3, 2, 8)  # top-1 shares, and each text's prompt
    released = (probabilities * prompts).sum(1)  # (B, 1, 1, 1) * (B, t, n) is (B, B, t, n)
    assert torch.allclose(released, probabilities[:, 0] * prompts.sum(0), atol=1e-6)  # all texts'
    backbone = build("bert")
    method = build_method("smop", backbone, {"t": 2}).eval()
    ids, mask = texts(backbone, lengths=(9, 9, 9))
    together, _ = method.prompt(*method.trunk(backbone, ids, mask, None), mask)
    alone = [
        method.prompt(*method.trunk(backbone, ids[i : i + 1], mask[i : i + 1], None), mask[i : i + 1])[0]
        for i in range(3)
    ]
    assert torch.allclose(together, torch.cat(alone), atol=1e-6)


def test_dept_with_an_untrained_change_is_prompt_tuning_and_changes_positions_alike():
    backbone = build("bert")
    ids, mask = texts(backbone)
    dept = build_method("dept", backbone, {"t": 2, "r": 3, "positions": 5})
    plain = build_method("prompt_tuning", backbone, {"t": 2})
    with torch.no_grad():
        plain.P.copy_(dept.P)
    assert torch.allclose(encoded(dept, backbone, ids, mask), encoded(plain, backbone, ids, mask), atol=1e-6)
    shaken(dept)
    rows = backbone.table_rows(ids)
    change = (8 / 3**0.5) * dept.A @ dept.B
    changed = rows.clone()
    changed[:, :5] += change.detach()  # positions from 5 on stay
    hidden = backbone.embed(ids, mask, rows=changed)
    with torch.no_grad():
        plain.P.copy_(dept.P)
        both = torch.cat([plain.P.expand(len(ids), -1, -1), hidden], dim=1)
        expected = backbone.run(both, torch.cat([mask.new_ones(len(ids), 2), mask], dim=1))[:, 2:]
    assert torch.allclose(encoded(dept, backbone, ids, mask)[mask.bool()], expected[mask.bool()], atol=1e-5)


def test_two_learning_rates_reach_the_optimiser(tiny):
    from idspam_lab.training import Settings
    from idspam_lab.training.loop import make_optimizer

    clf = PromptClassifier(tiny, "dept")
    optimizer = make_optimizer(clf, Settings(lr=1e-3))
    names = {id(p): name for name, p in clf.named_parameters()}
    factor = {names[id(p)]: group["factor"] for group in optimizer.param_groups for p in group["params"]}
    assert factor.keys() == {"method.P", "method.A", "method.B", "head.weight", "head.bias"}
    told = type(clf.method).lr_factors
    assert factor["method.P"] == told["P"] and factor["method.A"] == factor["method.B"] == told["A"]
    assert factor["head.weight"] == 1
    assert 100 <= told["P"] / told["A"] <= 1000  # the paper of the method trains them so far apart
