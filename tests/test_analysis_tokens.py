"""Token weights, contributions, words, and attention inside the blocks: against closed forms and slow versions."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from idspam_lab import BadInput, PromptClassifier
from idspam_lab.analysis.blocks import block_attention, of_row
from idspam_lab.analysis.tokens import attention, contributions, token_table
from idspam_lab.analysis.words import words_of
from idspam_lab.backbones import encode
from idspam_lab.tasks.examples import Examples
from tests.test_backbones import BOTH, build

TEXTS = ["an unforgettable, gripping film!", "dull", "<script>alert('$x^2$')</script> \x1b[31m 中文 [SEP]"]


@pytest.fixture(scope="module")
def clf(tiny):
    return PromptClassifier(tiny, "idspam", labels=("neg", "pos"), layer=1).eval()


# Weights and contributions -------------------------------------------------------------------------------------------


def test_weights_are_those_of_explain_and_columns_are_tidy(clf):
    table = token_table(clf, Examples(TEXTS, None, (1, 0, 0)))
    assert list(table.columns) == [
        "text", "position", "token", "special", "pieces", "weight", "uniform", "contribution", "predicted", "label",
    ]  # fmt: skip
    for i, found in enumerate(clf.explain(TEXTS)):
        part = table[table["text"] == i]
        assert part["token"].tolist() == found.tokens and part["position"].tolist() == list(range(len(found.tokens)))
        assert part["weight"].to_numpy() == pytest.approx(found.weights, abs=1e-6)
        assert part["uniform"].to_numpy() == pytest.approx(1 / len(found.tokens))
        assert set(part["predicted"]) == {found.label}
    assert table.groupby("text")["label"].first().tolist() == ["pos", "neg", "neg"]
    assert table[table["special"]]["token"].tolist() == ["[CLS]", "[SEP]", "[CLS]", "[SEP]", "[CLS]", "[SEP]", "[SEP]"]


@pytest.mark.parametrize("options", [{}, {"heads": 4}, {"positions": True}])
def test_contributions_sum_to_the_length_of_A(tiny, options):
    clf = PromptClassifier(tiny, "idspam", layer=1, **options).eval()
    table = token_table(clf, TEXTS)
    for i, row in enumerate(clf.rows(TEXTS)):
        ids = torch.tensor([row["input_ids"]])
        source, hidden = clf.method.trunk(tiny, ids, torch.ones_like(ids), torch.zeros_like(ids))
        _, trace = clf.method.prompt(source, hidden, torch.ones_like(ids))
        part = table[table["text"] == i]
        assert part["contribution"].sum() == pytest.approx(trace.A.norm().item(), rel=1e-5)


def test_a_contribution_is_the_formula_token_by_token(clf):
    """w_j <E_j W_V, A> / |A|, written out in numpy."""
    row = clf.rows(TEXTS[:1])[0]
    E = clf.backbone.embed_tokens(torch.tensor(row["input_ids"])).detach().numpy().astype(float)
    W_V = clf.method.generator.W_V.weight.detach().numpy().astype(float).T
    table = token_table(clf, TEXTS[:1])
    A = sum(w * (e @ W_V) for w, e in zip(table["weight"], E, strict=True))
    slow = [w * ((e @ W_V) @ A) / np.sqrt(A @ A) for w, e in zip(table["weight"], E, strict=True)]
    assert table["contribution"].to_numpy() == pytest.approx(slow, abs=1e-6)


def test_two_opposite_tokens_pull_against_each_other():
    """Two values v and -v with weights .75 and .25: A = v / 2, so they contribute .75 |v| and -.25 |v|."""

    class Fixed:
        W_V = torch.nn.Identity()

        def attend(self, E, mask):
            return None, torch.tensor([[0.75, 0.25, 0.0]])

    v = torch.tensor([3.0, 4.0])
    found = contributions(Fixed(), torch.stack([v, -v, 7 * v])[None], torch.tensor([[True, True, False]]))
    assert found[0].tolist() == pytest.approx([0.75 * 5, -0.25 * 5, 0])


def test_mean_pooling_is_uniform_and_other_methods_have_no_weights(tiny):
    table = token_table(PromptClassifier(tiny, "mean_pooling", layer=1).eval(), TEXTS)
    assert table["weight"].to_numpy() == pytest.approx(table["uniform"].to_numpy())
    for method in ("lpt", "linear_head"):
        with pytest.raises(BadInput, match="no token weights"):
            token_table(PromptClassifier(tiny, method).eval(), TEXTS)


def test_without_special_tokens_and_without_texts(clf):
    whole, table = token_table(clf, TEXTS), token_table(clf, TEXTS, special=False)
    assert len(table) == len(whole) - 7 and not table["special"].any()
    assert table["uniform"][0] == whole["uniform"][0]  # N counts them still
    with pytest.raises(BadInput, match="no texts"):
        token_table(clf, [])


def test_texts_that_can_be_read_once_are_read_as_their_list(clf):
    once = token_table(clf, (text for text in TEXTS), words=True)
    assert once.equals(token_table(clf, TEXTS, words=True))


def test_attention_table_is_alpha(clf):
    (found,) = clf.explain(TEXTS[:1])
    table = attention(found)
    assert list(table.index) == list(table.columns) == found.tokens and table.index.name == "asks"
    assert table.sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    assert table.mean(axis=0).to_numpy() == pytest.approx(found.weights, abs=1e-6)


# Words ---------------------------------------------------------------------------------------------------------------


def test_words_are_the_sums_of_their_pieces(clf):
    tokens, words = token_table(clf, TEXTS[:1]), token_table(clf, TEXTS[:1], words=True)
    assert words["token"].tolist() == ["[CLS]", "an", "unforgettable", ",", "gripping", "film", "!", "[SEP]"]
    assert words["pieces"].sum() == len(tokens) and words["pieces"].max() > 1
    pieces = tokens[tokens["token"].isin(["un", "##for", "##get", "##table"])]
    word = words[words["token"] == "unforgettable"].iloc[0]
    assert word["pieces"] == len(pieces)
    for column in ("weight", "uniform", "contribution"):
        assert word[column] == pytest.approx(pieces[column].sum())
        assert words[column].sum() == pytest.approx(tokens[column].sum())


def test_words_of_a_pair_do_not_run_into_each_other(clf):
    table = token_table(clf, [("gripping", "gripping film")], words=True)
    assert table["token"].tolist() == ["[CLS]", "gripping", "[SEP]", "gripping", "film", "[SEP]"]


SENTENCE = "the  filmmaker's unforgettable film, in 中文 🦄 !"


def trained(kind):
    """A tokenizer of each kind, trained on a few words, so that most are cut into pieces."""
    words = ["the film maker", "film in the", "un forget table"]
    special = ["<unk>", "<s>", "</s>"]
    if kind == "wordpiece":
        core = Tokenizer(models.WordPiece(unk_token="<unk>"))
        core.normalizer, core.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(vocab_size=60, special_tokens=special)
    elif kind.startswith("bytes"):
        core = Tokenizer(models.BPE(unk_token="<unk>"))
        core.pre_tokenizer, core.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
        core.post_processor = processors.ByteLevel(trim_offsets=kind == "bytes, offsets trimmed")
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=alphabet)
    else:
        core = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
        if kind == "sentencepiece, not cut before":  # as Gemma's: spaces become letters, and nothing else is cut
            core.normalizer = normalizers.Replace(" ", "▁")
        else:
            core.pre_tokenizer = pre_tokenizers.Metaspace()
        special = special + [f"<0x{byte:02X}>" for byte in range(256)]
        trainer = trainers.BpeTrainer(vocab_size=330, special_tokens=special)
    core.train_from_iterator(words, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=core, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


KINDS = ["wordpiece", "bytes", "bytes, offsets trimmed", "sentencepiece", "sentencepiece, not cut before"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_tokenizer_gives_its_words_back(kind):
    backbone = SimpleNamespace(tokenizer=trained(kind), causal=True, max_length=200, vocabulary=10**6)
    (row,), _ = encode(backbone, [SENTENCE])
    ids = row["input_ids"]
    words = words_of(backbone, ids, SENTENCE)
    assert [place for word in words for place in word.positions] == list(range(len(ids)))  # each token once, in order
    assert len(ids) > len(words)
    names = [word.text for word in words if not word.special]
    assert "".join(names) == SENTENCE.replace(" ", "")  # nothing lost, nothing doubled
    assert {"the", "unforgettable", "in"} <= set(names)
    assert not any(" " in name for name in names)
    assert words[-1] == ("</s>", (len(ids) - 1,), True)


def test_a_space_with_a_token_of_its_own_goes_with_the_word_after_it():
    backbone = SimpleNamespace(tokenizer=trained("bytes"), causal=True, max_length=200, vocabulary=10**6)
    (row,), _ = encode(backbone, ["film   the "])
    names = [word.text for word in words_of(backbone, row["input_ids"], "film   the ")]
    assert names == ["film", "the", "␣", "</s>"]  # but at the end there is none


@pytest.mark.parametrize("length", [5, 9, 14])
def test_cut_texts_and_pairs_keep_their_words(clf, length):
    pair = ("an unforgettable film", "an unforgettable and gripping film")
    (row,), cut = encode(clf.backbone, [pair[0]], [pair[1]], length)
    words = words_of(clf.backbone, row["input_ids"], *pair)
    assert sum(len(word.positions) for word in words) == len(row["input_ids"]) == min(length, 14 - (not cut))
    decoder = SimpleNamespace(tokenizer=trained("bytes"), causal=True, max_length=200, vocabulary=10**6)
    (row,), _ = encode(decoder, [pair[0]], [pair[1]], length)
    words = words_of(decoder, row["input_ids"], *pair)
    assert sum(len(word.positions) for word in words) == len(row["input_ids"]) == length
    assert [word.special for word in words].count(True) == 2


def test_ids_of_another_text_and_slow_tokenizers_are_refused(clf):
    (row,), _ = encode(clf.backbone, ["a film"])
    with pytest.raises(BadInput, match="not those of the text"):
        words_of(clf.backbone, row["input_ids"], "another film")
    slow = SimpleNamespace(tokenizer=SimpleNamespace(is_fast=False), causal=False)
    with pytest.raises(BadInput, match="ask for tokens"):
        words_of(slow, [1], "a")


# Attention inside the blocks -----------------------------------------------------------------------------------------


def family(name, attention):
    backbone = build(name, attention)
    backbone.tokenizer = SimpleNamespace(
        pad_token_id=0,
        eos_token_id=96,
        model_max_length=10**9,
        convert_ids_to_tokens=lambda ids: [f"t{i}" for i in ids],
    )
    return PromptClassifier(backbone, "idspam", layer=1, t=2).eval()


@pytest.mark.parametrize(("name", "attention"), BOTH)
def test_block_attention_of_every_family(name, attention):
    """The weights are the model's own: its eager forward over the same hidden states gives the same output."""
    clf = family(name, attention)
    row = {"input_ids": [5, 6, 7, 8, 9, 10, 96]}
    found = of_row(clf, row)
    assert found.blocks == [1, 2] and found.t == 2 and found.tokens[:3] == ["prompt 1", "prompt 2", "t5"]
    assert found.weights.shape == (2, 4, 9, 9)
    assert found.weights.sum(-1) == pytest.approx(1, abs=1e-5)
    if clf.backbone.causal:
        assert np.triu(found.weights, 1).max() == 0
    assert clf.backbone.config._attn_implementation == attention  # as it was
    assert not any(module._forward_hooks for module in clf.backbone.modules())


