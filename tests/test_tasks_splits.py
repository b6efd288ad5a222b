"""Examples, splits and the overlap check: nothing lost, nothing on two sides, the same rows each time."""

import warnings
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from idspam_lab.errors import BadInput
from idspam_lab.tasks import TASKS, Examples, Task, TaskData, hold_out, overlap, sample
from idspam_lab.tasks.overlap import key
from idspam_lab.tasks.splits import divide, shares


def numbered(counts, name="numbered"):
    """Distinct texts, counts[k] of class k, classes in turn mixed."""
    labels = [label for label, count in enumerate(counts) for _ in range(count)]
    labels = labels[::3] + labels[1::3] + labels[2::3]
    return Examples([f"text {i}" for i in range(len(labels))], None, labels, name)


# --- Examples


def test_slice_and_select():
    rows = Examples(["a", "b", "c"], ["x", "y", "z"], [0, 1, 0], "some")
    assert rows[1:] == Examples(("b", "c"), ("y", "z"), (1, 0), "some")
    assert rows.select([2, 0]).texts == ("c", "a") and rows.select([2, 0]).pairs == ("z", "x")
    assert len(rows[:0]) == 0
    with pytest.raises(TypeError, match="slice"):
        rows[0]


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="2 texts, but 1 labels"):
        Examples(["a", "b"], None, [0])
    with pytest.raises(TypeError, match="one string"):
        Examples("ab")


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ((None, ["neg", "pos"]), r"Label 1 is 'neg', but a label is a class's number.*clf.label2id"),
        ((None, [0, "1"]), "Label 2 is '1', but a label is a class's number"),
        ((None, [1.0, 1.6]), "Label 2 is 1.6, but"),
        ((None, [0, None]), "Label 2 is None, but"),
        ((None, [0, float("nan")]), "Label 2 is nan, but"),
        (([1, 0],), r"Numbers stand where the second texts .*: give labels as Examples\(texts, labels=\[...\]\)"),
    ],
)
def test_what_is_no_class_id_gets_a_sentence(columns, sentence):
    with pytest.raises(BadInput, match=sentence) as caught:
        Examples(["a", "b"], *columns)
    assert "\n" not in str(caught.value)


def test_class_ids_may_come_from_elsewhere():
    for labels in (np.array([0, 1]), [0.0, 1.0], [False, True], torch.tensor([0, 1])):
        assert Examples(["a", "b"], labels=labels).labels == (0, 1)


def test_fingerprint_sees_content_and_order_and_nothing_else():
    rows = Examples(["a", "bc"], ["x", "y"], [0, 1], "one name")
    assert rows.fingerprint() == Examples(["a", "bc"], ["x", "y"], [0, 1], "another").fingerprint()
    others = [
        rows.select([1, 0]),
        Examples(["ab", "c"], ["x", "y"], [0, 1]),
        Examples(["a", "bc"], ["y", "x"], [0, 1]),
        Examples(["a", "bc"], ["x", "y"], [0, 0]),
        Examples(["a", "bc"], None, [0, 1]),
        Examples(["a", "bc"], ["x", "y"], None),
    ]
    assert len({other.fingerprint() for other in [rows, *others]}) == 7
    assert len(rows.fingerprint()) == 16 and int(rows.fingerprint(), 16)


# --- shares


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6), st.floats(0, 1))
def test_shares_add_up_and_are_within_one_row_of_proportional(counts, part):
    counts, total = dict(enumerate(counts)), round(part * sum(counts))
    share = shares(counts, total)
    assert sum(share.values()) == total
    assert all(abs(share[k] - total * n / sum(counts.values())) < 1 for k, n in counts.items())
    with_one = shares(counts, max(total, len(counts)), least=1)
    assert sum(with_one.values()) == max(total, len(counts)) and min(with_one.values()) >= 1
    assert all(n - shares(counts, total, leave=1)[k] >= 1 for k, n in counts.items())


# --- hold_out


def test_hold_out_is_stratified_and_loses_nothing():
    rows = numbered([700, 200, 100])
    held, rest = hold_out(rows, 100)
    assert Counter(held.labels) == {0: 70, 1: 20, 2: 10}
    assert sorted(held.texts + rest.texts) == sorted(rows.texts)
    assert list(held.texts) == [text for text in rows.texts if text in set(held.texts)]  # the order is kept


