"""Checks of lesson 03's exercises: signed contributions, and comprehensiveness."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .checks import Verdict, judge
from .judging import judge_cases


def check_contributions(student: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Verdict:
    """contributions(w, E, W_V) -> (B, N): w_j <E_j W_V, A> / |A|, which sum to |A|."""
    generator = torch.Generator().manual_seed(4)
    w = torch.rand((2, 5), generator=generator)
    w = w / w.sum(1, keepdim=True)
    E, W_V = (torch.randn(size, generator=generator) for size in ((2, 5, 6), (6, 6)))

    def pulls(values: Tensor) -> tuple[Tensor, Tensor]:
        """<v_j, A> (B, N) and |A| (B, 1) for values v (B, N, n) and A = sum_j w_j v_j."""
        A = torch.einsum("bn,bnd->bd", w, values)
        return torch.einsum("bnd,bd->bn", values, A), A.norm(dim=1, keepdim=True)

    values = E @ W_V
    inner, length = pulls(values)
    right = w * inner / length
    plain, plain_length = pulls(E)
    turned, turned_length = pulls(E @ W_V.T)
    return judge(
        student,
        (w, E, W_V),
        right,
        {
            "the product with A is there, but not divided by |A|: then they sum to |A| squared.": w * inner,
            "divided by |A| twice: these are shares and sum to 1; divide once.": w * inner / length**2,
            "the weight is missing: token j is in A as w_j E_j W_V.": inner / length,
            "W_V is missing: A is made of the values E_j W_V, not of the embeddings.": w * plain / plain_length,
            "W_V is transposed: write E @ W_V.": w * turned / turned_length,
            "the sign is lost: a token that pulls against A is below 0.": right.abs(),
            "each value is cut to length 1 as well; only A's length is divided by.": (
                w * inner / length / values.norm(dim=-1)
            ),
            "these are the lengths w_j |E_j W_V|; take the part that points along A.": w * values.norm(dim=-1),
            "these are the weights alone.": w,
        },
        "they sum to |A|, and what is below 0 pulls the other way.",
    )


class Toy:
    """A model of two classes: the probability of class 1 grows with the sum of the token ids, and with their number."""

    def __call__(self, tokens: Sequence[int]) -> list[float]:
        p = 1 / (1 + math.exp(-sum(token + 0.25 for token in tokens)))  # a token put to 0 is not one taken away
        return [1 - p, p]

    def __repr__(self) -> str:
        return "predict"


def check_comprehensiveness(student: Callable) -> Verdict:
    """comprehensiveness(predict, tokens, scores, k) -> p(text) - p(text without its k best tokens), one number."""
    predict = Toy()
    cases = [
        (predict, [2, 1, -1, 3], [0.1, 0.3, 0.2, 0.4], 1),
        (predict, [2, 1, -1, 3], [0.1, 0.3, 0.2, 0.4], 2),
        (predict, [-2, -1, 1, -3, 1], [0.5, 0.1, 0.05, 0.3, 0.05], 2),
        (predict, [3, -1, -1], [0.7, 0.2, 0.1], 1),  # what is left is read as the other class
        (predict, [-1, 2, -3], [0.2, 0.5, 0.3], 2),
        (predict, [3, -1, -1], [0.1, 0.6, 0.3], 1),  # erasing helps the class
        (predict, [2, 2, -1], [0.4, 0.4, 0.2], 1),  # a word that occurs twice: one of its places goes
    ]

    def by(choose: Callable, of: Callable = lambda whole, left, label: whole[label] - left[label]) -> Callable:
        """A comprehensiveness that keeps the tokens `choose` says and compares as `of` says."""

        def measure(predict, tokens, scores, k):
            whole = predict(tokens)
            ranked = sorted(range(len(tokens)), key=lambda i: -scores[i])
            keep = choose(ranked, k)
            left = predict([token for i, token in enumerate(tokens) if i in keep])
            return of(whole, left, whole.index(max(whole)))

        return measure

    def others(ranked: list[int], k: int) -> list[int]:
        return ranked[k:]

    def all_as_high(predict, tokens, scores, k):
        line, whole = sorted(scores, reverse=True)[k - 1], predict(tokens)
        left = predict([token for token, score in zip(tokens, scores, strict=True) if score < line])
        label = whole.index(max(whole))
        return whole[label] - left[label]

    return judge_cases(
        student,
        cases,
        by(others),
        {
            "that is sufficiency: it keeps the best tokens, and they should be the ones that go.": by(
                lambda ranked, k: ranked[:k]
            ),
            "it erases the tokens with the lowest scores; the highest should go.": by(lambda ranked, k: ranked[:-k]),
            "it erases the first k tokens of the text; those with the highest scores should go.": by(
                lambda ranked, k: [i for i in ranked if i >= k]
            ),
            "only the token on place k is erased; all k best should go.": by(
                lambda ranked, k: [i for place, i in enumerate(ranked, 1) if place != k]
            ),
            "the class is chosen anew for what is left; keep to the one that is predicted for the whole text.": by(
                others, lambda whole, left, label: max(whole) - max(left)
            ),
            "where two tokens have the same score it erases more than k: rank them, and take the first k.": all_as_high,
            "it always looks at class 1; take the class that is predicted for the whole text.": by(
                others, lambda whole, left, label: whole[1] - left[1]
            ),
            "the sign is reversed: p(text) comes first.": by(
                others, lambda whole, left, label: left[label] - whole[label]
            ),
            "that is p of what is left; take it from p(text).": by(others, lambda whole, left, label: left[label]),
            "the absolute value hides it when erasing tokens helps the class.": by(
                others, lambda whole, left, label: abs(whole[label] - left[label])
            ),
        },
        "high if the prediction hangs on what the scores rank first.",
    )
