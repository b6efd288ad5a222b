"""Texts to token ids, with the special tokens that the model knows."""

from collections.abc import Sequence
from numbers import Integral

from ..errors import BadInput
from .base import Backbone

SHORTEST = 4  # tokens: two or three are special ones
INSTEAD = "give a text with at least one word, or leave the row out"


def check_length(max_length: int | None) -> None:
    """The limit of a text's tokens leaves room for text.

    Raises:
        BadInput: it does not, or is no whole number.
    """
    if max_length is not None and (not isinstance(max_length, Integral) or max_length < SHORTEST):
        raise BadInput(f"max_length is {max_length}, but it is a whole number of tokens, at least {SHORTEST}.")


def encode(
    backbone: Backbone,
    texts: Sequence[str],
    pairs: Sequence[str] | None = None,
    max_length: int | None = None,
    *,
    empty: bool = False,
) -> tuple[list[dict], int]:
    """One row a text, {"input_ids": [...], perhaps "token_type_ids": [...]}, and how many texts were cut to fit.

    The paper writes `[SEP] S1 [SEP] S2 [EOS]`; the special tokens here are the tokenizer's own. Decoders' tokenizers
    write none between and after two texts, so for them `S1 [EOS]` or `S1 [EOS] S2 [EOS]` is written out: the last
    token, which the head reads, is then always EOS.

    empty: takes texts without a token of their own, too; `holds_text` tells which they are.

    Raises:
        BadInput: a text is no string, or none that UTF-8 can hold; or it, or both of a pair, are empty or hold nothing
            but special tokens, or it has a token that the model does not know; names its number, from 1. Or max_length
            leaves no room for text.
    """
    check_length(max_length)
    for column in (texts, pairs or ()):
        for number, text in enumerate(column, start=1):
            if not isinstance(text, str):
                raise BadInput(f"Text {number} is {text!r}: give a string.")
            if not is_utf8(text):
                raise BadInput(f"Text {number} holds half a character ({text[:40]!r}): take its lone surrogate out.")
    for number, pair in enumerate(zip(texts, pairs or texts, strict=True), start=1):
        if not empty and not "".join(pair).strip():
            raise BadInput(f"Text {number} is empty: {INSTEAD}.")
    if not texts:
        return [], 0
    limit = min(max_length or backbone.max_length, backbone.max_length)
    rows, cut = tokenised(backbone, texts, pairs, limit)
    if not empty:
        refuse_empty(backbone.tokenizer, texts, rows)
    refuse_unknown_ids(backbone, rows)
    return rows, cut


def tokenised(
    backbone: Backbone, texts: Sequence[str], pairs: Sequence[str] | None, limit: int
) -> tuple[list[dict], int]:
    """One row a text, cut at `limit` tokens, and how many were cut; by the family's way of special tokens."""
    make = decoder_rows if backbone.causal else encoder_rows
    return make(backbone.tokenizer, list(texts), None if pairs is None else list(pairs), limit)


def is_utf8(text: str) -> bool:
    """Can it be written in UTF-8? One of the two halves of a cut emoji cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def holds_text(tokenizer, rows: list[dict]) -> list[bool]:
    """Does a row have a token of its text in it, beside those that the tokenizer writes?"""
    marks = {tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id}
    special = set(tokenizer.all_special_ids)
    if tokenizer.unk_token_id not in marks:
        special.discard(tokenizer.unk_token_id)  # an unknown word is a word; GPT-2 has one token for all of these
    return [not special.issuperset(row["input_ids"]) for row in rows]


def refuse_empty(tokenizer, texts: Sequence[str], rows: list[dict]) -> None:
    """Every row has a token of its text in it.

    Raises:
        BadInput: one has not.
    """
    for number, (text, holds) in enumerate(zip(texts, holds_text(tokenizer, rows), strict=True), start=1):
        if not holds:
            raise BadInput(f"Text {number} holds nothing that the model can read ({text.strip()[:40]!r}): {INSTEAD}.")


def refuse_unknown_ids(backbone: Backbone, rows: list[dict]) -> None:
    """Every token has its row in the model's table.

    Raises:
        BadInput: the tokenizer is of another model, or was given tokens that the model was not.
    """
    for number, row in enumerate(rows, start=1):
        highest = max(row["input_ids"], default=0)
        if highest >= backbone.vocabulary:
            token = backbone.tokenizer.convert_ids_to_tokens(highest)
            raise BadInput(
                f"Text {number} has the token {token!r} with the id {highest}, but {backbone.name or 'the model'} has "
                f"only ids below {backbone.vocabulary}: take its own tokenizer, or resize_token_embeddings and save it."
            )


def encoder_rows(tokenizer, texts: list[str], pairs: list[str] | None, limit: int) -> tuple[list[dict], int]:
    """The tokenizer's own template. Too long texts are told apart first, so that they can be counted.

    Raises:
        BadInput: a text has to be cut, and `limit` leaves no room beside the template's marks.
    """

    def tokenize(texts, pairs, **options):
        found = tokenizer(texts, pairs, return_attention_mask=False, **options)
        return [dict(zip(found, values, strict=True)) for values in zip(*found.values(), strict=True)]

    rows = tokenize(texts, pairs, verbose=False)
    long = [i for i, row in enumerate(rows) if len(row["input_ids"]) > limit]
    if long:
        marks = tokenizer.num_special_tokens_to_add(pair=pairs is not None)
        if limit <= marks:
            what = "a text" if pairs is None else "a pair of texts"
            raise BadInput(
                f"max_length is {limit}, but the model's tokenizer puts {marks} marks around {what}: take at least "
                f"{marks + 1}."
            )
        shorter = tokenize(
            [texts[i] for i in long], pairs and [pairs[i] for i in long], truncation=True, max_length=limit
        )
        for i, row in zip(long, shorter, strict=True):
            rows[i] = row
    return rows, len(long)


def decoder_rows(tokenizer, texts: list[str], pairs: list[str] | None, limit: int) -> tuple[list[dict], int]:
    """[BOS] S1 EOS, or [BOS] S1 EOS S2 EOS; BOS where the tokenizer writes one itself.

    Raises:
        BadInput: the tokenizer has no EOS.
    """
    eos = tokenizer.eos_token_id
    if eos is None:
        raise BadInput("The model's tokenizer has no end-of-text token to put behind a text: set its eos_token.")
    with_bos = tokenizer("a", add_special_tokens=True).input_ids
    start = with_bos[:1] if tokenizer.bos_token_id is not None and with_bos[:1] == [tokenizer.bos_token_id] else []
    columns = [
        tokenizer(c, add_special_tokens=False, verbose=False).input_ids
        for c in ([texts] if pairs is None else [texts, pairs])
    ]
    rows, cut = [], 0
    for parts in zip(*columns, strict=True):
        parts = [list(part) for part in parts]
        room = limit - len(start) - len(parts)
        cut += sum(map(len, parts)) > room
        while sum(map(len, parts)) > room:  # the longer one gives way, as the tokenizers do it for encoders
            max(parts, key=len).pop()
        rows.append({"input_ids": start + [token for part in parts for token in [*part, eos]]})
    return rows, cut
