"""Tables of what one training step costs, in seconds and in bytes."""

from collections.abc import Callable, Mapping

import pandas as pd
from torch import Tensor

from ..classifier import PromptClassifier
from ..training.account import account


def step_times(cases: Mapping[str, Callable[[], float]], batch_size: int, repeats: int = 3) -> pd.DataFrame:
    """A row a case: the median seconds of a step, and the texts in a second. Cases as of `bench.contenders.ours`.

    Every case is run once a round, so that what else the machine does meets all alike.
    """
    from ..bench.clock import interleaved, medians  # here: the benchmark brings its rivals along, which take seconds

    seconds = pd.Series(medians(interleaved(dict(cases), repeats)))
    return pd.DataFrame({"seconds a step": seconds.round(4), "texts a second": (batch_size / seconds).round()})


def step_memory(classifiers: Mapping[str, PromptClassifier], batch: dict[str, Tensor]) -> pd.DataFrame:
    """A row a classifier: the numbers that train, and what a step on the batch holds beside the weights, in MB.

    MB are 10^6 bytes. Each takes one step, so use classifiers that are not needed any more.
    """
    rows = {}
    for name, clf in classifiers.items():
        held = account(clf, batch)
        rows[name] = {"trained": sum(p.numel() for p in clf.parameters() if p.requires_grad)}
        rows[name] |= {f"{kind} (MB)": size / 1e6 for kind, size in held.items() if kind != "weights"}
    table = pd.DataFrame.from_dict(rows, orient="index").round(1)
    return table.astype({"trained": int})
