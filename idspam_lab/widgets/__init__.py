"""Panels for the lessons. What they show is worked out by pure functions; the state is the widget library's.

    PromptExplorer(clf)      type a text, take tokens away, watch the prediction
    LayerCurve(frame)        scores over the layer; a click opens a run
    Transfer(predictions)    what survives a change of task, and the texts that flip
    LiveTraining(clf)        a training run while it happens, with Stop

Each has a `figure()` or `static_html()` for pages without a kernel.
"""

import importlib

HOMES = {
    "LayerCurve": "curve",
    "LineChart": "chart",
    "LiveTraining": "live",
    "PromptExplorer": "explorer",
    "TokenView": "tokens",
    "Transfer": "transfer",
}
__all__ = sorted(HOMES)


def __getattr__(name: str):
    if name not in HOMES:
        raise AttributeError(f"idspam_lab.widgets has no {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(f".{HOMES[name]}", __name__), name)
