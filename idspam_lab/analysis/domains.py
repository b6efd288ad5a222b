"""How two domains differ before anything is trained: lengths, what is cut, the classes, words never seen."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..backbones import Backbone
from ..backbones.tokens import tokenised
from ..tasks import Examples


def domains(backbone: Backbone, parts: Mapping[str, Examples], max_length: int) -> pd.DataFrame:
    """A row a domain.

    Columns: domain, texts, tokens (median, special tokens included), longest, cut (share of the texts that are longer
    than max_length), lost (share of all tokens that are cut off), second_class (share of the texts whose class has the
    number 1; None without labels).

    Args:
        parts: name -> texts.
        max_length: tokens that are read.
    """
    return pd.DataFrame({"domain": name} | measured(backbone, part, max_length) for name, part in parts.items())


def measured(backbone: Backbone, part: Examples, max_length: int) -> dict:
    """One domain's numbers."""
    lengths = np.array([len(ids) for ids in token_ids(backbone, part)])
    return {
        "texts": len(part),
        "tokens": float(np.median(lengths)),
        "longest": int(lengths.max()),
        "cut": float((lengths > max_length).mean()),
        "lost": float(1 - np.minimum(lengths, max_length).sum() / lengths.sum()),
        "second_class": None if part.labels is None else float(np.mean([label == 1 for label in part.labels])),
    }


def unseen(backbone: Backbone, train: Examples, there: Examples) -> float:
    """The share of the tokens of `there` that no training text has: what was trained never met them."""
    seen = {token for ids in token_ids(backbone, train) for token in ids}
    found = [token not in seen for ids in token_ids(backbone, there) for token in ids]
    return float(np.mean(found))


def token_ids(backbone: Backbone, part: Examples) -> list[list[int]]:
    """The whole texts as the token ids that the model would get, nothing cut."""
    rows, _ = tokenised(backbone, part.texts, part.pairs, limit=10**9)
    return [row["input_ids"] for row in rows]
