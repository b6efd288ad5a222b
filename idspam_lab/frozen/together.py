"""Many classifiers trained on one task's texts at once: what PromptClassifier.fit is for one.

clfs = [PromptClassifier(backbone, labels=names, layer=m, seed=s) for m in (1, 3) for s in (0, 1, 2)]
settings = [clf.preset(seed=s, order_seed=0) for clf, s in zip(clfs, (0, 1, 2) * 2)]
runs = fit_many(clfs, train, validation, settings)
"""

from collections.abc import Sequence
from pathlib import Path

from ..inputs import check_training
from ..training.record import Run
from ..training.settings import Settings
from .alike import check_alike, check_runs
from .many import Losing, train_many
from .shared import refuse_alone
from .store import Store


def fit_many(
    clfs: Sequence,
    train,
    validation,
    settings: Sequence[Settings],
    *,
    metric: str = "accuracy",
    losing: Losing | None = None,
    store: Store | None = None,
    out: Sequence[Path] | None = None,
    progress: bool = True,
) -> list[Run]:
    """Trains every classifier in place on labelled Examples and leaves it with its best epoch, as `fit` does with one.

    Args:
        train, validation: tasks.Examples with labels, as for `PromptClassifier.fit`; without validation texts (None)
            the last epoch is kept.
        clfs, settings, losing, store, out: see `train_many`.

    Returns:
        The runs, as `train_many` does.

    Raises:
        BadInput: what `fit` raises; or the runs cannot share passes: they differ in what must be alike, are not one for
            one, or a method cannot.
    """
    check_runs(clfs, settings, out)
    check_alike(settings)
    for clf in clfs:
        refuse_alone(clf)
        check_training(clf, train, validation, metric)
    limit, begun = settings[0].max_length, []
    before = [(clf.pairs, clf.max_length, clf.run) for clf in clfs]
    for clf in clfs:
        clf.pairs, clf.max_length = getattr(train, "pairs", None) is not None, limit
    try:
        rows = clfs[0].rows(train, limit)
        checked = clfs[0].rows(validation, limit) if validation is not None and len(validation) else None
        told = {"metric": metric, "losing": losing, "store": store, "out": out, "progress": progress}
        return train_many(clfs, rows, checked, settings, **told, begin=lambda: begun.append(True))
    except BaseException:
        if not begun:  # nothing was trained
            for clf, was in zip(clfs, before, strict=True):
                clf.pairs, clf.max_length, clf.run = was
        raise
