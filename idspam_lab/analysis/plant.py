"""Do the weights find what was planted? See tasks/planted.py for the texts."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from ..errors import BadInput


def find_cues(table: pd.DataFrame, cues: Sequence[Sequence[int]], by: str = "weight") -> pd.DataFrame:
    """How well a column ranks the planted words above the others, text by text.

    Columns: text, auroc (the chance that a cue comes before another word: 1 always, 0.5 as by chance), times (mean
    weight of the cues as a multiple of the uniform one). An AUROC of 1 says nothing of the size of the difference:
    read it beside `times`.

    Args:
        table: `token_table(clf, texts, words=True)`; special tokens are left out here.
        cues: for each text the numbers of its planted words, from 0, special tokens not counted.
        by: the column that ranks: "weight" or "contribution".

    Raises:
        BadInput: as many texts as lists of cues are needed, a cue lies outside its text, or all words are cues.
    """
    own = table[~table["special"]]
    if own["text"].nunique() != len(cues):
        raise BadInput(f"There are {own['text'].nunique()} texts, but cues for {len(cues)}: give one list a text.")
    found = []
    for (text, words), places in zip(own.groupby("text"), cues, strict=True):
        planted = np.isin(np.arange(len(words)), places)
        if planted.sum() != len(set(places)) or planted.all() or not planted.any():
            raise BadInput(f"Text {text} has {len(words)} words, but its cues are {list(places)}: some of 0 to N-1.")
        times = (words["weight"] / words["uniform"]).to_numpy()
        found.append({"text": text, "auroc": roc_auc_score(planted, words[by]), "times": times[planted].mean()})
    return pd.DataFrame(found)
