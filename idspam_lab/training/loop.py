"""The training loop: read it in one sitting.

It knows nothing of prompts: a model is anything whose forward takes a batch and returns `.loss` and `.logits`, and
what trains in it is what has `requires_grad`.
"""

import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import DataLoaderConfiguration
from torch import nn
from tqdm.auto import tqdm

from ..errors import BadInput
from ..metrics import score
from . import checkpoint
from .batches import Row, training_loader
from .device import autocast
from .predict import predict_logits
from .record import Run, environment, peak_memory_mb
from .settings import Settings


@dataclass
class Progress:
    """What a callback is told, after each step (`metrics` is None) and after each epoch."""

    epoch: int  # counts from 1
    step: int  # counts from 1, over all epochs
    steps: int  # of the whole run
    loss: float  # of this step
    metrics: dict | None  # of this epoch
    model: nn.Module


class StopTraining(Exception):
    """Raised by a callback: training ends here and keeps the best so far."""


Callback = Callable[[Progress], None]


def make_optimizer(model: nn.Module, settings: Settings) -> torch.optim.AdamW:
    """AdamW as in appendix A; weight decay on matrices, not on biases and norms."""
    trained = list(checkpoint.trained_tensors(model).values())
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    return torch.optim.AdamW(groups, lr=settings.lr, betas=settings.betas, eps=settings.eps)


def rate(step: int, steps: int, warmup: float) -> float:
    """The learning rate's factor at a step (from 0): up to 1 over the warm-up, then down to 0, both straight lines."""
    rise = round(warmup * steps)
    return (step + 1) / rise if step < rise else (steps - step) / max(1, steps - rise)


def evaluate(model: nn.Module, rows: list[Row], pad_id: int, metric: str, precision: str) -> dict:
    """Loss and the paper's score on labelled rows."""
    logits = predict_logits(model, rows, pad_id, precision=precision)
    labels = torch.tensor([row["labels"] for row in rows])
    loss = nn.functional.cross_entropy(logits, labels).item()
    return {"loss": loss} | score(metric, labels.numpy(), logits.argmax(-1).numpy(), logits.shape[-1])


def fit(
    model: nn.Module,
    train: list[Row],
    validation: list[Row] | None,
    settings: Settings,
    *,
    metric: str = "accuracy",
    pad_id: int = 0,
    out: Path | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool = True,
) -> Run:
    """Trains `model` in place and leaves it with the weights of its best epoch.

    Args:
        train, validation: tokenised rows with labels. Without validation rows the last epoch is the best.
        metric: "accuracy" or "acc_f1"; the validation's `score` picks the epoch (the earlier one if two are equal).
        out: folder for a checkpoint after each epoch. A run that finds its own checkpoint there goes on from it and
            ends with the same weights as one that was never interrupted; a finished run is only read back.
        callbacks: called with a Progress after each step and epoch.

    Raises:
        BadInput: the loss is no number any more (the best epoch so far is put back first), or the folder holds
            another run. A checkpoint that cannot be written is warned of, and training goes on.
    """
    # With several devices, batch_size stays the whole batch: each takes its share of it.
    accelerator = Accelerator(dataloader_config=DataLoaderConfiguration(split_batches=True))
    key = checkpoint.run_key(settings.to_dict(), train, checkpoint.trained_tensors(model))
    model.to(accelerator.device)
    optimizer = make_optimizer(model, settings)
    wrapped, optimizer = accelerator.prepare(model, optimizer)
    steps_an_epoch = math.ceil(len(train) / settings.batch_size)
    steps = steps_an_epoch * settings.epochs

    run = Run(settings.to_dict(), trained_parameters=sum(p.numel() for p in checkpoint.trained_tensors(model).values()))
    run.environment = environment(accelerator.device)
    best = checkpoint.copy_of(checkpoint.trained_tensors(model))
    resumed = checkpoint.load(out, model, optimizer.optimizer, key) if out else None
    if resumed:
        state, best = resumed
        run.history, run.best_epoch, run.seconds = state["history"], state["best_epoch"], state["seconds"]

    started, step = time.perf_counter() - run.seconds, len(run.history) * steps_an_epoch
    bar = tqdm(
        total=steps, initial=step, unit="step", disable=not (progress and accelerator.is_main_process), desc="training"
    )
    try:
        for epoch in range(len(run.history) + 1, settings.epochs + 1):
            torch.manual_seed(settings.seed * 100_003 + epoch)  # each epoch draws its own dropout, resumed or not
            loader = accelerator.prepare(training_loader(train, settings.batch_size, pad_id, settings.seed, epoch))
            model.train()
            epoch_start, total = time.perf_counter(), 0.0
            for batch in loader:
                with autocast(settings.precision, accelerator.device):
                    loss = wrapped(**batch).loss
                accelerator.backward(loss)
                accelerator.clip_grad_norm_(wrapped.parameters(), settings.clip)
                for group in optimizer.param_groups:
                    group["lr"] = settings.lr * rate(step, steps, settings.warmup)
                optimizer.step()
                optimizer.zero_grad()
                step, value = step + 1, accelerator.reduce(loss.detach(), "mean").item()
                if not math.isfinite(value):
                    raise BadInput(nan_sentence(value, step, epoch, settings, run))
                total += value
                bar.update()
                bar.set_postfix(epoch=epoch, loss=f"{value:.3f}", **validation_so_far(run), refresh=False)
                for callback in callbacks:
                    callback(Progress(epoch, step, steps, value, None, model))
            seconds = time.perf_counter() - epoch_start
            metrics = {"epoch": epoch, "step": step, "train_loss": total / steps_an_epoch, "train_seconds": seconds,
                       "texts_per_second": len(train) / seconds}  # fmt: skip
            if validation:
                found = evaluate(model, validation, pad_id, metric, settings.precision)
                metrics |= {f"validation_{name}": number for name, number in found.items()}
            run.history.append(metrics)
            if not validation or metrics["validation_score"] > max(
                [h["validation_score"] for h in run.history[:-1]], default=-1
            ):
                run.best_epoch, best = epoch, checkpoint.copy_of(checkpoint.trained_tensors(model))
            run.seconds = time.perf_counter() - started
            if out and accelerator.is_main_process:
                state = {"key": key, "history": run.history, "best_epoch": run.best_epoch, "seconds": run.seconds}
                try:
                    checkpoint.save(out, model, best, optimizer.optimizer, state)
                except BadInput as error:  # a full disk must not cost the training
                    warnings.warn(f"{error} Training goes on; without a checkpoint it cannot be resumed.", stacklevel=2)
            for callback in callbacks:
                callback(Progress(epoch, step, steps, value, metrics, model))
    except (StopTraining, KeyboardInterrupt) as stop:
        run.stopped = str(stop) or "stopped by hand"
    finally:
        bar.close()
        checkpoint.put_back(model, best)
        model.eval()
    run.seconds = time.perf_counter() - started
    run.peak_memory_mb = peak_memory_mb(accelerator.device)
    return run


def validation_so_far(run: Run) -> dict[str, str]:
    """The last epoch's validation score, for the bar."""
    last = run.history[-1].get("validation_score") if run.history else None
    return {} if last is None else {"validation": f"{last:.3f}"}


def nan_sentence(loss: float, step: int, epoch: int, settings: Settings, run: Run) -> str:
    """What to say when the loss is no number any more."""
    kept = f"epoch {run.best_epoch} is kept" if run.best_epoch else "the starting weights are kept"
    return (
        f"The loss became {loss} at step {step} (epoch {epoch}) with lr {settings.lr:g}; {kept}. "
        'A smaller lr, or precision "fp32", usually helps.'
    )
