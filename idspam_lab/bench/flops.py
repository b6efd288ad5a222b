"""(f) How much of the hardware the upper blocks use: multiplications and additions needed, over time, over the peak."""

import torch
from torch import Tensor

from ..backbones import Backbone
from ..backbones.upper import ALL, FIRST, rounded, run_upper
from ..training.device import autocast
from .clock import interleaved, medians, timed
from .found import Found, Ratio
from .scale import Scale
from .shapes import backbone_of


def needed(backbone: Backbone, m: int, B: int, N: int, t: int, first: bool) -> float:
    """Floating-point operations of the upper blocks, forward and backward to the prompt, by the formula.

    A product of (a, b) and (b, c) counts 2 a b c. A block makes queries, keys, values and what they give (4 n^2 a
    position), a feed-forward layer (2 n w) and two products of attention (2 T n). Backward, every product is done once
    more, toward its input, and attention's twice. In the last block only what is read asks; in the first, what the text
    itself says is not traced.
    """
    n, w, T = backbone.n, backbone.config.intermediate_size, t + N
    total = 0.0
    for i in range(m, backbone.L):
        asks = T if i < backbone.L - 1 else 1 if first else N
        joins = i == m
        back = (t if joins else T) / T  # of the positions whose keys and values are traced
        traced_asks = (0 if asks < T else t) if joins else asks
        keys_values = 2 * n * n * T * (1 + back)
        queries = n * n * (asks + traced_asks)
        rest = (n * n + 2 * n * w) * asks * 2
        attention = 2 * asks * T * n * 3
        total += 2 * B * (keys_values + queries + rest + attention)
    return total


def flops(scale: Scale) -> Found:
    """GFLOP a second of the upper blocks at m = L/2, beside a matrix product of their size and a large one."""
    backbone, device, t = backbone_of(scale.shape), scale.device, 10
    m, n, B, N = backbone.L // 2, backbone.n, scale.batch_size, scale.length
    hidden = torch.randn(B, N, n, device=device)
    mask = torch.ones(B, N, dtype=torch.long, device=device)
    S = torch.randn(B, t, n, device=device, requires_grad=True)
    with autocast("auto", device):
        bf16 = torch.is_autocast_enabled(device.type)
    frozen, dtype = (rounded(backbone), torch.bfloat16) if bf16 else (backbone, torch.float32)

    def upper(read: slice) -> None:
        with autocast("auto", device):
            out = run_upper(frozen, {m: (S, hidden)}, mask, read)
        out.float().sum().backward()

    rows, wide = B * (t + N), backbone.config.intermediate_size
    work = {
        "upper blocks, the first token is read": (lambda: upper(FIRST), needed(backbone, m, B, N, t, True)),
        "upper blocks, the mean is read": (lambda: upper(ALL), needed(backbone, m, B, N, t, False)),
        f"matrix product {rows} x {n} x {wide}": product(rows, n, wide, dtype, device),
        "matrix product 2048 x 2048 x 2048": product(2048, 2048, 2048, dtype, device),
    }
    cases = {name: timed(lambda do=do: [do() for _ in range(scale.steps)]) for name, (do, _) in work.items()}
    seconds = interleaved(cases, scale.repeats, "operations")
    rates = {name: [scale.steps * work[name][1] / s / 1e9 for s in found] for name, found in seconds.items()}
    found = medians(rates)
    first, mean, *products = found
    peak = max(found[name] for name in products)
    ratios = [Ratio(f"{name} / the best product", found[name] / peak, 0.6) for name in (first, mean)]
    title = f"(f) Operations, {scale}, {str(dtype).removeprefix('torch.')}"
    return Found(title, "GFLOP a second", found, rates, ratios)


def product(a: int, b: int, c: int, dtype: torch.dtype, device: torch.device):
    """A matrix product, and its operations."""
    x: Tensor = torch.randn(a, b, device=device).to(dtype)
    weight = torch.randn(c, b, device=device).to(dtype)
    return lambda: torch.nn.functional.linear(x, weight), 2.0 * a * b * c
