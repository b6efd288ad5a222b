"""(g) What was chosen, beside what was not: attention, precision, rounding weights once, torch.compile.

Each is the upper blocks at m = L/2, forward and backward to the prompt.
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from ..backbones import Backbone
from ..backbones.upper import ALL, rounded, run_upper
from ..methods.base import run_with_prompt
from ..training.device import autocast
from .clock import interleaved, medians, timed
from .found import Found, Ratio
from .scale import Scale
from .shapes import backbone_of

Forward = Callable[[Backbone, Tensor, Tensor, Tensor, int], Tensor]  # backbone, prompt, text, its mask, m


def plain(backbone: Backbone, S: Tensor, hidden: Tensor, mask: Tensor, m: int) -> Tensor:
    """The plain path."""
    return run_with_prompt(backbone, S, hidden, mask, m)


def trimmed(backbone: Backbone, S: Tensor, hidden: Tensor, mask: Tensor, m: int) -> Tensor:
    """The fast path."""
    return run_upper(backbone, {m: (S, hidden)}, mask, ALL)


def choices(scale: Scale) -> Found:
    """Seconds of the upper blocks, forward and backward; half of the texts have padding, so that there is a mask."""
    device, notes = scale.device, []
    eager, sdpa = backbone_of(scale.shape, "eager"), backbone_of(scale.shape, "sdpa")
    m, n, B, N = eager.L // 2, eager.n, scale.batch_size, scale.length
    hidden, S = torch.randn(B, N, n, device=device), torch.randn(B, 10, n, device=device, requires_grad=True)
    mask = torch.ones(B, N, dtype=torch.long, device=device)
    mask[::2, -(N // 4) :] = 0

    def case(forward: Forward, backbone: Backbone, precision: str):
        def work() -> None:
            with autocast(precision, device):
                out = forward(backbone, S, hidden, mask, m)
            out.float().sum().backward()

        return work

    work = {
        "plain path, eager, bf16": case(plain, eager, "bf16"),
        "plain path, sdpa, bf16": case(plain, sdpa, "bf16"),
        "plain path, eager, fp32": case(plain, eager, "fp32"),
        "plain path, sdpa, fp32": case(plain, sdpa, "fp32"),
        "plain path, eager, bf16, weights rounded once": case(plain, rounded(eager), "bf16"),
        "fast path, eager, bf16": case(trimmed, rounded(eager), "bf16"),
        "fast path, sdpa, bf16": case(trimmed, rounded(sdpa), "bf16"),
    }
    if scale.compile:
        best = eager if device.type == "cpu" else sdpa
        work["fast path, compiled, bf16"] = case(torch.compile(trimmed), rounded(best), "bf16")
        started = time.perf_counter()
        work["fast path, compiled, bf16"]()
        notes = [f"compiling for one length of text took {time.perf_counter() - started:,.0f} s"]
    cases = {name: timed(lambda do=do: [do() for _ in range(scale.steps)]) for name, do in work.items()}
    seconds = interleaved(cases, scale.repeats, "choices")
    seconds = {name: [s / scale.steps for s in found] for name, found in seconds.items()}
    found = medians(seconds)
    base = found["fast path, eager, bf16"]
    ratios = [Ratio(f"{name} / fast path, eager, bf16", value / base) for name, value in found.items() if value != base]
    return Found(f"(g) Choices, {scale}", "seconds", found, seconds, ratios, notes)
