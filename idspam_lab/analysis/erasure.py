"""Does the prediction hang on the tokens that an order ranks first? ERASER's measures (DeYoung et al. 2020), by route.

Tokens are erased from the ids, special tokens never. p is the probability of the class that the model predicts for the
whole text, so labels play no part.

    comprehensiveness   p(text) - p(text without its first k tokens): high if the order is faithful
    sufficiency         p(text) - p(its first k tokens alone): low if the order is faithful
    AOPC                the mean of one of them over several k

Erased texts are shorter than any that the model was trained on, so hold an order against the random one, never against
zero, and never against another model's.
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..errors import BadInput
from ..training.batches import Row
from .attributions import gradient_x_input, integrated_gradients
from .routes import probabilities, special_ids
from .tokens import traced

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)  # of a text's tokens that are erased; ERASER's
ROUTES = ("generator", "backbone", "both")  # where they are erased
RARITY = "rarity"
Scores = list[np.ndarray]  # one number a token (N,) for each text; the largest comes first


def orders(clf, rows: Sequence[Row], *, draws: int = 5, steps: int = 16, seed: int = 0) -> tuple[dict, np.ndarray]:
    """The orders to compare, name -> one Scores a draw, and the completeness gap of integrated gradients (texts,).

    "weights": w of eq. (1). "gradient x input" and "integrated gradients": through both routes, signed, so that what
    speaks for the predicted class comes first. "rarity": by the token's number, since vocabularies list common tokens
    first; no training has touched it. "random": `draws` of them; uniform weights rank nothing, so to erase by them is
    to erase at random too.

    Raises:
        BadInput: the method has no token weights, or draws or steps is below 1.
    """
    if draws < 1:
        raise BadInput(f"draws is {draws}, but the random order needs one at least.")
    generator = np.random.default_rng(seed)
    integrated = integrated_gradients(clf, rows, steps=steps)
    found = {
        "weights": [[text.w for text in traced(clf, rows)]],
        "gradient x input": [[text.both for text in gradient_x_input(clf, rows)]],
        "integrated gradients": [[text.both for text in integrated]],
        RARITY: [[np.array(row["input_ids"], float) for row in rows]],
        "random": [[generator.random(len(row["input_ids"])) for row in rows] for _ in range(draws)],
    }
    return found, np.array([text.gap for text in integrated])


def erasure(
    clf, rows: Sequence[Row], scores: dict[str, list[Scores]], *, shares: Sequence[float] = SHARES
) -> pd.DataFrame:
    """Both measures for every order, draw, route, text and share.

    Columns: order, draw, route, text, share, erased (k = share of the tokens, rounded up), comprehensiveness,
    sufficiency.

    Raises:
        BadInput: the method has no prompt of its own, or a share is not above 0 and at most 1.
    """
    if not all(0 < share <= 1 for share in shares):
        raise BadInput(f"shares are {list(shares)}, but each is above 0 and at most 1.")
    rows = [{name: column for name, column in row.items() if name != "labels"} for row in rows]
    whole = probabilities(clf, rows)
    label, p = whole.argmax(-1), whole.max(-1)
    plan = pd.DataFrame(list(planned(clf, rows, scores, shares)))
    for measure, kept in (("comprehensiveness", "others"), ("sufficiency", "first")):
        left = probability_of(clf, rows, label, plan, kept)
        plan[measure] = p[plan["text"]] - left
    return plan.drop(columns=["others", "first"])


def planned(clf, rows: Sequence[Row], scores: dict[str, list[Scores]], shares: Sequence[float]):
    """What is to be erased: a dict for each row of the table, with the places that stay for each measure."""
    special = special_ids(clf.backbone.tokenizer)
    for text, row in enumerate(rows):
        can_go = [i for i, token in enumerate(row["input_ids"]) if token not in special]
        stays = set(range(len(row["input_ids"]))) - set(can_go)
        for order, draws in scores.items():
            for draw, drawn in enumerate(draws):
                ranked = sorted(can_go, key=lambda i, by=drawn[text]: -by[i])  # equals: as in the text
                for share in shares:
                    k = math.ceil(share * len(can_go))
                    first, others = (tuple(sorted(stays | set(some))) for some in (ranked[:k], ranked[k:]))
                    same = {"order": order, "draw": draw, "text": text, "share": share, "erased": k}
                    for route in ROUTES:
                        yield same | {"route": route, "first": first, "others": others}


def probability_of(clf, rows: Sequence[Row], label: np.ndarray, plan: pd.DataFrame, kept: str) -> np.ndarray:
    """p(label) of every planned text, of which the places in `kept` stay on its route. Equal ones are run once."""
    found = {}
    for route, part in plan.groupby("route"):
        wanted = list(dict.fromkeys(zip(part["text"], part[kept], strict=True)))
        shorter = [only(rows[text], places) for text, places in wanted]
        whole = [rows[text] for text, _ in wanted]
        read, made_from = (whole if route == "generator" else shorter), (whole if route == "backbone" else shorter)
        p = probabilities(clf, read, made_from=made_from)
        found |= {(route, *key): float(p[i, label[key[0]]]) for i, key in enumerate(wanted)}
    return np.array([found[key] for key in zip(plan["route"], plan["text"], plan[kept], strict=True)])


def only(row: Row, places: Sequence[int]) -> Row:
    """The row's tokens at these places alone."""
    return {name: [column[i] for i in places] for name, column in row.items()}


def aopc(table: pd.DataFrame) -> pd.DataFrame:
    """The mean over shares and draws: columns order, route, text, comprehensiveness, sufficiency."""
    return table.groupby(["order", "route", "text"], as_index=False, sort=False)[
        ["comprehensiveness", "sufficiency"]
    ].mean()
