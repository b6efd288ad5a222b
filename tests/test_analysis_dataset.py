"""Weights over a data set and the prompts' geometry: small tables whose answers can be worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from idspam_lab import BadInput, PromptClassifier
from idspam_lab.analysis.dataset import by_kind, entropy, top_tokens
from idspam_lab.analysis.prompts import input_share, project, prompts
from idspam_lab.analysis.tokens import token_table

TEXTS = ["a gripping film", "dull", "the plot is so clumsy that its fine actors cannot save it"]


def table(*texts):
    """(predicted, [(token, special, weight), ...]) -> the columns that these functions read."""
    rows = [
        {"text": i, "position": j, "token": token, "special": special, "pieces": 1, "weight": w,
         "uniform": 1 / len(tokens), "predicted": predicted}
        for i, (predicted, tokens) in enumerate(texts)
        for j, (token, special, w) in enumerate(tokens)
    ]  # fmt: skip
    return pd.DataFrame(rows)


SMALL = table(
    ("pos", [("[CLS]", True, 0.2), ("lovely", False, 0.6), (".", False, 0.2)]),
    ("pos", [("[CLS]", True, 0.25), ("lovely", False, 0.25), ("the", False, 0.25), (".", False, 0.25)]),
    ("neg", [("[CLS]", True, 0.1), ("dull", False, 0.9)]),
)


def test_top_tokens_by_class():
    found = top_tokens(SMALL, least=1)
    assert list(found.columns) == ["predicted", "token", "times", "count", "share"]
    assert found[found["predicted"] == "pos"]["token"].tolist() == ["lovely", "the", "."]
    lovely = found[found["token"] == "lovely"].iloc[0]
    assert lovely["times"] == pytest.approx((0.6 * 3 + 0.25 * 4) / 2) and lovely["count"] == 2 and lovely["share"] == 1
    assert "[CLS]" not in set(found["token"])
    assert top_tokens(SMALL, least=2)["token"].tolist() == ["lovely", "."]
    assert top_tokens(SMALL, least=1, most=1)["token"].tolist() == ["dull", "lovely"]
    with pytest.raises(BadInput, match="no column 'label'"):
        top_tokens(SMALL, by="label")


def test_entropy_of_even_and_uneven_weights():
    found = entropy(SMALL).set_index("text")
    assert found.loc[1, "entropy"] == pytest.approx(math.log(4)) and found.loc[1, "effective"] == pytest.approx(4)
    assert found.loc[1, "evenness"] == pytest.approx(1)
    assert found.loc[2, "entropy"] == pytest.approx(-0.1 * math.log(0.1) - 0.9 * math.log(0.9))
    assert found["tokens"].tolist() == [3, 4, 2]
    with pytest.raises(BadInput, match="special=True"):
        entropy(SMALL[~SMALL["special"]])


def test_one_token_alone_is_even():
    assert entropy(table(("pos", [("a", False, 1.0)]))).loc[0, "evenness"] == 1


def test_by_kind():
    kinds = by_kind(SMALL).set_index("kind")
    assert kinds.loc["punctuation", "times"] == pytest.approx((0.6 + 1) / 2)
    assert kinds.loc["function word", "count"] == 1 and kinds.loc["special", "count"] == 3
    assert kinds.loc["other word", "times"] == pytest.approx((1.8 + 1.0 + 1.8) / 3)


def test_every_function_takes_what_token_table_gives(tiny):
    found = token_table(PromptClassifier(tiny, "idspam").eval(), [*TEXTS, "unforgettable"], words=True)
    assert by_kind(found)["count"].sum() == len(found)
    assert set(top_tokens(found, least=1, most=99)["token"]) >= {"gripping", "dull", "clumsy"}
    with pytest.raises(BadInput, match="one of words"):
        entropy(found)
    evenness = entropy(token_table(PromptClassifier(tiny, "mean_pooling").eval(), TEXTS))["evenness"]
    assert evenness.to_numpy() == pytest.approx(1, abs=1e-6)


# The prompts ---------------------------------------------------------------------------------------------------------


def test_prompts_are_the_methods_own_in_the_texts_order(tiny):
    clf = PromptClassifier(tiny, "idspam", layer=1, t=3).eval()
    S = prompts(clf, TEXTS)
    assert S.shape == (3, 3, 32) and S.dtype == np.float32
    for text, found in zip(TEXTS, S, strict=True):
        ids = torch.tensor([clf.rows([text])[0]["input_ids"]])
        expected, _ = clf.method.generator(tiny.embed_tokens(ids), torch.ones_like(ids))
        assert found == pytest.approx(expected[0].detach().numpy(), abs=1e-6)
    assert prompts(PromptClassifier(tiny, "lpt", t=2).eval(), TEXTS).shape == (3, 2, 32)
    with pytest.raises(BadInput, match="There are no texts: give one at least"):
        prompts(clf, [])


def test_input_share_of_equal_opposite_and_zero_prompts():
    same = np.ones((5, 2, 3), np.float32)
    assert input_share(same) == pytest.approx(0)
    assert input_share(np.stack([same[0], -same[0]])) == pytest.approx(1)
    assert input_share(0 * same) == 0
    halves = np.array([[[1.0, 1.0]], [[1.0, -1.0]]])  # the first number is shared, the second is not
    assert input_share(halves) == pytest.approx(0.5)


def test_projection_keeps_what_can_be_kept():
    """Points in a plane that lie in many dimensions come back with their distances."""
    generator = np.random.default_rng(0)
    plane = generator.normal(size=(20, 2))
    S = (plane @ np.linalg.qr(generator.normal(size=(12, 2)))[0].T).reshape(20, 3, 4)
    found = project(S)
    assert list(found.columns) == ["text", "x", "y"] and sum(found.attrs["explained"]) == pytest.approx(1)
    mapped = found[["x", "y"]].to_numpy()
    between = np.linalg.norm(plane[:, None] - plane[None], axis=-1)
    assert np.linalg.norm(mapped[:, None] - mapped[None], axis=-1) == pytest.approx(between, abs=1e-6)


def test_tsne_keeps_two_far_groups_apart():
    generator = np.random.default_rng(1)
    S = generator.normal(size=(30, 1, 8)) + np.repeat([0, 40], 15)[:, None, None]
    found = project(S, "tsne")
    near = np.linalg.norm(found[["x", "y"]].to_numpy()[:, None] - found[["x", "y"]].to_numpy()[None], axis=-1)
    np.fill_diagonal(near, np.inf)
    assert ((near.argmin(1) < 15) == (np.arange(30) < 15)).all()
    assert found.attrs == {"projection": "tsne"} and project(S, "tsne").equals(found)  # the same for the same seed


def test_maps_that_cannot_be_made():
    with pytest.raises(BadInput, match="no projection 'umap'; there are pca, tsne"):
        project(np.ones((5, 1, 2)), "umap")
    with pytest.raises(BadInput, match="There are 2 prompts"):
        project(np.ones((2, 1, 2)))
