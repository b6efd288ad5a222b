"""The training loop (loop.py), which knows nothing of prompts, and what it stands on.

batches.py makes the batches, settings.py says how it trains, checkpoint.py lets it go on after a kill, record.py is
what a run leaves, predict.py the pass without gradients, device.py where it all happens, account.py what it held in
memory.
"""

from .loop import Callback, Progress, StopTraining, evaluate, fit
from .predict import predict_logits
from .record import Run
from .settings import Settings

__all__ = ["Callback", "Progress", "Run", "Settings", "StopTraining", "evaluate", "fit", "predict_logits"]