def test_hold_out_depends_on_the_texts_and_the_seed_not_on_their_order():
    rows = numbered([60, 40])
    held, _ = hold_out(rows, 20)
    assert set(hold_out(rows.select(reversed(range(100))), 20)[0].texts) == set(held.texts)
    assert set(hold_out(rows, 20, seed=1)[0].texts) != set(held.texts)
    # Written down: another machine, Python or library must not choose other rows.
    assert held.fingerprint() == "71e82be044362c85"


def test_texts_that_occur_twice_stay_on_one_side():
    texts = [f"text {i // 2}" if i % 2 else f"Text  {i // 2} " for i in range(200)]  # each twice, spelt differently
    held, rest = hold_out(Examples(texts, None, [i % 4 // 2 for i in range(200)]), 41)
    assert len(held) == 40  # an odd row has no partner left
    assert not overlap(held, rest)


def test_one_premise_stays_on_one_side():
    rows = Examples(
        [f"premise {i // 3}" for i in range(300)], [f"{i}" for i in range(300)], [i % 3 for i in range(300)]
    )
    held, rest = hold_out(rows, 30)
    assert Counter(held.labels) == {0: 10, 1: 10, 2: 10}
    assert not set(held.texts) & set(rest.texts)


def test_every_class_keeps_a_row_to_train_on():
    held, rest = hold_out(numbered([20, 1]), 20)
    assert set(rest.labels) == {0, 1} and len(held) == 19


# --- sample


def test_sample_is_stratified_repeatable_and_keeps_small_classes():
    rows = numbered([900, 95, 5])
    chosen = sample(rows, 100)
    assert Counter(chosen.labels) == {0: 90, 1: 9, 2: 1}
    assert chosen == sample(rows, 100) and chosen != sample(rows, 100, seed=1)
    assert Counter(sample(rows, 10).labels) == {0: 8, 1: 1, 2: 1}
    assert sample(rows, 5000) is rows
    with pytest.raises(BadInput, match="2 rows cannot hold all 3 classes"):
        sample(rows, 2)


def test_sample_takes_unlabelled_rows_and_pairs():
    rows = Examples(["same"] * 50, [str(i) for i in range(50)])
    assert len(set(sample(rows, 7).pairs)) == 7 and sample(rows, 7).labels is None


# --- divide


@pytest.mark.parametrize(("holdout", "expected"), [(0.1, (800, 100, 100)), (0, (900, 0, 100)), (50, (850, 50, 100))])
def test_divides_a_table_without_splits(holdout, expected):
    rows = numbered([500, 500])
    train, validation, test, rule = divide({"train": rows}, holdout)
    assert (len(train), len(validation or ()), len(test)) == expected
    assert not overlap(train, test) and not (validation and overlap(train, validation))
    assert test == divide({"train": rows}, 0.2)[2]  # whatever is held out for validation
    assert rule.endswith(".") and rule.count(".") == 1 and "100 rows" in rule


def test_holdout_of_a_training_split_has_at_most_2000_rows_unless_asked():
    parts = {"train": numbered([15_000, 15_000]), "test": numbered([5, 5], "given/test")}
    train, validation, test, rule = divide(parts, 0.1)
    assert (len(train), len(validation)) == (28_000, 2_000) and test is parts["test"]
    assert "given/test" in rule and "2,000 rows held out" in rule and "seed 0 whatever the training seed" in rule
    assert len(divide(parts, 3_000)[1]) == 3_000


def test_given_validation_is_used_as_it_is():
    parts = {"train": numbered([9, 9]), "validation": numbered([2, 2], "v"), "test": numbered([3, 3], "t")}
    train, validation, test, rule = divide(parts, 0.1)
    assert (train, validation, test) == (parts["train"], parts["validation"], parts["test"])
    assert rule == "Test is t; the epoch is chosen on v."


def test_rows_kept_back_to_test_on_are_no_given_validation_rows():
    rows = numbered([30, 30])
    given = Examples([f" {text.upper()}" for text in rows.texts[:20]], None, rows.labels[:20], "v")
    train, validation, test, _ = divide({"train": rows, "validation": given}, 0.1)
    assert validation is given and len(test) == 6 and not overlap(validation, test) and not overlap(train, test)
    assert test == divide({"train": rows, "validation": given}, 0)[2]  # the same rows if no epoch is chosen
    with pytest.raises(BadInput, match="No rows of numbered can be kept back to test on, for v has the same texts"):
        divide({"train": rows, "validation": replace(rows, name="v")}, 0.1)


def test_too_few_rows_to_divide():
    with pytest.raises(BadInput, match="too few rows"):
        divide({"train": numbered([1, 1])}, 0.1)
    pairs = Examples(("a", "b") * 20, tuple(map(str, range(40))), (0, 1, 1, 0) * 10, "stances")
    few = "it has 2 different first texts, and rows of one stay together.*let the texts that differ come first"
    with pytest.raises(BadInput, match=few):
        divide({"train": pairs}, 0.1)
    with pytest.raises(BadInput, match="holdout is 500 rows, but there are only"):
        divide({"train": numbered([50, 50])}, 500)


# --- overlap


def test_overlap_sees_through_tokenisation():
    # One corpus in two editions. The first three are, nearly, as in Rotten Tomatoes and as in SST-2.
    there = [
        "while [hill] has learned new tricks , the tricks alone are not enough to salvage this .",
        'the subtle strength of " elling " is that it never loses touch with the reality of the grim situation .',
        "jaglom . . . put[s] the audience in the privileged position of eavesdropping on his characters",
        "It's (almost) good!",
        "not in the other edition",
    ]
    here = [
        "while ( hill ) has learned new tricks , the tricks alone are not enough to salvage this . ",
        "the subtle strength of `` elling '' is that it never loses touch with the reality of the grim situation . ",
        "jaglom ... put ( s ) the audience in the privileged position of eavesdropping on his characters ",
        "it 's ( almost )\tgood !\n",
        "new here",
    ]
    found = overlap(Examples(there), Examples(here, name="sst2/validation"))
    assert (found.count, found.total) == (4, 5) and found
    assert found.examples == tuple(here[:3])
    assert "4 of the 5 rows of sst2/validation" in str(found)
    assert not overlap(Examples(there), Examples(["good"]))


def test_overlap_of_pairs_needs_both_texts():
    train = Examples(["a b", "c"], ["d", "e"])
    assert overlap(train, Examples(["A B", "c", "c"], ["D ", "d", "E"])).count == 2


def test_key_keeps_what_carries_meaning():
    assert key("5 < 3") != key("5 > 3") and key(":)") != key(":(") and key("C++") != key("C")
    assert key("Straße") == key("STRASSE")


# --- Classes of another classifier


def task_data(labels, ids):
    rows = Examples([f"text {i}" for i in range(len(ids))], None, ids)
    return TaskData(Task("there", ("text",), labels), None, rows[:1], rows, "Made up.", "All.")


def test_classes_of_the_same_names_in_another_order_are_found_by_name():
    """CB's order is not MNLI's: by number, every contradiction would count as neutral."""
    mnli, cb = TASKS["mnli"].labels, task_data(TASKS["cb"].labels, [0, 1, 2])
    there = cb.answered_by(mnli)
    assert [mnli[y] for y in there.test.labels] == [TASKS["cb"].labels[y] for y in cb.test.labels]
    assert there.task.labels == mnli and there.validation.labels == (0,) and there.train is None


def test_classes_of_other_names_stand_for_each_other_by_number():
    data = task_data(("neg", "pos"), [0, 1])
    with pytest.warns(UserWarning, match="which stands for which: neg = negative, pos = positive") as said:
        assert data.answered_by(["negative", "positive"]) is data
    assert len(said) == 1 and str(said[0].message).startswith("The classes of there have other names, so their ids say")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert data.answered_by(["neg", "pos"]) is data
        assert data.answered_by(["pos", "neg"]).test.labels == (1, 0)
    with pytest.raises(BadInput, match=r"there has 2 classes \(neg, pos\), but what is trained tells 3 apart"):
        data.answered_by(["a", "b", "c"])


def test_holdout_has_at_most_2000_rows_where_the_test_rows_are_ours_too():
    train, validation, test, _ = divide({"train": numbered([15_000, 15_000])}, 0.1)
    assert (len(train), len(validation), len(test)) == (25_000, 2_000, 3_000)


def test_labels_of_any_kind_of_whole_number_are_the_same_rows():
    prints = {Examples(("a", "b"), None, labels).fingerprint() for labels in ([0, 1], np.array([0, 1]), [False, True])}
    assert len(prints) == 1
