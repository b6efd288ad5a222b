"""(e) What more texts and longer ones cost, and memory once the budget of kept states is used up."""

import statistics
import tempfile
import time

import psutil
import torch

from ..classifier import PromptClassifier
from ..frozen import Store
from ..frozen.fast import fast_path
from ..training import Settings, fit
from .clock import interleaved, medians
from .contenders import ours
from .found import Found, Ratio
from .scale import Scale
from .shapes import backbone_of, texts

TRAINED = 1_000  # texts that are trained on, drawn from all that are kept: more would only repeat them


def more_texts(scale: Scale) -> Found:
    """Seconds a text for keeping the states and one training step at m = L/2, for ever more texts."""
    backbone, held = backbone_of(scale.shape), {}
    rows = texts(max(scale.counts), scale.length)

    def case(count: int) -> float:
        settings = Settings(epochs=1, batch_size=scale.batch_size)
        clf = PromptClassifier(backbone, "idspam", read="first")
        with tempfile.TemporaryDirectory() as folder:
            store, before, started = Store(scale.memory, folder=folder), own_memory_mb(), time.perf_counter()
            store.shelf(clf.method, backbone, rows[:count], settings.precision)
            keeping = (time.perf_counter() - started) / count
            drawn = [rows[i] for i in torch.randperm(count)[:TRAINED]]
            with fast_path(clf, rows[:count], settings, store):
                run = fit(clf, drawn, None, settings, progress=False)
            held.setdefault(count, []).append(own_memory_mb() - before)
        return keeping + run.history[0]["train_seconds"] / len(drawn)

    cases = {f"{count:,} texts": lambda count=count: case(count) for count in scale.counts}
    seconds = interleaved(cases, scale.repeats, "more texts")
    found = medians(seconds)
    few, most = f"{scale.counts[1 if len(scale.counts) > 2 else 0]:,} texts", f"{scale.counts[-1]:,} texts"
    memory = ", ".join(f"{count:,}: {statistics.median(values):,.0f} MB" for count, values in held.items())
    return Found(
        f"(e) More texts, {scale}; {scale.memory:g} GB of memory for kept states, the rest in a file",
        "seconds a text",
        found,
        seconds,
        [Ratio(f"{most} / {few}", found[most] / found[few], 1.1, at_most=True)],
        [f"memory of the process that grew, by texts (a mapped file's pages are not its own): {memory}"],
    )


def longer_texts(scale: Scale) -> Found:
    """Seconds a step at m = L/2 for ever longer texts."""
    backbone, cases = backbone_of(scale.shape), {}
    for N in scale.lengths:
        rows = texts(3 * scale.batch_size, N)
        for way in ("plain", "kept"):
            clf = PromptClassifier(backbone, "idspam", read="first")
            cases[f"{N} tokens, {way}"] = ours(clf, rows, scale.batch_size, "auto", way)
    seconds = interleaved(cases, scale.repeats, "longer texts")
    found = medians(seconds)
    pairs = {N: (found[f"{N} tokens, plain"], found[f"{N} tokens, kept"]) for N in scale.lengths}
    ratios = [Ratio(f"{N} tokens: plain / kept", plain / kept) for N, (plain, kept) in pairs.items()]
    title = f"(e) Longer texts, {scale.shape}, {scale.batch_size} a batch, {scale.device}"
    return Found(title, "seconds a step", found, seconds, ratios)


def own_memory_mb() -> float:
    """Memory of this process that is no file's: the system takes a mapped file's pages back when it needs them."""
    found = psutil.Process().memory_info()
    return (found.rss - getattr(found, "shared", 0)) / 1e6
