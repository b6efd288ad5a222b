"""Many runs at once: seeds, rates, decays, bottlenecks, methods and blocks share every pass of the frozen model.

Here texts are tokenised rows, as they are in training/loop.py; together.py begins with the texts themselves.

Each run is what loop.fit would make of it, with its own optimiser, clipping, schedule, dropout and best epoch. What the
runs have to share besides the passes is the batches: their size, their number and their order (Settings.order_seed).
"""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..training.batches import Collate, Row, training_loader
from ..training.checkpoint import digest_of
from ..training.device import own_random_numbers, training_device, wait_for
from ..training.loop import scored
from ..training.predict import TURN, token_chunks
from ..training.record import Run, environment, peak_memory_mb
from ..training.settings import Settings
from .alike import check_alike
from .lanes import Lane
from .shared import SharedPass, refuse_alone
from .shelf import Shelf
from .store import Store

PAD = 0  # any id will do, for it is masked
Losing = Callable[[int, Sequence], set[int]]


@own_random_numbers()
def train_many(
    clfs: Sequence,
    train: list[Row],
    validation: list[Row] | None,
    settings: Sequence[Settings],
    *,
    metric: str = "accuracy",
    losing: Losing | None = None,
    store: Store | None = None,
    out: Sequence[Path] | None = None,
    progress: bool = True,
    begin: Callable[[], object] = lambda: None,
) -> list[Run]:
    """Trains every classifier in place and leaves it with its best epoch, as `loop.fit` does with one, also where an
    error or Ctrl-C ends it.

    Args:
        clfs: PromptClassifiers on one backbone; each method puts one prompt at one block.
        train, validation: tokenised rows with labels, the same for all.
        settings: one for each classifier, alike in epochs, batch size, length, precision and order of the batches.
        losing: asked after each epoch, with its number and the classifiers that are still going (their `run` tells
            how it went): which of them, by their place in that list, end there.
        out: a folder for each run's checkpoint after each epoch. A call that is killed goes on from there when it is
            made again, and each run ends with the same weights as one that was never interrupted.
        store: keeps the states below the prompts, if all are at one block; default: one of these runs' own.
        begin: called before the first epoch that is still to be trained.

    Returns:
        The runs. Seconds are a run's share: the time of all that went together, over their number.
        A run whose loss becomes no number ends there, says so in `stopped`, and the others go on.

    Raises:
        BadInput: settings differ in what must be alike, a method cannot share its passes, or a folder of `out` holds
            another run.
    """
    check_alike(settings)
    device, chosen = training_device(), settings[0]
    for clf in clfs:
        refuse_alone(clf)
        clf.to(device)

    def shelf() -> Shelf | None:
        if len({clf.method.layer for clf in clfs}) > 1 or chosen.epochs == 1:
            return None
        texts = [*train, *(validation or ())]
        return (store or Store()).shelf(clfs[0].method, clfs[0].backbone, texts, chosen.precision)

    shared, found = SharedPass(clfs, train[0], chosen.precision, shelf), environment(device)
    lanes = [Lane(clf, one, found) for clf, one in zip(clfs, settings, strict=True)]
    if out is not None:
        texts = digest_of([train, validation])
        for lane, folder in zip(lanes, out, strict=True):
            lane.keep_in(folder, metric, texts)
    steps_an_epoch = math.ceil(len(train) / chosen.batch_size)
    begun = False
    try:
        with tqdm(total=steps_an_epoch * chosen.epochs, unit="step", desc="training", disable=not progress) as bar:
            for epoch in range(1, chosen.epochs + 1):
                going = [lane for lane in lanes if lane.waits_for(epoch)]
                if not going:  # done before, or all have ended
                    bar.update(steps_an_epoch)
                    continue
                if not begun:
                    begun = True
                    begin()
                started = time.perf_counter()
                train_epoch(shared, going, train, epoch, bar)
                wait_for(device)  # a GPU is still at work when the last step has been handed to it
                seconds = (time.perf_counter() - started) / len(going)
                scores = evaluate_many(shared, going, validation, metric) if validation else [{}] * len(going)
                whole = (time.perf_counter() - started) / len(going)
                for lane, numbers in zip(going, scores, strict=True):
                    lane.end(epoch, epoch * steps_an_epoch, seconds, len(train), whole, numbers)
                left = [lane for lane in going if lane.run.stopped is None]
                ending = losing(epoch, [lane.clf for lane in left]) if losing and epoch < chosen.epochs else set()
                for place in ending:
                    left[place].run.stopped = f"dropped after epoch {epoch}"
                for lane in left:  # the others have no epoch to go on from but the one before
                    lane.save()
                bar.set_postfix(epoch=epoch, runs=len(left) - len(ending))
    finally:
        with TURN:
            for lane in lanes:
                lane.put_back()
    for lane in lanes:
        lane.run.peak_memory_mb = peak_memory_mb(device)
    return [lane.run for lane in lanes]


def train_epoch(shared: SharedPass, lanes: list[Lane], rows: list[Row], epoch: int, bar: tqdm) -> None:
    """One pass over the training batches for all runs that are going."""
    chosen, lane_of = lanes[0].settings, {lane.clf: lane for lane in lanes}
    loader = training_loader(rows, chosen.batch_size, PAD, chosen.order, epoch)
    with TURN:
        batches = [lane.begin(epoch, loader) for lane in lanes][-1]
    steps_an_epoch = len(loader)
    for step, batch in enumerate(batches, start=(epoch - 1) * steps_an_epoch):
        with TURN:
            for group in shared.passes(list(lane_of), batch, within=lambda clf: lane_of[clf].dice()):
                torch.stack([loss for _, loss, _ in group]).sum().backward()
                for clf, loss, _ in group:
                    lane_of[clf].losses.append(loss.detach())
            for lane in lanes:
                lane.step(step, steps_an_epoch * chosen.epochs)
        bar.update()


@torch.no_grad()
def evaluate_many(shared: SharedPass, lanes: list[Lane], rows: list[Row], metric: str) -> list[dict]:
    """Loss and the paper's score on labelled rows, for each run."""
    clfs = [lane.clf for lane in lanes]
    return [scored(logits, rows, metric) for logits in predict_many(shared, clfs, rows)]


@torch.no_grad()
def predict_many(shared: SharedPass, clfs: Sequence, rows: list[Row]) -> Tensor:
    """Logits of every classifier for every row, on the CPU in fp32. (classifiers, rows, K)"""
    number, found = {clf: i for i, clf in enumerate(clfs)}, None
    for chunk in token_chunks(rows):
        with TURN:
            for clf in clfs:
                clf.eval()
            for group in shared.passes(clfs, Collate(PAD)([rows[i] for i in chunk])):
                for clf, _, logits in group:
                    if found is None:
                        found = torch.empty(len(clfs), len(rows), logits.shape[-1])
                    found[number[clf], chunk] = logits.float().cpu()
    return found
