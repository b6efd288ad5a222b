"""The training loop (loop.py) and what it stands on; knows nothing of prompts."""

from .loop import Callback, Progress, StopTraining, evaluate, fit
from .predict import predict_logits
from .record import Run
from .settings import Settings

__all__ = ["Callback", "Progress", "Run", "Settings", "StopTraining", "evaluate", "fit", "predict_logits"]
