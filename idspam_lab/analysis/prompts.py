"""The prompts themselves, as points: which texts get like ones, and how much a prompt depends on its text at all."""

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from ..errors import BadInput
from ..training.predict import evaluating
from .routes import check_routes, chunks, own_prompts

PROJECTIONS = ("pca", "tsne")


def prompts(clf, texts, *, max_length: int | None = None) -> np.ndarray:
    """Each text's prompt at block m. (texts, t, n), float32

    Raises:
        BadInput: the method makes no prompt of its own, a text is empty, or there is none.
    """
    check_routes(clf)
    rows = clf.rows(texts, max_length)
    if not rows:
        raise BadInput("There are no texts: give one at least.")
    found: list = [None] * len(rows)
    with evaluating(clf):
        for chunk in chunks(rows):
            S, _ = own_prompts(clf, [rows[i] for i in chunk])
            for i, prompt in zip(chunk, S.float().cpu().numpy(), strict=True):
                found[i] = prompt
    return np.stack(found)


def input_share(S: np.ndarray) -> float:
    """How much of the prompts depends on the text: 1 - |mean|^2 / mean of |S|^2.

    0: every text has the same prompt. 1: nothing in common. 0 too where all prompts are zero.
    """
    flat = S.reshape(len(S), -1).astype(float)
    whole = np.square(flat).sum(1).mean()
    return float(1 - np.square(flat.mean(0)).sum() / whole) if whole > 0 else 0.0


def project(S: np.ndarray, how: str = "pca", *, seed: int = 0) -> pd.DataFrame:
    """The prompts as points in a plane: columns text, x, y.

    Args:
        how: "pca" (a view: distances keep their meaning; `attrs["explained"]` has the share of variance of x and of y)
            or "tsne" (neighbours only: neither distances between groups nor their sizes mean anything).

    Raises:
        BadInput: no such projection, or fewer than three texts.
    """
    if how not in PROJECTIONS:
        raise BadInput(f"There is no projection {how!r}; there are {', '.join(PROJECTIONS)}.")
    if len(S) < 3:
        raise BadInput(f"There are {len(S)} prompts, but a map needs three at least.")
    flat, explained = S.reshape(len(S), -1), None
    if how == "pca":
        model = PCA(2, random_state=seed)
        points = model.fit_transform(flat)
        explained = [float(share) for share in np.nan_to_num(model.explained_variance_ratio_)]
    else:
        perplexity = min(30.0, (len(S) - 1) / 3)
        points = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(flat)
    table = pd.DataFrame({"text": range(len(S)), "x": points[:, 0], "y": points[:, 1]})
    table.attrs = {"projection": how} | ({"explained": explained} if explained else {})
    return table
