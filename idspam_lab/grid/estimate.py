"""Time and memory of runs before anything is run, by formulas from the model's shape and the size of the texts.

A token costs a block 2 operations for each of its parameters, and 4 T n for attention in a text of T tokens. Forward
counts once; backward to a prompt once more; to the parameters too, twice more. What the store keeps is computed once.
Embeddings, generators and heads are left out: they are small beside the blocks.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..frozen.room import FLOAT, saved_bytes
from ..methods import LatePrompt, LinearHead
from ..methods.fine_tuning import FineTuning
from ..training.device import computes_bf16, pass_tokens, training_device
from .models import Models
from .plan import GridRun
from .sizes import size_of, tested

PROMPT = 10  # tokens: what every method takes without more
REACHED = 0.5  # of what a large matrix product reaches here; measured by `idspam-lab bench --parts f`
COPIES = 5  # of what trains: itself, its gradient, two moments, the best so far


@dataclass(frozen=True)
class Cost:
    """Of a group of runs."""

    flop: float
    memory: float  # bytes at most, without what is kept
    kept: float  # bytes of hidden states: in memory if they fit, else in a file


@dataclass(frozen=True)
class Passes:
    """Blocks that a text goes through for one run."""

    below: int  # once, if the states are kept
    above: int
    times: int  # of a forward pass through those above, in a training step

    @classmethod
    def of(cls, method, L: int) -> "Passes":
        if isinstance(method, LinearHead):
            return cls(L, 0, 0)
        if isinstance(method, LatePrompt):
            return cls(method.layer, L - method.layer, 2)
        return cls(0, L, 3 if isinstance(method, FineTuning) else 2)


def cost_of(group: Sequence[GridRun], models: Models) -> Cost:
    """Of runs that share passes, or of one."""
    first, shape = group[0], models.shape(group[0].backbone)
    size, held = size_of(first)
    passes = [Passes.of(models.built(run.backbone, run.method, run.layer), shape.L) for run in group]
    settings, N = first.settings, size.mean
    text, prompted = block_flop(shape, N), block_flop(shape, N + PROMPT)
    one_block = len({each.below for each in passes}) == 1
    times_below = 1 if one_block else settings.epochs
    flop = times_below * (size.train + held) * max(each.below for each in passes) * text
    for run, each in zip(group, passes, strict=True):
        an_epoch = (size.train * each.times + held) * each.above
        flop += (settings.epochs * an_epoch + tested(run) * shape.L) * prompted
    kept = (size.train + held) * N * shape.n * FLOAT if one_block and passes[0].below and passes[0].above else 0
    return Cost(flop, memory_of(group, models, max(each.above for each in passes), size.longest), kept)


def block_flop(shape, T: float) -> float:
    """Operations of one block's forward pass over a text of T tokens."""
    parameters = sum(p.numel() for p in shape.blocks().parameters()) / shape.L
    return 2 * parameters * T + 4 * T * T * shape.n


def memory_of(group: Sequence[GridRun], models: Models, above: int, longest: int) -> float:
    """Bytes: the frozen model, what trains with its copies, and what backward needs of the largest batch."""
    first, shape = group[0], models.shape(group[0].backbone)
    methods = [models.built(run.backbone, run.method, run.layer) for run in group]
    trained = sum(p.numel() for method in methods for p in method.parameters() if p.requires_grad)
    T, batch = longest + PROMPT, first.settings.batch_size
    tokens = min(len(group) * batch * T, max(batch * T, pass_tokens(training_device())))
    saved = tokens * above * saved_bytes(shape, T, trains=isinstance(methods[0], FineTuning))
    return FLOAT * (sum(p.numel() for p in shape.parameters()) + COPIES * trained) + saved


def measured_rate() -> tuple[float, str]:
    """Operations a second that training reaches here, about, and how that was found."""
    device = training_device()
    dtype = torch.bfloat16 if computes_bf16(device) else torch.float32
    x, seconds = torch.randn(2048, 2048, device=device).to(dtype), []
    for _ in range(4):
        started = time.perf_counter()
        (x @ x).sum().item()  # waits for the device
        seconds.append(time.perf_counter() - started)
    rate = REACHED * 2 * 2048**3 / min(seconds)
    how = f"{REACHED:.0%} of what a matrix product reached on this {device.type} just now"
    return rate, f"{rate / 1e9:,.0f} GFLOP/s, {how}"
