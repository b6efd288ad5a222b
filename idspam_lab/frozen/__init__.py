"""What is frozen is computed once: the same numbers as the plain path (training/, methods/base.py), sooner.

store.py keeps the hidden states below the prompt, with states.py, shelf.py and cache.py (the file on disk); fast.py
is a forward without needless work; many.py trains several runs at once, with lanes.py (one run in company) and
shared.py (the pass that they share).
"""

from .many import fit_many, predict_many
from .store import Store

__all__ = ["Store", "fit_many", "predict_many"]
