"""Token weights as tidy tables: what each text's prompt was made from, and which way each token pulled."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..backbones import pieces_of
from ..classifier import Explanation
from ..errors import BadInput
from ..generator import PromptGenerator
from ..inputs import columns as columns_of
from ..inputs import listed
from ..training.batches import Row
from ..training.predict import evaluating
from .routes import chunks, probabilities, source_of, special_ids
from .words import words_of


class Traced(NamedTuple):
    """One text's trace, without padding."""

    w: np.ndarray  # (N,)
    contributions: np.ndarray  # (N,), see `contributions`; they sum to |A|


def contributions(generator: PromptGenerator, E: Tensor, mask: Tensor) -> Tensor:
    """<A_j, A> / |A|, where A_j = w_j E_j W_V is token j's part of A: how far it pulls along A's direction. (B, N)

    They sum to |A|. A weight is never negative, but a contribution is where a token pulls the other way.
    """
    parts = parts_of_A(generator, E, mask)  # (B, N, n)
    A = parts.sum(1)  # (B, n)
    length = A.norm(dim=-1, keepdim=True).clamp(min=torch.finfo(A.dtype).tiny)
    return torch.einsum("bnd,bd->bn", parts, A / length)


def parts_of_A(generator: PromptGenerator, E: Tensor, mask: Tensor) -> Tensor:
    """w_j E_j W_V, with several heads each head's side by side; they sum to A. (B, N, n)"""
    by_head = getattr(generator, "attend_by_head", None)
    w = by_head(E, mask)[1] if by_head else generator.attend(E, mask)[1][:, None]  # (B, H, N)
    values = generator.W_V(E).unflatten(-1, (w.shape[1], -1))  # (B, N, H, n/H)
    return (w.transpose(1, 2)[..., None] * values).flatten(2)


def traced(clf, rows: Sequence[Row]) -> list[Traced]:
    """The weights and contributions of every row's tokens, in the rows' order.

    Raises:
        BadInput: the method makes no prompt from the tokens.
    """
    if not clf.explains:
        raise BadInput(
            f"Method {clf.method_name!r} makes no prompt from the tokens: there are no token weights to show."
        )
    found: list = [None] * len(rows)
    with evaluating(clf):
        for chunk in chunks(rows):
            some = [rows[i] for i in chunk]
            source, mask = source_of(clf, some)
            w = clf.method.generator.attend(source, mask)[1].float().cpu().numpy()  # (B, N)
            pulls = contributions(clf.method.generator, source, mask).float().cpu().numpy()  # (B, N)
            for i, weights, pull in zip(chunk, w, pulls, strict=True):
                N = len(rows[i]["input_ids"])
                found[i] = Traced(weights[:N], pull[:N])
    return found


def token_table(
    clf, texts, *, words: bool = False, special: bool = True, max_length: int | None = None
) -> pd.DataFrame:
    """One row for each token (or word) of each text, in order.

    Columns:
        text, position: numbers, from 0.
        token: how the tokenizer names it, readable (see `pieces_of`), or the word as it is written.
        special: put there by the tokenizer.
        pieces: tokens in it; 1 unless words are asked for.
        weight: w of eq. (1); a text's sum to 1. A word's is the sum over its tokens.
        uniform: what plain mean pooling would give it: pieces / N.
        contribution: signed, see `contributions`; a text's sum to |A|.
        predicted, label: class names; `label` only where the texts have labels.

    Args:
        texts: texts, pairs of texts or Examples.
        words: merge sub-words, see `words_of`.
        special: False leaves the special tokens' rows out. N still counts them, for they take part in the mean.

    Raises:
        BadInput: the method has no token weights, a text is empty, or the tokenizer cannot tell words.
    """
    texts = listed(texts)
    rows = clf.rows(texts, max_length)
    first, second, _ = columns_of(texts)
    found, predicted = traced(clf, rows), probabilities(clf, rows).argmax(-1)
    parts = []
    for i, row in enumerate(rows):
        part = of_tokens(clf, row, found[i])
        if words:
            part = merged(part, words_of(clf.backbone, row["input_ids"], first[i], second and second[i]))
        parts.append(part.assign(text=i, predicted=clf.id2label[int(predicted[i])]))
        if "labels" in row:
            parts[-1]["label"] = clf.id2label[row["labels"]]
    if not parts:
        raise BadInput("There are no texts: give one at least.")
    table = pd.concat(parts, ignore_index=True)
    table = table[["text", *(name for name in table.columns if name != "text")]]
    return table if special else table[~table["special"]].reset_index(drop=True)


def of_tokens(clf, row: Row, found: Traced) -> pd.DataFrame:
    """One text's rows of the table."""
    ids, special = row["input_ids"], special_ids(clf.backbone.tokenizer)
    return pd.DataFrame(
        {
            "position": range(len(ids)),
            "token": pieces_of(clf.backbone.tokenizer, ids),
            "special": [token in special for token in ids],
            "pieces": 1,
            "weight": found.w.astype(float),
            "uniform": 1 / len(ids),
            "contribution": found.contributions.astype(float),
        }
    )


def merged(tokens: pd.DataFrame, words) -> pd.DataFrame:
    """A text's tokens added up to words."""
    number = np.empty(len(tokens), int)
    for i, word in enumerate(words):
        number[list(word.positions)] = i
    sums = tokens.groupby(number)[["pieces", "weight", "uniform", "contribution"]].sum()
    names = {"position": range(len(words)), "token": [w.text for w in words], "special": [w.special for w in words]}
    return pd.DataFrame(names).join(sums)


def attention(explanation: Explanation) -> pd.DataFrame:
    """alpha of eq. (1) as a square table: rows ask, columns are asked, rows sum to 1. Tokens may occur twice."""
    names = pd.Index(explanation.tokens)
    return pd.DataFrame(explanation.attention, names.rename("asks"), names.rename("is asked"))
