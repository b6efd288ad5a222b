"""(i) Where the time of the upper blocks goes, operator by operator, as torch's profiler sees it."""

import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from ..backbones.upper import ALL, frozen_for, run_upper
from ..training.device import autocast
from .found import Found
from .scale import Scale
from .shapes import backbone_of

SHOWN = 9  # operators by name; the rest is one sum


def where_time_goes(scale: Scale) -> Found:
    """Shares of the time of a forward and backward pass at m = L/2. The profiler itself takes time too."""
    backbone, device, t = backbone_of(scale.shape), scale.device, 10
    m, n, B, N = backbone.L // 2, backbone.n, scale.batch_size, scale.length
    hidden, S = torch.randn(B, N, n, device=device), torch.randn(B, t, n, device=device, requires_grad=True)
    mask = torch.ones(B, N, dtype=torch.long, device=device)

    def step() -> None:
        with autocast("auto", device):
            out = run_upper(frozen_for(backbone, device, N), {m: (S, hidden)}, mask, ALL)
        out.float().sum().backward()

    for _ in range(2):  # the first ones also make what is kept
        step()
    kinds = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device.type == "cuda" else [])]
    with profile(activities=kinds) as seen:
        for _ in range(scale.steps):
            step()
    spent = "self_device_time_total" if device.type == "cuda" else "self_cpu_time_total"
    events = [event for event in seen.key_averages() if event.device_type == DeviceType.CPU]  # not their kernels again
    times = {event.key: float(getattr(event, spent)) for event in events}
    largest = sorted((name for name in times if times[name] > 0), key=times.get, reverse=True)[:SHOWN]
    total = sum(times.values())
    shares = {name: times[name] / total for name in largest}
    shares["all else"] = max(0.0, 1 - sum(shares.values()))
    title = f"(i) Where the time of the upper blocks goes, {scale}"
    return Found(title, "share of the time", shares, {name: [share] for name, share in shares.items()})
