"""Lesson 05's checks: the solutions pass, and each usual mistake is named."""

from math import comb

import pytest

from idspam_lab.lessons import check_kept_share, check_mcnemar


def counts(labels, a, b):
    rows = list(zip(labels, a, b, strict=True))
    return sum(y == x != z for y, x, z in rows), sum(y == z != x for y, x, z in rows)


def tail(k, n):
    return sum(comb(n, i) for i in range(k + 1)) / 2**n


def with_p(p):
    def student(labels, a, b):
        found = counts(labels, a, b)
        return *found, p(min(found), sum(found), len(labels))

    return student


def all_right(labels, a, b):
    k, m = (sum(x == y for x, y in zip(one, labels, strict=True)) for one in (a, b))
    return k, m, min(1, 2 * tail(min(k, m), k + m))


def where_they_differ(labels, a, b):
    k = sum(x != z and x == y for y, x, z in zip(labels, a, b, strict=True))
    m = sum(x != z and x != y for y, x, z in zip(labels, a, b, strict=True))
    return k, m, min(1, 2 * tail(min(k, m), k + m))


def exact(k, n, texts):
    return min(1, 2 * tail(k, n))


def test_the_right_answers_pass():
    assert check_mcnemar(with_p(exact)).right
    assert check_kept_share(lambda zero_shot, in_domain, floor: (zero_shot - floor) / (in_domain - floor)).right


@pytest.mark.parametrize(
    ("student", "words"),
    [
        (lambda y, a, b: with_p(exact)(y, b, a), "changed places"),
        (all_right, "both read right"),
        (with_p(lambda k, n, texts: tail(k, n)), "one-sided"),
        (with_p(lambda k, n, texts: 2 * tail(k, n)), "above 1"),
        (with_p(lambda k, n, texts: min(1, 2 * comb(n, k) / 2**n)), "exactly these counts"),
        (with_p(lambda k, n, texts: exact(k, texts, texts)), "not of all texts"),
        (with_p(lambda k, n, texts: min(1, 2 * tail(k - 1, n))), "that one included"),
        (where_they_differ, "both read wrong belongs to neither"),
        (with_p(lambda k, n, texts: 0.5), "no usual mistake fits"),
        (lambda y, a, b: ..., "returns nothing yet"),
    ],
)
def test_mistakes_of_the_test_are_named(student, words):
    verdict = check_mcnemar(student)
    assert not verdict.right and words in verdict.sentence


@pytest.mark.parametrize(
    ("student", "words"),
    [
        (lambda z, d, f: z / d, "floor is missing"),
        (lambda z, d, f: z / (d - f), "in-domain score alone"),
        (lambda z, d, f: (z - f) / d, "transfer alone"),
        (lambda z, d, f: (d - z) / (d - f), "1 less it is kept"),
        (lambda z, d, f: (d - f) / (z - f), "upside down"),
        (lambda z, d, f: z - f, "in points"),
        (lambda z, d, f: d - z, "a share is asked for"),
        (lambda z, d, f: 100 * (z - f) / (d - f), "leave out the 100"),
        (lambda z, d, f: max(0, (z - f) / (d - f)), "below 0"),
        (lambda z, d, f: min(1, (z - f) / (d - f)), "above 1"),
        (lambda z, d, f: 1.0, "no usual mistake fits"),
        (lambda z, d, f: None, "returns nothing yet"),
    ],
)
def test_mistakes_of_the_share_are_named(student, words):
    verdict = check_kept_share(student)
    assert not verdict.right and words in verdict.sentence
