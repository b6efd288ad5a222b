"""Texts to ids: the tokenizer's own template for encoders, EOS written out for decoders, nothing cut silently."""

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from idspam_lab.backbones import encode
from idspam_lab.errors import BadInput


class Decoder:
    """As much of a causal backbone as `encode` looks at."""

    causal, max_length, vocabulary = True, 12, 9

    def __init__(self, bos: bool):
        words = ["<s>", "</s>", "a", "man", "sleeps", "he", "is", "awake", "<unk>"]
        core = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
        core.pre_tokenizer = pre_tokenizers.Whitespace()
        if bos:
            core.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
        self.tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=core, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
        )


@pytest.mark.parametrize("bos", [True, False])
def test_a_decoders_text_ends_with_eos(bos):
    start = [0] if bos else []
    assert encode(Decoder(bos), ["a man"])[0] == [{"input_ids": [*start, 2, 3, 1]}]
    assert encode(Decoder(bos), ["a man"], ["he is"])[0] == [{"input_ids": [*start, 2, 3, 1, 5, 6, 1]}]


def test_a_decoders_long_pair_loses_from_the_longer_text_and_keeps_both_eos():
    rows, cut = encode(Decoder(True), ["a man sleeps " * 5, "a"], ["he is", "he"], max_length=9)
    assert cut == 1
    assert rows[0]["input_ids"] == [0, 2, 3, 4, 2, 1, 5, 6, 1]
    assert rows[1]["input_ids"] == [0, 2, 1, 5, 1]


def test_an_encoders_rows_are_its_tokenizers(minilm):
    texts, pairs = ["a man sleeps", "it rains"], ["he is awake", "the street is dry"]
    rows, cut = encode(minilm, texts, pairs)
    expected = minilm.tokenizer(texts, pairs)
    assert [row["input_ids"] for row in rows] == expected["input_ids"] and cut == 0
    assert [row["token_type_ids"] for row in rows] == expected["token_type_ids"]


def test_an_encoders_cut_is_its_tokenizers(minilm):
    texts, pairs = ["one two three four five six seven", "short"], ["eight nine ten", "pair"]
    rows, cut = encode(minilm, texts, pairs, max_length=9)
    expected = minilm.tokenizer(texts, pairs, truncation=True, max_length=9)
    assert [row["input_ids"] for row in rows] == expected["input_ids"] and cut == 1


def test_an_unknown_word_is_a_word(minilm):
    (row,), _ = encode(minilm, ["\U0001f984"])
    assert minilm.tokenizer.unk_token_id in row["input_ids"]


def test_the_first_empty_text_is_named(minilm):
    with pytest.raises(BadInput, match="Text 3 is empty"):
        encode(minilm, ["fine", "also fine", " ", ""])
    with pytest.raises(BadInput, match="Text 1 is empty"):
        encode(Decoder(True), [""])
    with pytest.raises(BadInput, match="Text 2 is empty"):
        encode(minilm, ["fine", ""], [" ", "\n"])
    assert len(encode(minilm, ["fine"], [""])[0]) == 1  # QQP has such pairs


def test_half_an_emoji_gets_a_sentence(minilm):
    with pytest.raises(BadInput, match="Text 2 holds half a character .*take its lone surrogate out"):
        encode(minilm, ["fine", "fine \ud83d film"])


def test_nothing_but_marks_is_empty_where_the_unknown_token_is_one_of_them():
    decoder = Decoder(False)
    decoder.tokenizer.unk_token = decoder.tokenizer.pad_token = "</s>"  # as GPT-2 has it
    with pytest.raises(BadInput, match="Text 1 holds nothing that the model can read"):
        encode(decoder, ["</s>"])


@pytest.mark.parametrize("limit", [0, -5, 3])
def test_a_limit_without_room_for_text(minilm, limit):
    with pytest.raises(BadInput, match=f"max_length is {limit}, but it is a whole number of tokens, at least 4"):
        encode(minilm, ["fine"], max_length=limit)


def test_a_template_with_more_marks_takes_more_tokens(minilm):
    """RoBERTa's pair: <s> A </s></s> B </s>."""
    roberta = minilm.twin()
    core = Tokenizer.from_str(minilm.tokenizer.backend_tokenizer.to_str())
    marks = [(mark, minilm.tokenizer.convert_tokens_to_ids(mark)) for mark in ("[CLS]", "[SEP]")]
    pair = "[CLS] $A [SEP] [SEP] $B [SEP]"
    core.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair=pair, special_tokens=marks)
    roberta.tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]", unk_token="[UNK]"
    )
    sentence = "max_length is 4, but the model's tokenizer puts 4 marks around a pair of texts: take at least 5."
    with pytest.raises(BadInput, match=sentence):
        encode(roberta, ["one man"], ["two men"], max_length=4)
    assert len(encode(roberta, ["one man"], ["two men"], max_length=5)[0][0]["input_ids"]) == 5
    assert len(encode(roberta, ["one man"], max_length=4)[0][0]["input_ids"]) == 4


def test_no_texts_no_rows(minilm):
    assert encode(minilm, []) == ([], 0)
