"""The training loop: read it in one sitting.

It knows nothing of prompts: a model is anything whose forward takes a batch and returns `.loss` and `.logits`, and
what trains in it is what has `requires_grad`.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from tqdm.auto import tqdm

from ..errors import BadInput
from ..metrics import score
from . import checkpoint
from .batches import Row, training_loader
from .device import autocast, own_random_numbers
from .predict import TURN, predict_logits
from .record import Run, best_epoch, environment, peak_memory_mb
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
    """AdamW as in appendix A; weight decay on matrices, not on biases and norms.

    A model may have `lr_factor(name)`: what the learning rate of that parameter is multiplied with.
    """
    factor_of = getattr(model, "lr_factor", lambda name: 1.0)
    groups: dict[tuple[bool, float], dict] = {}
    for name, parameter in checkpoint.trained_tensors(model).items():
        decays, factor = parameter.ndim > 1 and not name.endswith("bias"), factor_of(name)
        new = {"params": [], "weight_decay": settings.weight_decay if decays else 0.0, "factor": factor}
        groups.setdefault((decays, factor), new)["params"].append(parameter)
    return torch.optim.AdamW(list(groups.values()), lr=settings.lr, betas=settings.betas, eps=settings.eps)


def rate(step: int, steps: int, warmup: float) -> float:
    """The learning rate's factor at a step (from 0): up to 1 over the warm-up, then down to 0, both straight lines."""
    rise = round(warmup * steps)
    return (step + 1) / rise if step < rise else (steps - step) / max(1, steps - rise)


def set_rates(optimizer: torch.optim.Optimizer, settings: Settings, step: int, steps: int) -> None:
    """The learning rates for the next step; `step` of `steps` were done before."""
    for group in optimizer.param_groups:
        group["lr"] = settings.lr * group["factor"] * rate(step, steps, settings.warmup)


def evaluate(model: nn.Module, rows: list[Row], pad_id: int, metric: str, precision: str) -> dict:
    """Loss and the paper's score on labelled rows."""
    return scored(predict_logits(model, rows, pad_id, precision=precision), rows, metric)


def scored(logits: Tensor, rows: list[Row], metric: str) -> dict:
    """Loss and the paper's score of what was predicted, (rows, K), for labelled rows."""
    labels = torch.tensor([row["labels"] for row in rows])
    loss = nn.functional.cross_entropy(logits, labels).item()
    return {"loss": loss} | score(metric, labels.numpy(), logits.argmax(-1).numpy(), logits.shape[-1])


