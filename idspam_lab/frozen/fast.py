"""The fast path of a classifier: the same numbers as its plain forward, with less work.

`LatePrompt.encode` is what a method does, for reading. This stands beside it: the states below the prompt come from a
Shelf if there is one, weights are rounded to bf16 once, and the upper blocks leave out what nobody reads
(backbones/upper.py).
"""

from collections.abc import Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from ..backbones import Backbone
from ..backbones.upper import ALL, FIRST, frozen_for, run_upper
from ..methods import IDSPAM, Encoded, LatePrompt, LinearHead
from ..methods.idspam import only_prompts
from ..readout import READOUTS
from ..training.batches import Row
from ..training.device import training_device
from ..training.predict import TURN
from ..training.settings import Settings
from .shelf import Shelf, names_of
from .store import Store


def joins_once(method) -> bool:
    """Is all that the method does to put one prompt in front of the text at one block of the backbone itself?"""
    if isinstance(method, IDSPAM) and (method.later or method.adapted is not None):
        return False
    return only_prompts(method)


def shares_passes(method) -> bool:
    """Can other methods go through the frozen blocks with it? Not if it makes its prompt from states of its own."""
    return joins_once(method) and type(method).trunk in (LatePrompt.trunk, IDSPAM.trunk)


class FastPath:
    """Stands in for `method.encode`.

    Args:
        first: whether the head reads each text's first token alone.
        shelf: kept states, if there are any.
    """

    def __init__(self, method: LatePrompt, first: bool, shelf: Shelf | None = None):
        self.method, self.shelf = method, shelf
        self.read = FIRST if first else ALL

    def encode(self, backbone: Backbone, ids: Tensor, mask: Tensor, types: Tensor | None) -> Encoded:
        """As method.encode; where the first token alone is read, only it comes back: hidden (B, 1, n), mask (B, 1)."""
        backbone = frozen_for(backbone, ids.device, ids.shape[1])
        if self.shelf is None:
            source, hidden = self.method.trunk(backbone, ids, mask, types)  # (B, N, n) each
        else:
            source, hidden = self.shelf.trunk(self.method, backbone, ids, mask, types)
        if not joins_once(self.method):
            return self.method.encode_from(backbone, source, hidden, mask)
        S, trace = self.method.prompt(source, hidden, mask)  # (B, t, n)
        hidden = run_upper(backbone, {self.method.layer: (S, hidden)}, mask, self.read)
        return Encoded(hidden, mask[:, self.read], trace)


class ReadOnce:
    """Stands in for the linear head's `encode`: what the head reads of a text is computed when the text is first met.

    After that the text is n numbers, and an epoch costs as much as the head alone.
    """

    def __init__(self, method: LinearHead, read: str):
        self.method, self.readout = method, READOUTS[read]
        self.known: dict[bytes, Tensor] = {}  # a text's name -> (n,)

    def encode(self, backbone: Backbone, ids: Tensor, mask: Tensor, types: Tensor | None) -> Encoded:
        """As method.encode, but the read token alone comes back: hidden (B, 1, n), mask (B, 1)."""
        names = names_of(ids, mask, types)
        new = [i for i, name in enumerate(names) if name not in self.known]
        if new:
            found = self.method.encode(backbone, ids[new], mask[new], None if types is None else types[new])
            self.known |= zip([names[i] for i in new], self.readout(found.hidden, found.mask), strict=True)
        return Encoded(torch.stack([self.known[name] for name in names])[:, None], mask[:, :1], None)


@contextmanager
def fast_path(clf, rows: Sequence[Row] = (), settings: Settings | None = None, store: Store | None = None):
    """Inside, the classifier takes the fast path, if its method has one.

    Args:
        rows: the texts that training will meet, to be kept in `store`.
    """
    path = None
    clf.backbone.notice_changes()
    if isinstance(clf.method, LatePrompt) and type(clf.method).encode is LatePrompt.encode:
        shelf = None
        if store is not None:
            clf.to(training_device())  # the states are computed where training will be
            shelf = store.shelf(clf.method, clf.backbone, rows, settings.precision, progress=len(rows) > 5_000)
        path = FastPath(clf.method, clf.read == "first", shelf)
    elif type(clf.method).encode is LinearHead.encode and store is not None and not clf.verbalizer:
        path = ReadOnce(clf.method, clf.read)
    with TURN:
        before = clf.fast  # a prediction in the middle of a training gives it back its kept states
        clf.fast = path or before
    try:
        yield
    finally:
        with TURN:
            clf.fast = before
