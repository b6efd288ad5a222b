"""Few-shot transfer, as in Table 11: what was trained on one task is trained on with a few texts of another.

There is nothing special to it: `fit` begins with the weights that a classifier has.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ..classifier import PromptClassifier
from ..tasks import Examples
from .results import evaluate


def few_shot(
    starts: Mapping[str, PromptClassifier],
    few: Examples,
    test: Examples,
    *,
    folder: str | Path,
    metric: str = "accuracy",
    progress: bool = True,
    **settings,
) -> pd.DataFrame:
    """Tests each classifier, trains it on the few texts, and tests it again.

    So few texts leave none to choose an epoch by: the last one is kept. The classifiers are trained in place; a run
    that is in the folder already is read back.

    Args:
        starts: name -> a classifier, trained elsewhere or new.
        settings: in place of the method's preset.

    Returns:
        start, method, texts (that were trained on), before, after: the scores, 0..1.
    """
    rows = []
    for name, clf in starts.items():
        chosen = clf.preset(**settings)
        told = {"max_length": chosen.max_length, "precision": chosen.precision}
        before = evaluate(clf, test, metric, **told)["score"]
        run = clf.fit(few, None, chosen, metric=metric, out=Path(folder) / name, progress=progress)
        if run.stopped:  # by hand: no result, and the next call goes on from there
            raise KeyboardInterrupt
        after = evaluate(clf, test, metric, **told)["score"]
        rows.append({"start": name, "method": clf.method_name, "texts": len(few), "before": before, "after": after})
    return pd.DataFrame(rows)
