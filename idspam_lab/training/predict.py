"""Logits for many texts, in the order they came in."""

import threading
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from .batches import Collate, Row
from .device import autocast, device_of

BATCH_TOKENS = 4096  # at once, so that memory does not depend on how long the texts are
TURN = threading.RLock()  # of the threads: a classifier is read while it trains in another one, in a notebook


@contextmanager
def evaluating(model: nn.Module, gradients: bool = False):
    """No dropout, no gradients unless asked for, no training step meanwhile; the model's mode comes back."""
    with TURN:
        was_training = model.training
        model.eval()
        try:
            with torch.set_grad_enabled(gradients):
                yield
        finally:
            model.train(was_training)


def predict_logits(
    model: nn.Module,
    rows: list[Row],
    pad_id: int,
    *,
    precision: str = "auto",
    progress: str | None = None,
) -> Tensor:
    """model(**batch).logits for every row, on the CPU in fp32. (rows, K)

    Batches hold about BATCH_TOKENS tokens. `progress` is the bar's title; None shows none.
    """
    device, collate, logits = device_of(model), Collate(pad_id), [None] * len(rows)
    with tqdm(total=len(rows), desc=progress, unit="text", disable=progress is None) as bar:
        for chunk in token_chunks(rows):
            batch = {key: value.to(device) for key, value in collate([rows[i] for i in chunk]).items()}
            batch.pop("labels", None)
            with evaluating(model), autocast(precision, device):  # a turn, if the caller has not taken one for all
                out = model(**batch).logits
            for i, row in zip(chunk, out.float().cpu(), strict=True):
                logits[i] = row
            bar.update(len(chunk))
    return torch.stack(logits) if logits else torch.empty(0)


def token_chunks(rows: list[Row], batch_tokens: int = BATCH_TOKENS) -> list[list[int]]:
    """Row numbers, shortest first, in chunks whose padded size stays under `batch_tokens`."""
    chunks: list[list[int]] = [[]]
    for i in sorted(range(len(rows)), key=lambda i: len(rows[i]["input_ids"])):
        if chunks[-1] and (len(chunks[-1]) + 1) * len(rows[i]["input_ids"]) > batch_tokens:
            chunks.append([])
        chunks[-1].append(i)
    return [chunk for chunk in chunks if chunk]
