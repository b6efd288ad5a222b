"""The checks of lesson 02 accept what is right and name the usual mistakes."""

import math
import re

import pytest

from idspam_lab.lessons import check_lr_factor, check_training_bytes


def factor(step, steps, warmup, rounded=round):
    rise = rounded(warmup * steps)
    return (step + 1) / rise if step < rise else (steps - step) / max(1, steps - rise)


def after_the_warm_up(fall):
    """The right rise, and something else after it."""
    return lambda k, K, w: factor(k, K, w) if k < round(w * K) else fall(k, K, round(w * K))


def test_right_answers():
    assert check_lr_factor(factor).right
    assert check_training_bytes(lambda frozen, trained: 4 * frozen + 16 * trained).right
    assert check_training_bytes(lambda frozen, trained: 4.0 * (frozen + 4 * trained)).right


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda k, K, w: k / round(w * K) if k < round(w * K) else factor(k, K, w), "first step has the factor 0"),
        (after_the_warm_up(lambda k, K, r: 1), "never falls"),
        (lambda k, K, w: 1 - k / K, "no warm-up"),
        (after_the_warm_up(lambda k, K, r: (K - k) / K), "does not start from 1"),
        (after_the_warm_up(lambda k, K, r: 0.5 + 0.5 * math.cos(math.pi * (k - r) / max(1, K - r))), "cosine"),
        (after_the_warm_up(lambda k, K, r: (K - 1 - k) / max(1, K - 1 - r)), "0 one step early"),
        (after_the_warm_up(lambda k, K, r: (k - r) / max(1, K - r)), "K - k"),
        (lambda k, K, w: factor(k, K, w, int), r"int\(\) cuts"),
        (lambda k, K, w: factor(k, K, w, math.ceil), r"ceil\(\) adds"),
        (lambda k, K, w: (k + 1) / round(w * K) if k <= round(w * K) else 1, "stops with ZeroDivisionError"),
        (lambda k, K, w: ..., "returns nothing"),
        (lambda k, K, w: 0.5, r"for \(0, 50, 0.06\) it says 0.5, .* no usual mistake fits"),
    ],
)
def test_mistakes_in_the_rate(answer, said):
    verdict = check_lr_factor(answer)
    assert not verdict.right and re.search(said, verdict.sentence), verdict


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda f, t: 4 * (f + t), "weights alone"),
        (lambda f, t: 16 * (f + t), "what is frozen has no gradient"),
        (lambda f, t: 4 * (f + t) + 8 * t, "4 bytes of a trained number"),
        (lambda f, t: 4 * (f + t) + 4 * t, "8 bytes of a trained number"),
        (lambda f, t: 16 * t, "frozen weights are missing"),
        (lambda f, t: f + 4 * t, "numbers, not bytes"),
        (lambda f, t: 8 * (4 * f + 16 * t), "a byte has 8"),
        (lambda f, t: 8 * f + 32 * t, "float64"),
        (lambda f, t: 2 * f + 8 * t, "bf16"),
        (lambda f, t: (4 * f + 16 * t) / 1e6, "megabytes"),
        (lambda f, t: None, "returns nothing"),
        (lambda f, t: 4 * f + 20 * t, "no usual mistake fits"),
    ],
)
def test_mistakes_in_the_bytes(answer, said):
    verdict = check_training_bytes(answer)
    assert not verdict.right and re.search(said, verdict.sentence), verdict
