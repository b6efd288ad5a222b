"""The planted tasks say what they promise, and finding the cues is measured right."""

import numpy as np
import pandas as pd
import pytest

from idspam_lab import BadInput, PromptClassifier, Settings
from idspam_lab.analysis.plant import find_cues
from idspam_lab.analysis.tokens import token_table
from idspam_lab.tasks.planted import ANIMALS, KINDS, LABELS, OTHERS, TOOLS, planted


@pytest.mark.parametrize("kind", KINDS)
def test_the_cues_decide_the_label_and_nothing_else_does(kind):
    made = planted(kind, 200, words=6, seed=1)
    assert len(made.examples) == len(made.cues) == 200 and sum(made.examples.labels) == 100
    for text, cues, label in zip(made.examples.texts, made.cues, made.examples.labels, strict=True):
        words = text.split()
        kinds = [words[i] in TOOLS for i in cues]
        assert len(words) == 6 and all(words[i] in ANIMALS + TOOLS for i in cues)
        assert label == (kinds[0] == kinds[1] if kind == "pair" else kinds[0])
        rest = [word for i, word in enumerate(words) if i not in cues]
        assert set(rest) <= set(ANIMALS + TOOLS if kind == "place" else OTHERS)
    assert len(LABELS[kind]) == 2


def test_the_same_seed_gives_the_same_texts():
    assert planted("pair", 20, seed=3) == planted("pair", 20, seed=3) != planted("pair", 20, seed=4)


def test_every_word_is_one_token(minilm):
    for word in ANIMALS + TOOLS + OTHERS:
        assert len(minilm.tokenizer.tokenize(word)) == 1
    assert len(set(ANIMALS + TOOLS + OTHERS)) == len(ANIMALS + TOOLS + OTHERS)


@pytest.mark.parametrize("arguments", [("sentence", 10), ("pair", 0), ("pair", 10, 2)])
def test_what_cannot_be_made(arguments):
    kind, count, *words = arguments
    with pytest.raises(BadInput, match="no planted task|at least"):
        planted(kind, count, **({"words": words[0]} if words else {}))


def words_with(weights):
    N = len(weights)
    special = [True, *[False] * (N - 2), True]
    return pd.DataFrame({"text": 0, "position": range(N), "special": special, "weight": weights, "uniform": 1 / N})


def test_auroc_is_the_share_of_pairs_in_order():
    """Cue 0.3 against 0.2, 0.3 and 0.1: above, level, above, so (1 + 1/2 + 1) / 3. Special tokens play no part."""
    table = words_with([0.05, 0.2, 0.3, 0.3, 0.1, 0.05])
    (row,) = find_cues(table, [(1,)]).to_dict("records")
    assert row == {"text": 0, "auroc": pytest.approx(2.5 / 3), "times": pytest.approx(0.3 * 6)}


@pytest.mark.parametrize("cues", [[(4,)], [(0, 1, 2, 3)], [()], [(0,), (1,)]])
def test_cues_that_are_none(cues):
    with pytest.raises(BadInput):
        find_cues(words_with([0.05, 0.2, 0.3, 0.3, 0.1, 0.05]), cues)


def test_no_weights_can_find_a_place_but_they_can_find_words(minilm):
    """Random generators rank by the word alone: over many texts that gives a half for a place, whatever they are."""
    made = planted("place", 300, seed=2)
    for seed in range(3):
        table = token_table(PromptClassifier(minilm, "idspam", seed=seed).eval(), made.examples, words=True)
        found = find_cues(table, made.cues)["auroc"]
        assert abs(found.mean() - 0.5) < 4 * found.std() / np.sqrt(len(found))


@pytest.mark.slow
def test_attention_finds_the_planted_pair_and_not_the_planted_place(minilm):
    """What lesson 03 shows: accuracy high on both, the cues found on one only."""
    for kind, epochs, finds in (("pair", 5, True), ("place", 5, False)):
        train, test = planted(kind, 1000, seed=0), planted(kind, 200, seed=1)
        clf = PromptClassifier(minilm, "idspam", labels=LABELS[kind], layer=3)
        run = clf.fit(train.examples, test.examples, Settings(epochs=epochs, lr=3e-3), progress=False)
        found = find_cues(token_table(clf, test.examples, words=True), test.cues)
        assert run.best["validation_accuracy"] > 0.85
        if finds:
            assert found["auroc"].mean() > 0.95 and found["times"].mean() > 1.3
        else:
            assert abs(found["auroc"].mean() - 0.5) < 0.08
