"""Token ids as people read them: byte-level names are written out, all others are left as they are."""

import pytest
import torch
import transformers as hf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from idspam_lab import PromptClassifier
from idspam_lab.analysis.blocks import block_attention
from idspam_lab.analysis.paths import knockout
from idspam_lab.analysis.tokens import token_table
from idspam_lab.backbones import FAMILIES, pieces_of
from idspam_lab.backbones.pieces import BYTE, readable

TEXT = "good 日本語 good\nfilm ☃"
PIECES = ["good", "Ġ日本語", "Ġgood", "Ċ", "film", "Ġ", "<0xE2>", "<0x98>", "<0x83>", "</é>"]


@pytest.fixture(scope="module", params=["alone", "one of several"])
def tokenizer(request):
    """Learned from the text without its last character, which is left in bytes then."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer, decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    core.decoder = decoder if request.param == "alone" else decoders.Sequence([decoder, decoders.Fuse()])
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["</é>"], initial_alphabet=sorted(BYTE), show_progress=False
    )
    core.train_from_iterator([TEXT[:-2], " good", " 日本語", "film"] * 3, trainer)
    return hf.PreTrainedTokenizerFast(tokenizer_object=core, eos_token="</é>", pad_token="</é>", model_max_length=40)


def test_a_letter_stands_for_each_byte():
    assert set(BYTE) == set(pre_tokenizers.ByteLevel.alphabet()) and set(BYTE.values()) == set(range(256))
    assert (BYTE["Ġ"], BYTE["Ċ"], BYTE["a"]) == (32, 10, 97)


def test_byte_level_tokens_can_be_read(tokenizer):
    ids = [*tokenizer(TEXT).input_ids, tokenizer.eos_token_id]
    assert tokenizer.convert_ids_to_tokens(ids)[1] == "ĠæĹ¥æľ¬èªŀ"
    assert pieces_of(tokenizer, ids) == PIECES


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("Ġgood", "Ġgood"),
        ("ĠĠĉ", "ĠĠĉ"),  # two spaces and a tab
        ("cafÃ©", "café"),
        ("ĠæĹ¥æľ", "Ġ日<0xE6><0x9C>"),  # the second character's last byte is in the next token
        ("Ã", "<0xC3>"),
        ("âĢ®", "âĢ®"),  # U+202E turns the reading direction
        ("日本", "日本"),  # not made of bytes
        ("", ""),
    ],
)
def test_names(name, read):
    assert readable(name) == read


def test_other_tokenizers_names_are_left(minilm):
    ids = minilm.tokenizer("unforgettable café 中 [SEP]").input_ids
    assert pieces_of(minilm.tokenizer, ids) == minilm.tokenizer.convert_ids_to_tokens(ids)
    core = Tokenizer(models.WordLevel({"▁æĹ¥": 0, "<unk>": 1}, unk_token="<unk>"))
    core.decoder = decoders.Metaspace()
    assert pieces_of(hf.PreTrainedTokenizerFast(tokenizer_object=core), [0]) == ["▁æĹ¥"]


def test_all_that_shows_tokens_shows_them_so(tokenizer):
    torch.manual_seed(0)
    config = hf.GPT2Config(vocab_size=len(tokenizer), n_embd=32, n_layer=2, n_head=4, n_positions=60)
    model = hf.AutoModel.from_config(config, attn_implementation="eager")
    clf = PromptClassifier(FAMILIES["gpt2"](model, tokenizer, "bytes"), layer=1, t=2, c=4).eval()
    assert clf.explain([TEXT])[0].tokens == PIECES
    assert knockout(clf, TEXT).tokens == PIECES
    assert block_attention(clf, TEXT).tokens[2:] == PIECES
    table = token_table(clf, [TEXT])
    assert table["token"].tolist() == PIECES and table["special"].tolist() == [False] * 9 + [True]
    words = token_table(clf, [TEXT], words=True)["token"].tolist()
    assert words == ["good", "日本語", "good", "film", "☃", "</é>"]
