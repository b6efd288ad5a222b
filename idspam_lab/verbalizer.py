"""Reading by the frozen masked-language-model head, as LPT does: a template with a mask, and one word for each class.

    It was fun. -> "It was fun. . It was [MASK] ."        terrible | great

Nothing of the head trains: the score of a class is the head's logit of its word at the mask.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .backbones import Backbone, pieces_of
from .errors import BadInput

MASK = "<mask>"


@dataclass(frozen=True)
class Verbalizer:
    """A template and the classes' words.

    Attributes:
        template: "{}" stands for a text, in order; "<mask>" for the place that is read.
        words: one for each class, in the order of the class ids; each is one token of the tokenizer.
    """

    template: str
    words: tuple[str, ...]

    def __post_init__(self):
        object.__setattr__(self, "words", tuple(self.words))
        if self.template.count(MASK) != 1 or self.template.count("{}") not in (1, 2):
            raise BadInput(f"The template {self.template!r} needs one {MASK} and one or two {{}}.")

    def word_ids(self, tokenizer) -> list[int]:
        """The words' token ids, as they are written inside a sentence.

        Raises:
            BadInput: a word is more than one token, or two are the same.
        """
        found = []
        for word in self.words:
            ids = tokenizer(f" {word}", add_special_tokens=False).input_ids
            if len(ids) != 1:
                tokens = " ".join(pieces_of(tokenizer, ids))
                raise BadInput(f"The word {word!r} is {len(ids)} tokens ({tokens}): choose one that is a single token.")
            found += ids
        if len(set(found)) < len(found):
            raise BadInput(f"The words {', '.join(self.words)} are not all different tokens: a class needs its own.")
        return found

    def fill(self, texts: Sequence[str], pairs: Sequence[str] | None, tokenizer, limit: int) -> tuple[list[str], int]:
        """Each text in the template, and how many were cut to fit into `limit` tokens, so that the mask stays.

        Raises:
            BadInput: the template has another number of texts.
        """
        wanted, given = self.template.count("{}"), 1 if pairs is None else 2
        if wanted != given:
            raise BadInput(f"The template {self.template!r} takes {wanted} text(s), but there are {given}.")
        template = self.template.replace(MASK, tokenizer.mask_token)
        rest = len(tokenizer(template.replace("{}", "")).input_ids)
        room = max(given, limit - rest - given)  # a token each to spare, for what merges differently in its place
        given = list(zip(*(column for column in (texts, pairs) if column is not None), strict=True))
        short = [cut(row, tokenizer, room) for row in given]
        first, *second = template.split("{}")
        filled = [first + "".join(a + b for a, b in zip(row, second, strict=True)) for row in short]
        return filled, sum(row != before for row, before in zip(short, given, strict=True))


def cut(row: tuple[str, ...], tokenizer, room: int) -> tuple[str, ...]:
    """The texts of a row with `room` tokens in all; the longer one gives way, as the tokenizers do it."""
    ends = [  # of each token, in characters
        [end for _, end in tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)[
            "offset_mapping"
        ]]
        for text in row
    ]  # fmt: skip
    if sum(map(len, ends)) <= room:
        return row
    while sum(map(len, ends)) > room:
        max(ends, key=len).pop()
    return tuple(text[: places[-1]] if places else "" for text, places in zip(row, ends, strict=True))


def check_verbalizer(verbalizer: Verbalizer, names: Sequence[str], backbone: Backbone) -> Verbalizer:
    """It has a word for each class, and the backbone a head that scores words.

    Raises:
        BadInput: otherwise.
    """
    if len(verbalizer.words) != len(names):
        raise BadInput(f"There are {len(names)} classes, but {len(verbalizer.words)} words: give one for each class.")
    if backbone.word_head is None:
        raise BadInput("The backbone was loaded without its masked-language-model head: load it with words=True.")
    return verbalizer


def check_masks(rows: Sequence[dict], tokenizer, limit: int) -> None:
    """Each row has one mask, the template's.

    Raises:
        BadInput: one has none or several; names its number, from 1.
    """
    for number, row in enumerate(rows, start=1):
        masks = row["input_ids"].count(tokenizer.mask_token_id)
        if not masks:
            raise BadInput(f"max_length is {limit}, which cuts the template's mask away: give more tokens.")
        if masks > 1:
            raise BadInput(f"Text {number} has a {tokenizer.mask_token} of its own: only the template may have one.")


class WordHead(nn.Module):
    """In place of a trained head: the frozen head's logits of the classes' words. (B, n) -> (B, K)"""

    def __init__(self, backbone: Backbone, verbalizer: Verbalizer):
        super().__init__()
        self.score, self.word_ids = backbone.word_head, verbalizer.word_ids(backbone.tokenizer)

    def forward(self, read: Tensor) -> Tensor:
        return self.score(read)[:, self.word_ids]


def at_mask(hidden: Tensor, ids: Tensor, mask_id: int) -> Tensor:
    """The state at each text's mask. (B, N, n), (B, N) -> (B, n)"""
    place = (ids == mask_id).long().argmax(dim=1)
    return hidden[torch.arange(len(hidden), device=hidden.device), place]
