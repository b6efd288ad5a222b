"""(h) What keeping states in bf16 costs in accuracy: real weights, real texts, the same runs with both stores."""

import statistics

from ..backbones import load_backbone
from ..classifier import PromptClassifier
from ..frozen import Store, fit_many, predict_many
from ..frozen.shared import SharedPass
from ..metrics import with_interval
from ..tasks import load_task
from .found import Found
from .scale import Scale


def halved(scale: Scale) -> Found:
    """Accuracy (%) on held-out Rotten Tomatoes with MiniLM at m = L/2: every seed with full and with halved states."""
    data, backbone = load_task("rotten_tomatoes", source="embedded", limit=scale.trained), load_backbone("minilm")
    found: dict[str, list[float]] = {}
    for name, half in (("kept as computed", False), ("kept in bf16", True)):
        clfs = [PromptClassifier(backbone, "idspam", labels=data.task.labels, seed=s) for s in range(scale.seeds)]
        settings = [clf.preset(epochs=3, max_length=64, seed=seed, order_seed=0) for seed, clf in enumerate(clfs)]
        fit_many(clfs, data.train, data.validation, settings, store=Store(half=half), progress=False)
        test = clfs[0].rows(data.test)
        for predicted in predict_many(SharedPass(clfs, test[0], "auto"), clfs, test).argmax(-1).numpy():
            scores = with_interval("accuracy", data.test.labels, predicted, len(data.task.labels))
            found.setdefault(name, []).append(100 * scores["accuracy"])
    means = {name: statistics.mean(values) for name, values in found.items()}
    full, half = found.values()
    differences = [b - a for a, b in zip(full, half, strict=True)]
    return Found(
        f"(h) Kept in bf16 or not: {len(data.train):,} training, {len(data.test):,} test texts; {scale.seeds} seeds",
        "mean accuracy (%)",
        means,
        found,
        notes=[
            f"bf16 minus full, seed by seed: {', '.join(f'{d:+.2f}' for d in differences)} points; "
            f"one text is {100 / len(data.test):.2f} points"
        ],
    )