def test_block_attention_is_what_hugging_face_returns(tiny):
    """At m = 0 the encoder over prompt and text is the model's own, and it can return its attention."""
    clf = PromptClassifier(tiny, "idspam", layer=0, t=2).eval()
    found = block_attention(clf, "a gripping film")
    row = clf.rows(["a gripping film"])[0]
    ids = torch.tensor([row["input_ids"]])
    with torch.no_grad():
        E, hidden = tiny.trunk(ids, torch.ones_like(ids), torch.zeros_like(ids), 0)
        S, _ = clf.method.prompt(E, hidden, torch.ones_like(ids))
        hidden = torch.cat([S, hidden], 1)
        for block, weights in zip(tiny.blocks(), found.weights, strict=True):
            attended = block.attention.self
            Q, K = (layer(hidden).view(1, -1, 4, 8).transpose(1, 2) for layer in (attended.query, attended.key))
            slow = (Q @ K.transpose(2, 3) / 8**0.5).softmax(-1)[0]
            assert weights == pytest.approx(slow.numpy(), abs=1e-5)
            hidden = block(hidden)
            hidden = hidden[0] if isinstance(hidden, tuple) else hidden


def test_methods_without_a_prompt_of_their_own_are_refused(tiny):
    with pytest.raises(BadInput, match="own way through the model"):
        block_attention(PromptClassifier(tiny, "linear_head").eval(), "a film")


def test_hostile_tokens_stay_as_they_are(clf):
    """Escaping belongs to what shows them."""
    table = token_table(clf, TEXTS[2:], words=True)
    assert isinstance(table, pd.DataFrame) and {"<", "script", ">", "$", "中", "文"} <= set(table["token"])
