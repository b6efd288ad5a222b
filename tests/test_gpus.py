"""What is asked of GPUs, with numbers as torch gives them; no GPU is needed."""

import os
from types import SimpleNamespace

import pytest
import torch

from idspam_lab.frozen import room
from idspam_lab.grid import executors
from idspam_lab.training import device as where

GPU = torch.device("cuda")
GB = 10**9


def gpu_with(monkeypatch, *, all_, free, held=0, used=0, share=1.0):
    """A GPU's memory as torch tells of it, in bytes."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, all_))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: held)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: used)
    monkeypatch.setattr(torch.cuda, "get_per_process_memory_fraction", lambda device: share)


@pytest.mark.parametrize(
    "told, room_there",
    [
        ({"free": 70 * GB}, 70 * GB),
        ({"free": 60 * GB, "held": 15 * GB, "used": 5 * GB}, 70 * GB),  # torch holds 10 that nothing is in
        ({"free": 70 * GB, "share": 0.1}, 8 * GB),
        ({"free": 70 * GB, "share": 0.1, "used": 3 * GB, "held": 3 * GB}, 5 * GB),
        ({"free": 2 * GB, "share": 0.1}, 2 * GB),  # another program has the rest
        ({"free": 0, "share": 0.1, "used": 9 * GB, "held": 9 * GB}, 0),
    ],
)
def test_the_room_on_a_gpu_is_what_is_free_and_ours(monkeypatch, told, room_there):
    gpu_with(monkeypatch, all_=80 * GB, **told)
    assert where.room_on_gpu(GPU) == pytest.approx(room_there)


def test_a_small_gpu_takes_fewer_tokens_together(monkeypatch):
    backbone = SimpleNamespace(n=384, L=6, config=SimpleNamespace(num_attention_heads=12))
    gpu_with(monkeypatch, all_=80 * GB, free=79 * GB)
    assert room.tokens_together(backbone, GPU, 100) == where.pass_tokens(GPU) == 65_536
    gpu_with(monkeypatch, all_=4 * GB, free=3 * GB)
    tokens = room.tokens_together(backbone, GPU, 100)
    assert 0.9 * 3 * GB < 2 * tokens * 6 * room.saved_bytes(backbone, 100) <= 3 * GB  # a half of it is counted on
    assert room.tokens_together(backbone, torch.device("cpu"), 100) == where.pass_tokens(torch.device("cpu"))


@pytest.mark.parametrize(
    "number, seen, wanted",
    [
        (0, None, [None] * 5),
        (1, None, [None] * 5),
        (2, None, ["0", "1", "0", "1", "0"]),
        (3, "4,5,6", ["4", "5", "6", "4", "5"]),
        (2, "GPU-a,GPU-b", ["GPU-a", "GPU-b", "GPU-a", "GPU-b", "GPU-a"]),
    ],
)
def test_processes_have_the_gpus_in_turn(monkeypatch, number, seen, wanted):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: number)
    if seen is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", seen)
    assert executors.gpus_in_turn(5) == wanted
    for gpu in wanted:
        with executors.seeing(gpu):
            assert os.environ.get("CUDA_VISIBLE_DEVICES") == (seen if gpu is None else gpu)
        assert os.environ.get("CUDA_VISIBLE_DEVICES") == seen
