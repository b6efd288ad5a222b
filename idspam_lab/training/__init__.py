"""The training loop (loop.py), which knows nothing of prompts, and what it stands on.

Beside it the fast path: hidden states that are kept (store.py, with states.py, shelf.py and cache.py), a forward
without needless work (fast.py), many runs at once (many.py, with lanes.py and shared.py).
"""

from .loop import Callback, Progress, StopTraining, evaluate, fit
from .many import fit_many, predict_many
from .predict import predict_logits
from .record import Run
from .settings import Settings
from .store import Store

__all__ = [
    "Callback",
    "Progress",
    "Run",
    "Settings",
    "StopTraining",
    "Store",
    "evaluate",
    "fit",
    "fit_many",
    "predict_logits",
    "predict_many",
]
