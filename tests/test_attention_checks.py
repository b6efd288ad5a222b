"""The checks of lesson 03 accept what is right and name the usual mistakes."""

import re

import pytest
import torch

from idspam_lab.lessons.attention_checks import check_comprehensiveness, check_contributions


def contributions(w, E, W_V):
    A = torch.einsum("bn,bnd->bd", w, E @ W_V)
    return w * torch.einsum("bnd,bd->bn", E @ W_V, A / A.norm(dim=1, keepdim=True))


def comprehensiveness(predict, tokens, scores, k):
    whole = predict(tokens)
    gone = sorted(range(len(tokens)), key=lambda i: scores[i], reverse=True)[:k]
    left = predict([token for i, token in enumerate(tokens) if i not in gone])
    label = max((0, 1), key=lambda c: whole[c])
    return whole[label] - left[label]


def erased(predict, tokens, scores, k):
    gone = sorted(range(len(tokens)), key=lambda i: scores[i], reverse=True)[:k]
    return predict([token for i, token in enumerate(tokens) if i not in gone])


def kept(predict, tokens, scores, k):
    best = sorted(range(len(tokens)), key=lambda i: scores[i], reverse=True)[:k]
    return predict([token for i, token in enumerate(tokens) if i in best])


def all_as_high(p, t, s, k):
    best = sorted(s, reverse=True)[:k]
    y = p(t).index(max(p(t)))
    return p(t)[y] - p([token for token, score in zip(t, s, strict=True) if score not in best])[y]


def replaced_by_0(predict, tokens, scores, k):
    gone = sorted(range(len(tokens)), key=lambda i: scores[i], reverse=True)[:k]
    whole, left = predict(tokens), predict([0 if i in gone else token for i, token in enumerate(tokens)])
    return max(whole) - left[whole.index(max(whole))]


def taken_out_of_the_list(predict, tokens, scores, k):
    """Changes the list that it is given."""
    whole = predict(tokens)
    for i in sorted(sorted(range(len(tokens)), key=lambda i: -scores[i])[:k], reverse=True):
        del tokens[i]
    label = whole.index(max(whole))
    return whole[label] - predict(tokens)[label]


def length(w, E, W_V):
    return torch.einsum("bn,bnd->bd", w, E @ W_V).norm(dim=1, keepdim=True)


def test_right_answers():
    assert check_contributions(contributions).right and check_comprehensiveness(comprehensiveness).right
    assert check_comprehensiveness(taken_out_of_the_list).right


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda w, E, V: contributions(w, E, V) * length(w, E, V), "not divided by"),
        (lambda w, E, V: contributions(w, E, V) / length(w, E, V), "sum to 1"),
        (lambda w, E, V: contributions(w, E, V) / w, "weight is missing"),
        (lambda w, E, V: contributions(w, E, torch.eye(6)), "W_V is missing"),
        (lambda w, E, V: contributions(w, E, V.T), "W_V is transposed"),
        (lambda w, E, V: contributions(w, E, V).abs(), "sign is lost"),
        (lambda w, E, V: contributions(w, E, V) / (E @ V).norm(dim=-1), "cut to length 1"),
        (lambda w, E, V: w * (E @ V).norm(dim=-1), "these are the lengths"),
        (lambda w, E, V: w, "weights alone"),
        (lambda w, E, V: ..., "returns nothing"),
        (lambda w, E, V: contributions(w, E, V) + 1, "no usual mistake"),
    ],
)
def test_mistakes_in_contributions(answer, said):
    verdict = check_contributions(answer)
    assert not verdict.right and re.search(said, verdict.sentence), verdict


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda p, t, s, k: max(p(t)) - kept(p, t, s, k)[p(t).index(max(p(t)))], "that is sufficiency"),
        (lambda p, t, s, k: comprehensiveness(p, t, [-x for x in s], k), "lowest scores"),
        (lambda p, t, s, k: comprehensiveness(p, t, [-i for i in range(len(t))], k), "first k tokens"),
        (lambda p, t, s, k: max(p(t)) - max(erased(p, t, s, k)), "chosen anew"),
        (lambda p, t, s, k: p(t)[1] - erased(p, t, s, k)[1], "always looks at class 1"),
        (lambda p, t, s, k: -comprehensiveness(p, t, s, k), "sign is reversed"),
        (lambda p, t, s, k: max(p(t)) - comprehensiveness(p, t, s, k), "p of what is left"),
        (lambda p, t, s, k: abs(comprehensiveness(p, t, s, k)), "absolute value"),
        (
            lambda p, t, s, k: comprehensiveness(p, t, [float(sorted(s)[-k] == x) for x in s], 1),
            "only the token on place k",
        ),
        (all_as_high, "same score it erases more"),
        (replaced_by_0, "no usual mistake"),
        (lambda p, t, s, k: None, "returns nothing"),
        (lambda p, t, s, k: 1 / 0, "stops with ZeroDivisionError"),
        (lambda p, t, s, k: 0.5, r"for \(predict, .* no usual mistake fits"),
    ],
)
def test_mistakes_in_comprehensiveness(answer, said):
    verdict = check_comprehensiveness(answer)
    assert not verdict.right and re.search(said, verdict.sentence), verdict
