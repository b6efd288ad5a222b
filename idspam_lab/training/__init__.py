"""The training loop (loop.py), which knows nothing of prompts, and what it stands on.

Beside it the fast path: hidden states that are kept (store.py, with states.py, shelf.py and cache.py), a forward
without needless work (fast.py).
"""

from .loop import Callback, Progress, StopTraining, evaluate, fit
from .predict import predict_logits
from .record import Run
from .settings import Settings
from .store import Store

__all__ = ["Callback", "Progress", "Run", "Settings", "StopTraining", "Store", "evaluate", "fit", "predict_logits"]
