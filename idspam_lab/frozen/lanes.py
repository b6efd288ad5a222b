"""One of many runs: what is its own while passes of the frozen model are shared (many.py)."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from ..training import checkpoint
from ..training.loop import make_optimizer, metrics_of, nan_sentence, set_rates
from ..training.record import Run, best_epoch
from ..training.settings import Settings


class Lane:
    """A classifier with its settings, optimiser, random numbers, history and best weights."""

    def __init__(self, clf: nn.Module, settings: Settings, environment: dict):
        self.clf, self.settings = clf, settings
        self.optimizer = make_optimizer(clf, settings)
        self.best = checkpoint.copy_of(checkpoint.trained_tensors(clf))
        self.run = Run(settings.to_dict(), trained_parameters=sum(p.numel() for p in self.best.values()))
        self.run.environment, clf.run = environment, self.run
        self.losses: list[Tensor] = []  # of this epoch's steps
        self.state: list[Tensor] = []  # of its random numbers
        self.out, self.key = None, None

    def keep_in(self, out: Path, metric: str, texts: str) -> None:
        """Goes on from the checkpoint in `out`, if there is one, and writes one there whenever `save` is called.

        It is the one that loop.fit writes, so a run that was alone can go on with others, and the other way round.

        Args:
            texts: of `checkpoint.digest_of`.

        Raises:
            BadInput: the checkpoint is damaged or of another run.
        """
        identity = self.clf.run_identity()
        self.out = out
        self.key = checkpoint.RunKey.of([self.settings.to_dict(), metric, identity], texts, self.best)
        best = checkpoint.load(out, self.clf, self.optimizer, self.key, self.run)
        self.best = self.best if best is None else best

    def save(self) -> None:
        """Writes what the run goes on from if it is killed."""
        if self.out is not None:
            checkpoint.save(self.out, self.clf, self.best, self.optimizer, self.key, self.run)

    def waits_for(self, epoch: int) -> bool:
        """Is this epoch still to be done?"""
        return self.run.stopped is None and len(self.run.history) < epoch

    def begin(self, epoch: int, loader) -> Iterator[dict]:
        """Seeds the epoch as loop.fit does; returns the epoch's batches, the same for all runs of one order."""
        torch.manual_seed(self.settings.seed * 100_003 + epoch)
        batches = iter(loader)  # draws a number, as it does in loop.fit
        self.state = random_state()
        self.losses.clear()
        self.clf.train()
        return batches

    @contextmanager
    def dice(self):
        """Random numbers drawn inside are this run's own: those that it would draw if it ran alone."""
        set_random_state(self.state)
        yield
        self.state = random_state()

    def step(self, step: int, steps: int) -> None:
        """Clips, steps and forgets the gradients; `step` of `steps` were done before."""
        set_rates(self.optimizer, self.settings, step, steps)
        nn.utils.clip_grad_norm_(self.clf.parameters(), self.settings.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()

    def end(self, epoch: int, steps: int, seconds: float, texts: int, whole: float, validation: dict) -> None:
        """Writes the epoch down, and keeps its weights if they are the best so far.

        Args:
            steps: that were done, over all epochs.
            seconds, whole: this run's share of the time for training, and for training and validation.
            texts: that were trained on.
        """
        losses = torch.stack(self.losses).tolist()
        wrong = next((number for number, loss in enumerate(losses) if not math.isfinite(loss)), None)
        if wrong is not None:
            step = steps - len(losses) + wrong + 1
            self.run.stopped = nan_sentence(losses[wrong], step, epoch, self.settings, self.run)
            return
        loss = validation.get("loss", 0.0)
        if not math.isfinite(loss):
            self.run.stopped = nan_sentence(loss, steps, epoch, self.settings, self.run, "validation loss")
            return
        self.run.history.append(metrics_of(epoch, steps, losses, seconds, texts, validation))
        self.run.seconds += whole
        self.run.best_epoch = best_epoch(self.run.history)
        if self.run.best_epoch == epoch:
            self.best = checkpoint.copy_of(checkpoint.trained_tensors(self.clf))

    def put_back(self) -> None:
        """Leaves the classifier with its best weights."""
        checkpoint.put_back(self.clf, self.best)
        self.clf.eval()


def random_state() -> list[Tensor]:
    """Of the CPU's and, where there is one, the CUDA device's random numbers; Apple's GPU has one row for all."""
    return [torch.get_rng_state(), *([torch.cuda.get_rng_state()] if torch.cuda.is_available() else [])]


def set_random_state(state: list[Tensor]) -> None:
    """Goes on where `random_state` was asked."""
    torch.set_rng_state(state[0])
    if len(state) > 1:
        torch.cuda.set_rng_state(state[1])
