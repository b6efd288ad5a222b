"""Which rows are trained on, which choose the epoch, which are reported on. The same rows on every machine.

The order comes from sha256 of the text, not from a library's shuffle, which may change with its version.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Hashable
from dataclasses import replace

from ..errors import BadInput
from .examples import Examples
from .overlap import key

MAX_HOLDOUT = 2_000  # rows: enough to choose an epoch by, and cheap to evaluate after each
TEST_SHARE = 0.1  # of a data set without a test split of its own
SPLIT_SEED = 0  # never the training seed: runs with different seeds are scored on the same rows


def shares(counts: dict[Hashable, int], total: int, *, least: int = 0, leave: int = 0) -> dict[Hashable, int]:
    """`total` rows divided among the classes in proportion to `counts`, by largest remainder.

    Args:
        least: what each class gets at least, where it has as many.
        leave: what is left of each class at least.
    """
    everything = sum(counts.values())
    room = {label: max(count - leave, 0) for label, count in counts.items()}
    share = {label: min(max(total * counts[label] // everything, least), room[label]) for label in counts}

    def missing(label):
        return total * counts[label] - share[label] * everything, str(label)

    while sum(share.values()) < min(total, sum(room.values())):
        share[max((label for label in share if share[label] < room[label]), key=missing)] += 1
    while sum(share.values()) > total:
        share[min((label for label in share if share[label] > least), key=missing)] -= 1
    return share


def hold_out(
    examples: Examples, count: int, seed: int = 0, *, never: Collection[str] = ()
) -> tuple[Examples, Examples]:
    """(held, rest): about `count` rows held out, stratified by label; both keep the order of the rows.

    Rows with the same first text (one premise, one paragraph, a review that occurs twice) stay together, so
    no text is on both sides. A group that would break a label's share is passed over, so `held` may be a
    little short. Every class keeps a row in `rest`.

    Args:
        never: keys of first texts that are not held out (see `overlap.key`).
    """
    labels = examples.labels or (0,) * len(examples)
    groups: dict[str, list[int]] = {}
    for i, text in enumerate(examples.texts):
        groups.setdefault(key(text), []).append(i)
    room = Counter(shares(Counter(labels), count, leave=1))
    held: set[int] = set()
    for text in sorted(groups, key=lambda text: _rank(text, seed)):
        if len(held) >= count:
            break
        need = Counter(labels[i] for i in groups[text])
        if need <= room and text not in never:
            room -= need
            held.update(groups[text])
    return examples.select(sorted(held)), examples.select(i for i in range(len(examples)) if i not in held)


def sample(examples: Examples, count: int, seed: int = 0) -> Examples:
    """`count` rows, stratified by label, the same for the same seed, in the order of the rows; all if fewer.

    Raises:
        BadInput: count is less than the number of classes that occur.
    """
    if count >= len(examples):
        return examples
    labels = examples.labels or (0,) * len(examples)
    counts = Counter(labels)
    if count < len(counts):
        raise BadInput(f"{count} rows cannot hold all {len(counts)} classes: ask for {len(counts)} or more.")
    share = shares(counts, count, least=1)
    rows = zip(examples.texts, examples.pairs or examples.texts, strict=True)
    ranks = [_rank(f"{len(text)} {text}{pair}", seed) for text, pair in rows]
    taken = []
    for i in sorted(range(len(examples)), key=lambda i: (ranks[i], i)):
        if share[labels[i]] > 0:
            share[labels[i]] -= 1
            taken.append(i)
    return examples.select(sorted(taken))


def divide(parts: dict[str, Examples], holdout: float | int) -> tuple[Examples, Examples | None, Examples, str]:
    """(train, validation, test, the rule in a sentence).

    `parts` has "train"; it has "validation" and "test" where they are given, else they come out of "train". Test rows
    that come out of it have no first text that a given validation row has.

    Raises:
        BadInput: there are too few rows for that.
    """
    rest, validation, rules = parts["train"], parts.get("validation"), []
    how = f"stratified by label, rows of one first text together, seed {SPLIT_SEED} whatever the training seed"
    share = min(holdout * len(rest), MAX_HOLDOUT) if holdout < 1 else holdout
    if "test" in parts:
        test = parts["test"]
        rules.append(f"test is {test.name}")
    else:
        chosen_by = {key(text) for text in validation.texts} if validation is not None else ()
        test, rest = hold_out(rest, max(round(TEST_SHARE * len(rest)), 1), SPLIT_SEED, never=chosen_by)
        if chosen_by and not len(test):
            raise BadInput(
                f"No rows of {parts['train'].name} can be kept back to test on, for {validation.name} has the same "
                "texts: give a test split, or validation rows that are not training rows."
            )
        test = replace(test, name=f"{test.name}/test")
        rules.append(f"there is no test split, so 10 % ({len(test):,} rows) are kept back as one")
    if not holdout:
        validation = None
        rules.append("there is no validation set and the last epoch is kept")
    elif validation is not None:
        rules.append(f"the epoch is chosen on {validation.name}")
    else:
        if share >= len(rest):
            raise BadInput(f"holdout is {holdout:,} rows, but there are only {len(rest):,} rows to train on.")
        validation, rest = hold_out(rest, max(round(share), 1), SPLIT_SEED)
        validation = replace(validation, name=f"{validation.name}/holdout")
        rules.append(f"the epoch is chosen on {len(validation):,} rows held out of the training rows")
    if "test" not in parts or validation is not parts.get("validation"):
        rules.append(how)
    for part, name in ((rest, "train"), (validation, "validate"), (test, "test")):
        if part is not None and not len(part):
            whole = parts["train"]
            texts = len({key(text) for text in whole.texts})
            few = f"; it has {texts} different first texts, and rows of one stay together" if texts < len(whole) else ""
            advice = ", or let the texts that differ come first (text=...)" if few and whole.pairs else ""
            raise BadInput(
                f"{whole.name} has too few rows to {name} with ({len(whole)} in all{few}): give more rows of each "
                f"class{advice}."
            )
    sentence = "; ".join(rules)
    return rest, validation, test, sentence[0].upper() + sentence[1:] + "."


def _rank(text: str, seed: int) -> bytes:
    """A place in an order that looks random and depends on the seed and the text alone."""
    return hashlib.sha256(f"{seed} {text}".encode("utf-8", "surrogatepass")).digest()
