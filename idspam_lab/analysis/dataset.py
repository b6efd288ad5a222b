"""Token weights over a whole data set. Every function takes the table of `token_table` and returns a smaller one.

Weights of texts of different length cannot be averaged as they are: a weight is taken as a multiple of the uniform one,
`times` = weight / uniform, which is 1 for plain mean pooling.
"""

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from ..errors import BadInput


def top_tokens(table: pd.DataFrame, *, by: str = "predicted", most: int = 10, least: int = 3) -> pd.DataFrame:
    """The tokens (or words) with the largest mean weight in the texts of each class.

    Columns: `by`, token, times (mean), count (how often it occurs there), share (of those occurrences among all that
    the token has). Special tokens are left out.

    Args:
        by: "predicted" or "label".
        least: occurrences that a token must have in a class to be listed.

    Raises:
        BadInput: the table has no such column.
    """
    own = with_times(table)
    own = own[~own["special"]]
    if by not in own:
        raise BadInput(f"The table has no column {by!r}: label the texts, or take by='predicted'.")
    found = own.groupby([by, "token"], as_index=False).agg(times=("times", "mean"), count=("times", "size"))
    found["share"] = found["count"] / found.groupby("token")["count"].transform("sum")
    found = found[found["count"] >= least].sort_values([by, "times", "token"], ascending=[True, False, True])
    return found.groupby(by).head(most).reset_index(drop=True)


def entropy(table: pd.DataFrame) -> pd.DataFrame:
    """How evenly the weights of each text are spread.

    Columns: text, tokens (N), entropy (nats), effective (exp(entropy), so many equal weights would have it), evenness
    (entropy / log N: 1 is plain mean pooling). Needs tokens, for even weights of words are not equal, and the special
    ones too, or the weights do not sum to 1.

    Raises:
        BadInput: the table is one of words, or a text's weights do not sum to 1.
    """
    if (table["pieces"] > 1).any():
        raise BadInput("This table is one of words, but entropy is of tokens: make it with words=False.")
    weights = table.groupby("text")["weight"]
    if not np.allclose(weights.sum(), 1, atol=1e-4):
        raise BadInput("The weights of a text do not sum to 1: make the table with special=True.")
    H = weights.apply(lambda w: float(-(w[w > 0] * np.log(w[w > 0])).sum()))
    N = weights.size()
    found = pd.DataFrame({"tokens": N, "entropy": H, "effective": np.exp(H)})
    found["evenness"] = np.where(N > 1, H / np.log(N.clip(lower=2)), 1.0)
    return found.reset_index()


def by_kind(table: pd.DataFrame) -> pd.DataFrame:
    """Mean weight of special tokens, punctuation, function words and other words. Columns: kind, times, count.

    Function words are scikit-learn's list of English stop words, which has "not" and "no" in it. Ask for words, not
    tokens: a piece of a word is no word.
    """
    data = with_times(table)
    token = data["token"].str.lower()
    data["kind"] = np.select(
        [data["special"], ~token.str.contains(r"\w", regex=True), token.isin(ENGLISH_STOP_WORDS)],
        ["special", "punctuation", "function word"],
        "other word",
    )
    return data.groupby("kind", as_index=False).agg(times=("times", "mean"), count=("times", "size"))


def with_times(table: pd.DataFrame) -> pd.DataFrame:
    """The table with `times`, the weight as a multiple of the uniform one."""
    return table.assign(times=table["weight"] / table["uniform"])