@own_random_numbers()
def fit(
    model: nn.Module,
    train: list[Row],
    validation: list[Row] | None,
    settings: Settings,
    *,
    metric: str = "accuracy",
    pad_id: int = 0,
    out: Path | None = None,
    identity: str = "",
    callbacks: Sequence[Callback] = (),
    progress: bool = True,
    begin: Callable[[], object] = lambda: None,
) -> Run:
    """Trains `model` in place and leaves it with the weights of its best epoch.

    Args:
        train, validation: tokenised rows with labels. Without validation rows the last epoch is the best.
        metric: one of `metrics.METRICS`; the validation's `score` picks the epoch (the earlier one if two are equal).
        out: folder for a checkpoint after each epoch. A run that finds its own checkpoint there goes on from it and
            ends with the same weights as one that was never interrupted; a finished run, or one that was dropped
            among others (frozen/many.py), is only read back.
        identity: what the model is, as far as its trained weights do not show it; keeps two runs' checkpoints apart.
        callbacks: called with a Progress after each step and epoch.
        begin: makes what all epochs use; called, and timed, with the first epoch that is still to be trained.

    Raises:
        BadInput: the loss is no number any more (the best epoch so far is put back first), or the folder holds
            another run. A checkpoint that cannot be written is warned of, and training goes on.
    """
    accelerator = Accelerator()
    start = checkpoint.copy_of(checkpoint.trained_tensors(model))
    texts = checkpoint.digest_of([train, validation]) if out else ""
    key = checkpoint.RunKey.of([settings.to_dict(), metric, identity], texts, start) if out else None
    model.to(accelerator.device)
    optimizer = make_optimizer(model, settings)
    wrapped, optimizer = accelerator.prepare(model, optimizer)
    steps_an_epoch = math.ceil(len(train) / settings.batch_size)
    steps = steps_an_epoch * settings.epochs
    share = accelerator.process_index, accelerator.num_processes  # with several, batch_size stays the whole batch

    run = Run(settings.to_dict(), trained_parameters=sum(p.numel() for p in start.values()))
    run.environment = environment(accelerator.device)
    best = checkpoint.load(out, model, optimizer.optimizer, key, run) if out else None
    best = start if best is None else best
    started, done = time.perf_counter() - run.seconds, settings.epochs if run.stopped else len(run.history)
    bar = tqdm(
        total=steps,
        initial=done * steps_an_epoch,
        unit="step",
        desc="training",
        disable=not (progress and accelerator.is_main_process),
    )
    try:
        for epoch in range(done + 1, settings.epochs + 1):
            epoch_started = time.perf_counter()
            if epoch == done + 1:
                begin()
            torch.manual_seed(settings.seed * 100_003 + epoch)  # each epoch draws its own dropout, resumed or not
            loader = training_loader(train, settings.batch_size, pad_id, settings.order, epoch, *share)

            def told(step: int, loss: float, epoch: int = epoch) -> None:
                if not math.isfinite(loss):
                    raise BadInput(nan_sentence(loss, step, epoch, settings, run))
                bar.update()
                bar.set_postfix(epoch=epoch, loss=f"{loss:.3f}", **validation_so_far(run), refresh=False)
                for callback in callbacks:
                    callback(Progress(epoch, step, steps, loss, None, model))

            first_step = (epoch - 1) * steps_an_epoch
            with TURN:
                model.train()
            losses = train_epoch(accelerator, wrapped, optimizer, loader, settings, first_step, steps, told)
            seconds = time.perf_counter() - epoch_started
            found = evaluate(model, validation, pad_id, metric, settings.precision) if validation else {}
            metrics = metrics_of(epoch, first_step + len(losses), losses, seconds, len(train), found)
            if not math.isfinite(found.get("loss", 0.0)):
                raise BadInput(nan_sentence(found["loss"], metrics["step"], epoch, settings, run, "validation loss"))
            run.history.append(metrics)
            run.best_epoch = best_epoch(run.history)
            if run.best_epoch == epoch:
                best = checkpoint.copy_of(checkpoint.trained_tensors(model))
            bar.set_postfix(epoch=epoch, loss=f"{losses[-1]:.3f}", **validation_so_far(run))
            run.seconds = time.perf_counter() - started
            if out and accelerator.is_main_process:
                checkpoint.save(out, model, best, optimizer.optimizer, key, run)
            for callback in callbacks:
                callback(Progress(epoch, metrics["step"], steps, losses[-1], metrics, model))
    except (StopTraining, KeyboardInterrupt) as stop:
        run.stopped = str(stop) or "stopped by hand"
        run.seconds = time.perf_counter() - started
    finally:
        bar.close()
        with TURN:
            checkpoint.put_back(model, best)
            model.eval()
    run.peak_memory_mb = peak_memory_mb(accelerator.device)
    return run


def train_epoch(
    accelerator: Accelerator,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    loader: Iterable[dict],
    settings: Settings,
    step: int,
    steps: int,
    told: Callable[[int, float], None],
) -> list[float]:
    """One pass over the training batches; `step` of `steps` were done before. Returns the loss of each step."""
    losses = []
    for batch in loader:
        with TURN:
            set_rates(optimizer, settings, step, steps)
            batch = {name: column.to(accelerator.device) for name, column in batch.items()}
            with autocast(settings.precision, accelerator.device):
                loss = model(**batch).loss
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(model.parameters(), settings.clip)
            optimizer.step()
            optimizer.zero_grad()
            step += 1
            losses.append(accelerator.reduce(loss.detach(), "mean").item())
        told(step, losses[-1])
    return losses


def metrics_of(epoch: int, step: int, losses: list[float], seconds: float, texts: int, validation: dict) -> dict:
    """What a run's history says of an epoch.

    Args:
        step: done until then, over all epochs.
        losses: of the epoch's steps.
        seconds: for training, and in the first epoch for what all epochs use.
        texts: that were trained on.
        validation: of `evaluate`; {} without validation texts.
    """
    metrics = {"epoch": epoch, "step": step, "train_loss": sum(losses) / len(losses), "train_seconds": seconds}
    return metrics | {"texts_per_second": texts / seconds} | {f"validation_{k}": v for k, v in validation.items()}


def validation_so_far(run: Run) -> dict[str, str]:
    """The last epoch's validation score, for the bar."""
    last = run.history[-1].get("validation_score") if run.history else None
    return {} if last is None else {"validation": f"{last:.3f}"}


def nan_sentence(loss: float, step: int, epoch: int, settings: Settings, run: Run, what: str = "loss") -> str:
    """What to say when the loss is no number any more."""
    kept = f"epoch {run.best_epoch} is kept" if run.best_epoch else "the starting weights are kept"
    return (
        f"The {what} became {loss} at step {step} (epoch {epoch}) with lr {settings.lr:g}; {kept}. "
        'A smaller lr, or precision "fp32", usually helps.'
    )
