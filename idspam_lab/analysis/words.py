"""Sub-words back to words, by the tokenizer's own record of where each token stands in the text.

A word ends at white space, and where the tokenizer cuts before it looks at sub-words (BERT: at punctuation).
Sentencepiece tokenizers that make no such cut (Gemma's) leave "film." one word, and a Chinese sentence too.
"""

from typing import NamedTuple

from ..backbones import Backbone
from ..errors import BadInput
from .routes import special_ids


class Word(NamedTuple):
    """One word of a row of tokens."""

    text: str  # as it is written; a special token's own name
    positions: tuple[int, ...]  # of its tokens in the row
    special: bool  # put there by the tokenizer, not by the writer


class Piece(NamedTuple):
    """Where one token stands."""

    side: int | None  # 0: first text, 1: second, None: no text, a special token
    word: int | None  # the tokenizer's own number of the word
    start: int  # characters start..end-1 of that text
    end: int


def words_of(backbone: Backbone, ids: list[int], text: str, pair: str | None = None) -> list[Word]:
    """The words of a row of token ids, in order; each token is in exactly one of them.

    Args:
        ids: as `encode` makes them of `text` and `pair`, perhaps cut.

    Raises:
        BadInput: the tokenizer keeps no such record, or the ids are not those of the text.
    """
    tokenizer = backbone.tokenizer
    if not tokenizer.is_fast:
        raise BadInput(f"{type(tokenizer).__name__} does not say where its tokens stand: ask for tokens, not words.")
    pieces = (decoder_pieces if backbone.causal else encoder_pieces)(tokenizer, ids, text, pair)
    sides, special = (text, pair or ""), special_ids(tokenizer)
    words = []
    for group in grouped(pieces, sides):
        first, last = pieces[group[0]], pieces[group[-1]]
        if first.side is None:
            name = tokenizer.convert_ids_to_tokens(ids[group[0]])
        else:
            name = sides[first.side][first.start : last.end].strip() or "␣"
        words.append(Word(name, tuple(group), special.issuperset(ids[i] for i in group)))
    return words


def grouped(pieces: list[Piece], sides: tuple[str, str]) -> list[list[int]]:
    """Numbers of the pieces that make a word together."""
    groups: list[list[int]] = []
    for i, piece in enumerate(pieces):
        if i and joins(pieces[i - 1], piece, sides):
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups


def joins(before: Piece, piece: Piece, sides: tuple[str, str]) -> bool:
    """Does a token go on with the word of the token before it?

    Some tokenizers count the space in front of a word into its first token, or the one behind it into its last. Some
    give it a token of its own: that one goes with the word after it.
    """
    if piece.side is None or piece.side != before.side:
        return False
    text = sides[piece.side]
    written, written_before = text[piece.start : piece.end], text[before.start : before.end].rstrip()
    if not written_before:
        return True
    since = text[before.start + len(written_before) : piece.end]  # up to this token's end
    return bool(written.strip()) and piece.word == before.word and not since[:1].isspace()


def encoder_pieces(tokenizer, ids: list[int], text: str, pair: str | None) -> list[Piece]:
    """The template is the tokenizer's own, and so is the cut."""
    found = tokenizer(text, pair, truncation=True, max_length=len(ids), return_offsets_mapping=True)
    if found["input_ids"] != ids:
        raise BadInput("The token ids are not those of the text: tokenize it with the same backbone and length.")
    places = zip(found.sequence_ids(0), found.word_ids(0), found["offset_mapping"], strict=True)
    return [Piece(side, word, *(span if side is not None else (0, 0))) for side, word, span in places]


def decoder_pieces(tokenizer, ids: list[int], text: str, pair: str | None) -> list[Piece]:
    """[BOS] S1 EOS, or [BOS] S1 EOS S2 EOS, each text perhaps cut at its end: see `encode`."""
    special = Piece(None, None, 0, 0)
    pieces: list[Piece] = []
    for side, part in enumerate([text] if pair is None else [text, pair]):
        found = tokenizer(part, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        own = found["input_ids"]
        if side == 0 and ids[:1] != own[:1]:
            pieces.append(special)  # BOS
        rest, length = ids[len(pieces) :], 0
        while length < min(len(own), len(rest) - 1) and own[length] == rest[length]:
            length += 1
        spans = zip(found.word_ids(0)[:length], found["offset_mapping"][:length], strict=True)
        pieces += [Piece(side, word, *span) for word, span in spans] + [special]  # EOS
    if len(pieces) != len(ids):
        raise BadInput("The token ids are not those of the text: tokenize it with the same backbone and length.")
    return pieces
