"""Staged run against the Hugging Face forward, for every family, cut, padding side and attention implementation."""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers as hf
from safetensors.torch import load_file, save_file

from idspam_lab.backbones import FAMILIES, check_layer, load_backbone, pad_right, positions, supported
from idspam_lab.errors import BadInput


class Letters(SimpleNamespace):
    """Stands in for a tokenizer: a letter is a token."""

    eos_token_id = None

    def __call__(self, text):
        return {"input_ids": [ord(letter) % 97 for letter in text]}

    def get_vocab(self):
        return {chr(i): i for i in range(97)}


SMALL = {"vocab_size": 97, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 40}
ENCODER = SMALL | {"max_position_embeddings": 40}
ROTARY = SMALL | {"num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 40}
WINDOW = ROTARY | {"sliding_window": 4}  # shorter than the texts below, so the window matters

# To add a family: one line here (its smallest configuration).
CONFIGS = {
    "bert": hf.BertConfig(**ENCODER),
    "roberta": hf.RobertaConfig(**ENCODER, pad_token_id=1),
    "xlm-roberta": hf.XLMRobertaConfig(**ENCODER, pad_token_id=1),
    "mpnet": hf.MPNetConfig(**ENCODER, pad_token_id=1),
    "distilbert": hf.DistilBertConfig(
        vocab_size=97, dim=32, n_layers=3, n_heads=4, hidden_dim=40, max_position_embeddings=40
    ),
    "electra": hf.ElectraConfig(**ENCODER, embedding_size=16),
    "modernbert": hf.ModernBertConfig(**ENCODER, pad_token_id=0, local_attention=6, global_attn_every_n_layers=2),
    "gpt2": hf.GPT2Config(vocab_size=97, n_embd=32, n_layer=3, n_head=4, n_positions=40),
    "llama": hf.LlamaConfig(**ROTARY),
    "mistral": hf.MistralConfig(**WINDOW),
    "qwen2": hf.Qwen2Config(**(WINDOW | {"use_sliding_window": True, "max_window_layers": 1})),
    "qwen3": hf.Qwen3Config(**ROTARY),
    "gemma": hf.GemmaConfig(**ROTARY),
    "gemma2": hf.Gemma2Config(**WINDOW),
    "gemma3_text": hf.Gemma3TextConfig(**WINDOW),
}
EAGER_ONLY = {"mpnet", "gemma2"}  # transformers has no SDPA for them
BOTH = [
    (name, attention)
    for name in CONFIGS
    for attention in ("eager", "sdpa")
    if not (name in EAGER_ONLY and attention == "sdpa")
]
LENGTHS = (9, 5, 12)


def build(name, attention="eager"):
    torch.manual_seed(0)
    model = hf.AutoModel.from_config(CONFIGS[name], attn_implementation=attention)
    with torch.no_grad():  # biases and norms start at 0 and 1, which would hide a forgotten one
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return FAMILIES[name](model, Letters(model_max_length=10**9), name)


def texts(backbone, side="right", lengths=LENGTHS):
    """Random ids (B, N) and mask (B, N), padded on one side; no real token is the padding token."""
    generator = torch.Generator().manual_seed(1)
    pad = backbone.config.pad_token_id or 0
    ids = torch.full((len(lengths), max(lengths)), pad)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(lengths):
        place = slice(0, length) if side == "right" else slice(max(lengths) - length, None)
        ids[row, place] = torch.randint(5, 97, (length,), generator=generator)
        mask[row, place] = 1
    return ids, mask


def hugging_face(backbone, ids, mask):
    """Its own forward. Absolute positions are told where they count from: the models' default ignores left padding."""
    extra = {}
    if backbone.config.model_type not in ("roberta", "xlm-roberta", "mpnet"):  # derived from the padding
        extra["position_ids"] = positions(mask)
    if backbone.causal:
        extra["use_cache"] = False
    return backbone.model(input_ids=ids, attention_mask=mask, **extra).last_hidden_state


def staged(backbone, ids, mask, cut):
    hidden = backbone.run(backbone.embed(ids, mask), mask, 0, cut)
    return backbone.finish(backbone.run(hidden, mask, cut, backbone.L))


@pytest.mark.parametrize("side", ["right", "left", "none"])
@pytest.mark.parametrize(("name", "attention"), BOTH)
def test_every_cut_equals_the_hugging_face_forward(name, side, attention):
    backbone = build(name, attention)
    ids, mask = texts(backbone, side, LENGTHS if side != "none" else (12, 12, 12))
    with torch.no_grad():
        expected = hugging_face(backbone, ids, mask)
        for cut in range(backbone.L + 1):
            difference = (staged(backbone, ids, mask, cut) - expected)[mask.bool()].abs().max()
            assert difference < 1e-5, (cut, difference)


@pytest.mark.parametrize("name", CONFIGS)
def test_right_padding_needs_no_positions_told(name):
    backbone = build(name)
    ids, mask = texts(backbone)
    with torch.no_grad():
        expected = backbone.model(input_ids=ids, attention_mask=mask).last_hidden_state
        assert torch.allclose(staged(backbone, ids, mask, 1)[mask.bool()], expected[mask.bool()], atol=1e-5)


def test_a_model_with_one_token_type_reads_pairs_as_without_types():
    torch.manual_seed(0)
    config = hf.RobertaConfig(**ENCODER, pad_token_id=1, type_vocab_size=1)
    backbone = FAMILIES["roberta"](hf.RobertaModel(config), Letters(model_max_length=10**9), "one type")
    ids, mask = texts(backbone)
    types = (positions(mask) > 3).long() * mask  # the second text is of type 1, as BERT's tokenizer has it
    with torch.no_grad():
        expected = backbone.model(input_ids=ids, attention_mask=mask).last_hidden_state
        found = backbone.run(backbone.embed(ids, mask, types), mask)
    assert types.max() == 1
    assert torch.allclose(found[mask.bool()], expected[mask.bool()], atol=1e-5)


def test_a_model_with_two_token_types_reads_both():
    backbone = build("bert")
    ids, mask = texts(backbone)
    types = (positions(mask) > 3).long() * mask
    with torch.no_grad():
        expected = backbone.model(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        found = backbone.run(backbone.embed(ids, mask, types), mask)
    assert torch.allclose(found[mask.bool()], expected[mask.bool()], atol=1e-5)


@pytest.mark.parametrize(("name", "attention"), BOTH)
def test_a_prompted_text_does_not_depend_on_padding_or_batch(name, attention):
    backbone = build(name, attention)
    prompt = torch.randn(1, 3, backbone.n, generator=torch.Generator().manual_seed(2))

    def run(ids, mask):
        hidden = backbone.run(backbone.embed(ids, mask), mask, 0, 1)
        hidden = torch.cat([prompt.expand(len(ids), -1, -1), hidden], dim=1)
        longer = torch.cat([mask.new_ones(len(ids), 3), mask], dim=1)
        return backbone.finish(backbone.run(hidden, longer, 1, backbone.L))[:, 3:]

    with torch.no_grad():
        results = {}
        for side in ("right", "left"):
            ids, mask = texts(backbone, side)
            mask, ids = pad_right(mask, ids)
            results[side] = [row[m.bool()] for row, m in zip(run(ids, mask), mask, strict=True)]
        ids, mask = texts(backbone)
        alone = [run(ids[i : i + 1, :n], mask[i : i + 1, :n])[0] for i, n in enumerate(LENGTHS)]
    for right, left, single in zip(results["right"], results["left"], alone, strict=True):
        assert torch.allclose(right, single, atol=1e-5)
        assert torch.allclose(left, single, atol=1e-5)


@pytest.mark.parametrize("name", CONFIGS)
def test_token_embeddings_know_no_positions(name):
    backbone = build(name)
    ids = torch.tensor([[7, 8, 9]])
    assert backbone.embed_tokens(ids).shape == (1, 3, backbone.n)
    assert torch.equal(backbone.embed_tokens(ids.flip(1)), backbone.embed_tokens(ids).flip(1))


def test_every_family_is_tested():
    assert set(CONFIGS) == set(FAMILIES)


def test_frozen_and_in_evaluation_mode_whatever_train_says():
    backbone = build("bert").train()
    assert not any(p.requires_grad for p in backbone.parameters())
    assert not any(module.training for module in backbone.modules())


def test_trunk_is_not_traced_by_autograd():
    backbone = build("bert")
    backbone.model.requires_grad_(True)  # even when somebody trains the model
    E, hidden = backbone.trunk(*texts(backbone), None, 2)
    assert E.grad_fn is None and hidden.grad_fn is None


@pytest.mark.parametrize(
    "layer, says", [(-1, "3 blocks"), (3, "3 blocks"), ("1", "'1', a text, but"), (1.0, "a whole"), (True, "a whole")]
)
def test_layer_out_of_range_names_the_range(layer, says):
    with pytest.raises(BadInput, match=rf"{says}.*: choose 0 \(the input\) to 2"):
        check_layer(layer, build("bert"))


def test_a_layer_is_a_plain_number_whatever_it_came_as():
    assert check_layer(np.int64(2), build("bert")) == 2 and type(check_layer(np.int64(2), build("bert"))) is int


def test_unsupported_family_names_the_supported_ones():
    with pytest.raises(BadInput, match=r"'t5' model .* supported families: bert, roberta, .*mpnet, .*gpt2, llama"):
        supported("t5")


def test_folder_of_an_unsupported_model_is_refused_before_its_weights_are_read(tmp_path):
    hf.T5Config().save_pretrained(tmp_path)
    with pytest.raises(BadInput, match="supported families"):
        load_backbone(tmp_path)


def test_unknown_name_without_network_is_one_sentence():
    with pytest.raises(
        BadInput, match=r"'roberta-base' was not found.*packaged model \(minilm, .*no network"
    ) as caught:
        load_backbone("roberta-base")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("how", ["environment", "argument"])
def test_a_hub_address_is_read_and_its_revision_recorded(how, tmp_path):
    """The hub's own cache layout on disk, loaded by its address in a process that has no network."""
    commit, folder = "0123456789abcdef0123456789abcdef01234567", tmp_path / "models--someone--tiny"
    snapshot = folder / "snapshots" / commit
    hf.BertModel(CONFIGS["bert"]).save_pretrained(snapshot)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "film"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    hf.BertTokenizer(str(tmp_path / "vocab.txt")).save_pretrained(snapshot)
    (snapshot / "1_Pooling").mkdir()  # as sentence-transformers writes it
    (snapshot / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(commit)
    if how == "argument":
        found = load_backbone("someone/tiny", cache_dir=tmp_path, token="hf_none", local_files_only=True)
        assert (found.identity().revision, found.default_read) == (commit, "mean")
        return
    script = (
        "from idspam_lab.backbones import load_backbone; "
        "found = load_backbone('someone/tiny').identity(); print(found.name, found.revision, found.n, found.L); "
        "print(load_backbone('someone/tiny').default_read)"
    )
    environment = {**os.environ, "HF_HUB_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert done.stdout.split() == ["someone/tiny", commit, "32", "3", "mean"], done.stderr


def test_it_goes_to_the_device_that_is_named():
    assert load_backbone("minilm", device="meta").model.device.type == "meta"
    assert load_backbone("minilm").model.device.type == "cpu"
    for device in ("nowhere", "cuda:99"):
        with pytest.raises(BadInput, match=f"device is '{device}', which torch cannot use here"):
            load_backbone("minilm", device=device)


def test_longest_text_leaves_room_for_roberta_offset():
    assert build("roberta").max_length == 38  # 40 rows, of which 0 and 1 are never used
    assert build("bert").max_length == 40


# What cannot be loaded: one sentence each -------------------------------------------------------------------


def saved(folder, config, change=lambda tensors: tensors):
    """A model in a folder, its tensors changed on the way, with a tokenizer."""
    hf.AutoModel.from_config(config).save_pretrained(folder)
    save_file(change(load_file(folder / "model.safetensors")), folder / "model.safetensors", {"format": "pt"})
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "film"]))
    hf.BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def renamed(tensors):
    return {f"student.{name}": tensor for name, tensor in tensors.items()}


def without_block_2(tensors):
    return {name: tensor for name, tensor in tensors.items() if "layer.2." not in name}


def too_wide(tensors):
    return tensors | {"embeddings.word_embeddings.weight": torch.zeros(97, 33)}


@pytest.mark.parametrize(
    ("change", "sentence"), [(renamed, "lack .* tensors"), (without_block_2, "lack 16 tensors"), (too_wide, "loaded")]
)
def test_weights_that_are_not_all_there_are_no_model(tmp_path, change, sentence):
    """transformers would fill the gaps with random numbers, and a frozen model would be noise."""
    saved(tmp_path, CONFIGS["bert"], change)
    with pytest.raises(BadInput, match=sentence) as caught:
        load_backbone(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_missing_pooler_is_no_loss(tmp_path):
    saved(tmp_path, CONFIGS["bert"], lambda tensors: {k: v for k, v in tensors.items() if "pooler" not in k})
    assert load_backbone(tmp_path).L == 3


def test_a_folder_has_its_own_name_however_it_is_given(tmp_path, monkeypatch):
    folder = saved(tmp_path / "mine", CONFIGS["bert"])
    (folder / "inside").mkdir()
    (tmp_path / "link").symlink_to(folder)
    for here, name in ((folder, "."), (folder / "inside", ".."), (tmp_path, "mine/")):
        monkeypatch.chdir(here)
        assert load_backbone(name).name == "mine"
    assert load_backbone(tmp_path / "link").name == "link"


def test_weights_cut_off_by_a_full_disk(tmp_path):
    saved(tmp_path, CONFIGS["bert"])
    with open(tmp_path / "model.safetensors", "r+b") as file:
        file.truncate(5000)
    with pytest.raises(BadInput, match="could not be loaded"):
        load_backbone(tmp_path)


def test_a_model_type_that_transformers_does_not_know_is_not_called_missing(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "of tomorrow"}')
    with pytest.raises(BadInput, match="could not be loaded.*of tomorrow"):
        load_backbone(tmp_path)


@pytest.mark.parametrize("name", ["bert", "gpt2", "electra"])
def test_a_folder_without_a_tokenizer_is_refused(tmp_path, name):
    """transformers would make one that knows no word, and every text would be the same."""
    hf.AutoModel.from_config(CONFIGS[name]).save_pretrained(tmp_path)
    with pytest.raises(BadInput, match="came without its tokenizer"):
        load_backbone(tmp_path)


def test_an_encoder_that_reads_from_left_to_right_is_refused(tmp_path):
    saved(tmp_path, hf.BertConfig(**ENCODER, is_decoder=True))
    with pytest.raises(BadInput, match="reads from left to right"):
        load_backbone(tmp_path)


def test_a_configuration_with_a_wrong_value_gets_a_sentence(tmp_path):
    saved(tmp_path, CONFIGS["bert"])
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace('"hidden_size": 32', '"hidden_size": "x"'))
    with pytest.raises(BadInput, match="could not be loaded"):
        load_backbone(tmp_path)


def test_a_word_too_long_for_a_files_name_is_no_model():
    with pytest.raises(BadInput, match="was not found"):
        load_backbone("x" * 300)


def test_gpt2_drops_embeddings_while_its_copy_trains():
    torch.manual_seed(0)
    model = hf.GPT2Model(hf.GPT2Config(vocab_size=97, n_embd=32, n_layer=1, n_head=4, n_positions=40, embd_pdrop=0.9))
    backbone = FAMILIES["gpt2"](model, SimpleNamespace(model_max_length=10**9), "gpt2")
    ids, mask = texts(backbone)
    copy = backbone.trainable_copy().train()
    assert (copy.embed(ids, mask) == 0).float().mean() > 0.5 > (backbone.embed(ids, mask) == 0).float().mean()


def test_a_decoder_that_reads_in_both_directions_is_refused(tmp_path):
    config = hf.Gemma3TextConfig(**WINDOW, use_bidirectional_attention=True)
    saved(tmp_path, config)
    with pytest.raises(BadInput, match="reads in both directions"):
        load_backbone(tmp_path)


# What a family says of itself ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONFIGS)
def test_keys_and_values_are_where_the_family_says(name):
    """Noise in a token's keys or values reaches the next token, in its queries it would not; and with the same values
    everywhere nothing of another token does."""
    backbone = build(name)
    ids, mask = torch.randint(5, 97, (1, 8), generator=torch.Generator().manual_seed(0)), torch.ones(1, 8).long()
    hidden = backbone.embed(ids, mask)
    (key, key_part), (value, value_part) = backbone.keys_and_values(backbone.blocks()[0])

    def next_token(states=hidden, layer=None, change=None):
        handle = layer.register_forward_hook(lambda module, inputs, out: change(out)) if layer else None
        try:
            return backbone.run(states, mask, 0, 1)[0, 6]
        finally:
            if handle:
                handle.remove()

    def noise(part):
        def change(out):
            out = out.clone()
            out[:, 5, part] += 3 * torch.randn(out[:, 5, part].shape, generator=torch.Generator().manual_seed(1))
            return out

        return change

    def alike(part):
        def change(out):
            out = out.clone()
            out[..., part] = out[:, :1, part]
            return out

        return change

    other = hidden.clone()
    other[0, 5] = backbone.embed(ids.flip(1), mask)[0, 0]
    with torch.no_grad():
        for layer, part in ((key, key_part), (value, value_part)):
            assert not torch.allclose(next_token(layer=layer, change=noise(part)), next_token(), atol=1e-4)
        same = [next_token(states, value, alike(value_part)) for states in (hidden, other)]
        assert torch.allclose(*same, atol=1e-5) and not torch.allclose(next_token(other), next_token(), atol=1e-4)


@pytest.mark.parametrize("name", CONFIGS)
def test_what_lora_changes_is_there_and_positions_are_as_the_family_says(name):
    backbone = build(name)
    found = [path.split(".")[-1] for path, part in backbone.blocks()[0].named_modules() if hasattr(part, "weight")]
    assert all(found.count(layer) == 1 for layer in backbone.queries_and_values) and backbone.queries_and_values
    ids = torch.full((1, 6), 7)
    with torch.no_grad():
        first = backbone.embed(ids, torch.ones_like(ids))[0]
    assert backbone.absolute_positions == (not torch.allclose(first[1], first[4], atol=1e-4))


def test_a_model_in_place_of_its_name_gets_advice():
    with pytest.raises(BadInput, match="A BertModel was given where a name or a folder is wanted: save the model"):
        load_backbone(build("bert").model)


def test_half_precision_weights_are_for_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for dtype in (torch.float16, "float16", "torch.float16", "half"):
        with pytest.raises(BadInput, match="fp16 weights need a GPU: take torch.float32 or torch.bfloat16"):
            load_backbone("minilm", dtype=dtype)
    with pytest.raises(BadInput, match="dtype is 'float15', but weights are of torch.float32"):
        load_backbone("minilm", dtype="float15")
    assert load_backbone("minilm", dtype="bfloat16").identity().dtype == "bfloat16"


@pytest.mark.parametrize("bars", [True, False])
def test_progress_bars_are_left_as_the_user_had_them(bars):
    before = hf.logging.is_progress_bar_enabled()
    (hf.logging.enable_progress_bar if bars else hf.logging.disable_progress_bar)()
    try:
        load_backbone("minilm")
        assert hf.logging.is_progress_bar_enabled() == bars
    finally:
        (hf.logging.enable_progress_bar if before else hf.logging.disable_progress_bar)()
