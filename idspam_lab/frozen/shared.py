"""One pass of the frozen model for many classifiers: below their prompts once, above with their prompts stacked.

Every classifier gets the logits that it would compute alone; only the work is shared.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from itertools import groupby

import torch
from torch import Tensor, nn

from ..backbones import Backbone
from ..backbones.upper import ALL, FIRST, Joins, frozen_for, run_upper
from ..errors import BadInput
from ..training.batches import Row
from ..training.device import autocast, device_of
from .fast import shares_passes
from .room import tokens_together
from .shelf import Shelf, cheap
from .states import States, on_device

NAMES = ("input_ids", "attention_mask", "token_type_ids")
Within = Callable[[object], AbstractContextManager]  # classifier -> what its random numbers are drawn in


class SharedPass:
    """Passes of the frozen model for PromptClassifiers of one backbone, which may differ in all else.

    Args:
        row: any tokenised text, to see what each method needs.
        precision: see Settings.
        shelf: makes the shelf of the texts' kept states, if all prompts join at one block; asked at the first pass.

    Raises:
        BadInput: several backbones, or a method that does more than put one prompt at one block.
    """

    def __init__(self, clfs: Sequence, row: Row, precision: str, shelf: Callable[[], Shelf | None] = lambda: None):
        self.backbone: Backbone = clfs[0].backbone
        self.backbone.notice_changes()
        self.device, self.precision, self.make_shelf = device_of(self.backbone), precision, shelf
        self.source, self.t = {}, {}  # classifier -> where its source comes from; its prompt's vectors
        for clf in clfs:
            if clf.backbone is not self.backbone:
                raise BadInput("Runs that share passes have one backbone: build all classifiers on the same one.")
            refuse_alone(clf)
            self.source[clf] = States(clf.method, self.backbone, [row], precision, False, False).origin["source"]
            self.t[clf] = prompt_length(clf, row)
        self.clfs = sorted(clfs, key=lambda clf: (self.t[clf], clf.method.layer))

    @cached_property
    def shelf(self) -> Shelf | None:
        """Made when it is first needed: runs that are only read back need none, and its time is the first epoch's."""
        return self.make_shelf()

    def passes(
        self, clfs: Sequence, batch: dict[str, Tensor], within: Within = lambda clf: nullcontext()
    ) -> Iterator[list[tuple[object, Tensor | None, Tensor]]]:
        """Some classifiers at a time, so that memory is bounded: each with its loss, if there are labels, and logits.

        Args:
            clfs: some of those that the pass was made for.
            batch: as Collate makes it.
        """
        places = self.shelf and self.shelf.look_up(*(batch.get(name) for name in NAMES))  # before it goes to the device
        batch = {name: column.to(self.device) for name, column in batch.items()}
        ids, mask, types = (batch.get(name) for name in NAMES)  # (B, N)
        with autocast(self.precision, self.device):
            hidden, source = self.below(clfs, ids, mask, types, places)
        for group in self.groups(clfs, *ids.shape):
            with autocast(self.precision, self.device):
                above, read = self.above(group, hidden, source, mask, within)
                found = []
                for clf, states in zip(group, above, strict=True):
                    with within(clf):
                        logits = clf.classify(states, mask[:, read], ids)  # (B, K)
                    loss = nn.functional.cross_entropy(logits, batch["labels"]) if "labels" in batch else None
                    found.append((clf, loss, logits))
            yield found

    def above(
        self, group: Sequence, hidden: dict[int, Tensor], source: dict[str, Tensor], mask: Tensor, within: Within
    ) -> tuple[Sequence[Tensor], slice]:
        """The texts after the last block for each classifier of a group, (B, N, n) or (B, 1, n), and which it is."""
        joins: Joins = {}
        for layer, members in groupby(group, key=lambda clf: clf.method.layer):
            S = []
            for clf in members:
                with within(clf):
                    S.append(clf.method.prompt(source[self.source[clf]], hidden[layer], mask)[0])  # (B, t, n)
            joins[layer] = torch.cat(S), hidden[layer]
        read = FIRST if all(clf.read == "first" for clf in group) else ALL
        backbone = frozen_for(self.backbone, self.device, mask.shape[1])
        return run_upper(backbone, joins, mask, read).split(len(mask)), read

    def groups(self, clfs: Sequence, B: int, N: int) -> Iterator[list]:
        """Classifiers that go through the upper blocks together: prompts of one length, lowest block first."""
        wanted = set(clfs)
        for t, members in groupby((clf for clf in self.clfs if clf in wanted), key=self.t.get):
            members = list(members)
            size = max(1, tokens_together(self.backbone, self.device, t + N) // (B * (t + N)))
            yield from (members[i : i + size] for i in range(0, len(members), size))

    @torch.no_grad()
    def below(
        self, clfs: Sequence, ids: Tensor, mask: Tensor, types: Tensor | None, places: Tensor | None
    ) -> tuple[dict[int, Tensor], dict[str, Tensor]]:
        """The text at the input of each block where a prompt joins, and what prompts are made from. (B, N, n) each"""
        backbone, hidden = frozen_for(self.backbone, self.device, ids.shape[1]), {}
        if self.shelf is not None:
            method = self.clfs[0].method
            hidden[method.layer] = self.shelf.trunk(method, backbone, ids, mask, types, places)[1]
        else:
            state, at = backbone.embed(ids, mask, types), 0
            for layer in sorted({clf.method.layer for clf in clfs}):
                state, at = backbone.run(state, mask, at, layer), layer
                hidden[layer] = state
        return hidden, {origin: cheap(origin, backbone, ids, mask, types) for origin in {self.source[c] for c in clfs}}


def refuse_alone(clf) -> None:
    """A classifier's method can share passes.

    Raises:
        BadInput: it cannot.
    """
    if not shares_passes(clf.method):
        raise BadInput(
            f"Method {clf.method_name!r} with options {clf.options} does more than put one prompt, made from the token "
            "embeddings or what is below its block, at one block, so it cannot share passes: train it alone with fit."
        )


@torch.no_grad()
def prompt_length(clf, row: Row) -> int:
    """How many vectors a classifier's prompt has."""
    was_training = clf.training
    clf.eval()  # draws no random numbers
    ids, mask, types = on_device([row], clf.backbone)
    S, _ = clf.method.prompt(*clf.method.trunk(clf.backbone, ids, mask, types), mask)
    clf.train(was_training)
    return S.shape[1]
