"""What happens to the predictions when the prompts are not the texts' own: does it matter what they are made from?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..training.batches import Row
from ..training.predict import evaluating
from .routes import Prompts, check_routes, chunks, own_prompts, probabilities, source_of

OWN = "its own prompt"
SAME, OTHER = "prompt of a text read the same", "prompt of a text read otherwise"
UNIFORM, MEAN, NONE = "uniform attention", "mean prompt of all texts", "no prompt"


def interventions(clf, rows: Sequence[Row], *, seed: int = 0) -> pd.DataFrame:
    """Every text with its own prompt and with others in place of it.

    Columns: intervention, text, probability (of the class that is predicted with the text's own prompt), drop (how much
    less that is), flipped (another class is predicted), and correct where the rows have labels.

    The mean prompt is taken over these texts. Another text's prompt is drawn with `seed`, from those that are read as
    the same class or as another one; where there is none, the text is left out. Uniform attention is there only for
    methods that have attention to freeze.

    Raises:
        BadInput: the method has no prompts of its own.
    """
    check_routes(clf)
    whole = probabilities(clf, rows)
    label, everyone = whole.argmax(-1), range(len(rows))
    mean = mean_prompts(clf, rows)
    found = [outcome(OWN, rows, everyone, label, whole)]
    if clf.explains:
        found.append(outcome(UNIFORM, rows, everyone, label, probabilities(clf, rows, make=uniform_prompts)))
    found.append(outcome(MEAN, rows, everyone, label, probabilities(clf, rows, make=lambda *_: mean)))
    for name, same in ((SAME, True), (OTHER, False)):
        donors = drawn(label, same, seed)
        texts = list(donors)
        p = probabilities(clf, [rows[i] for i in texts], made_from=[rows[donors[i]] for i in texts])
        found.append(outcome(name, rows, texts, label, p))
    found.append(outcome(NONE, rows, everyone, label, probabilities(clf, rows, make=no_prompts)))
    table = pd.concat(found, ignore_index=True)
    return table.assign(drop=p_own(table) - table["probability"])


def outcome(name: str, rows: Sequence[Row], texts: Sequence[int], label: np.ndarray, p: np.ndarray) -> pd.DataFrame:
    """One intervention's rows of the table; p (texts, K)."""
    texts, now = np.array(texts, int), p.argmax(-1)
    columns = {"intervention": name, "text": texts, "probability": p[range(len(texts)), label[texts]].astype(float)}
    columns["flipped"] = now != label[texts]
    if "labels" in rows[0]:
        columns["correct"] = now == np.array([rows[i]["labels"] for i in texts], int)
    return pd.DataFrame(columns)


def p_own(table: pd.DataFrame) -> pd.Series:
    """For each row, the probability with the text's own prompt."""
    own = table[table["intervention"] == OWN].set_index("text")["probability"]
    return table["text"].map(own)


def drawn(label: np.ndarray, same: bool, seed: int) -> dict[int, int]:
    """Text -> another text, drawn from those that are predicted as the same class, or as another."""
    generator, found = np.random.default_rng(seed), {}
    for i in range(len(label)):
        others = [j for j in np.flatnonzero((label == label[i]) == same) if j != i]
        if others:
            found[i] = int(generator.choice(others))
    return found


# Prompts in place of a text's own ------------------------------------------------------------------------------------


def uniform_prompts(clf, rows: Sequence[Row]) -> Prompts:
    """Eq. (1) with w = 1/N, eq. (2) as it was trained. With several heads it is the same."""
    source, mask = source_of(clf, rows)  # (B, N, n), (B, N)
    mean = torch.einsum("bn,bnd->bd", mask.to(source.dtype), source) / mask.sum(1, keepdim=True)  # (B, n)

    def expand(generator) -> Tensor:
        return generator.expand(generator.W_V(mean))

    return expand(clf.method.generator), {int(m): expand(make) for m, make in clf.method.later.items()}


def mean_prompts(clf, rows: Sequence[Row]) -> Prompts:
    """The mean of the prompts of all rows. (1, t, n), and that of later blocks"""
    total, later = 0.0, {}
    with evaluating(clf):
        for chunk in chunks(rows):
            S, more = own_prompts(clf, [rows[i] for i in chunk])
            total = total + S.sum(0, keepdim=True)
            later = {m: later.get(m, 0.0) + prompt.sum(0, keepdim=True) for m, prompt in more.items()}
    return total / len(rows), {m: prompt / len(rows) for m, prompt in later.items()}


def no_prompts(clf, rows: Sequence[Row]) -> Prompts:
    """Prompts of no tokens: the frozen model alone under the trained head."""
    S, later = own_prompts(clf, rows)
    return S[:, :0], {m: prompt[:, :0] for m, prompt in later.items()}
