"""What is frozen is computed once: the same numbers as the plain path (training/, methods/base.py), sooner.

store.py keeps the hidden states below the prompt, with states.py, shelf.py and cache.py (the file on disk); fast.py
is a forward without needless work; together.py trains several runs at once, with many.py (the loop), lanes.py (one run
in company), shared.py (the pass that they share) and alike.py (what they have in common).
"""

from .many import predict_many
from .store import Store
from .together import fit_many

__all__ = ["Store", "fit_many", "predict_many"]
