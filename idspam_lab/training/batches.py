"""Tokenised texts in, padded batches out: texts of like length together, so that little is padding."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Sampler

from ..errors import BadInput

Row = dict  # input_ids: list[int]; perhaps token_type_ids: list[int] and labels: int


class Collate:
    """Pads rows on the right to the longest of them. A list of B rows -> dict of (B, N) tensors, labels (B)."""

    def __init__(self, pad_id: int):
        self.pad_id = pad_id

    def __call__(self, rows: list[Row]) -> dict[str, Tensor]:
        N = max(len(row["input_ids"]) for row in rows)
        ids = torch.full((len(rows), N), self.pad_id)  # (B, N)
        mask = torch.zeros((len(rows), N), dtype=torch.long)
        for i, row in enumerate(rows):
            length = len(row["input_ids"])
            ids[i, :length] = torch.tensor(row["input_ids"])
            mask[i, :length] = 1
        batch = {"input_ids": ids, "attention_mask": mask}
        if "token_type_ids" in rows[0]:
            batch["token_type_ids"] = torch.zeros_like(mask)
            for i, row in enumerate(rows):
                batch["token_type_ids"][i, : len(row["input_ids"])] = torch.tensor(row["token_type_ids"])
        if "labels" in rows[0]:
            batch["labels"] = torch.tensor([row["labels"] for row in rows])
        return batch


class LengthBuckets(Sampler[list[int]]):
    """Batches of like length in an order that depends on the seed and the epoch alone.

    All texts are shuffled, cut into pools of `pool` batches, and sorted by length inside a pool only: little
    padding. Where there are more texts than a pool takes, each is in other company in each epoch; of fewer, texts of
    like length mostly stay together. The short batch that may be left, whose texts count more in its mean, is drawn
    before the sorting: else it would have the longest texts in every epoch.
    """

    def __init__(self, lengths: list[int], batch_size: int, seed: int = 0, pool: int = 50):
        self.lengths, self.batch_size, self.seed, self.pool = lengths, batch_size, seed, pool
        self.epoch = 0

    def __len__(self) -> int:
        return -(-len(self.lengths) // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        order = torch.randperm(len(self.lengths), generator=generator).tolist()
        size, whole = self.pool * self.batch_size, len(order) - len(order) % self.batch_size
        batches = [order[whole:]] if whole < len(order) else []
        for start in range(0, whole, size):
            pool = sorted(order[start : min(start + size, whole)], key=lambda i: self.lengths[i])
            batches += [pool[i : i + self.batch_size] for i in range(0, len(pool), self.batch_size)]
        for i in torch.randperm(len(batches), generator=generator).tolist():
            yield batches[i]


class Share(Sampler[list[int]]):
    """One process's part of each batch, as large as every other's, so that the mean of their means is the batch's.

    A short batch that cannot be divided so is filled up with its own texts, of which some count twice then.
    """

    def __init__(self, batches: Sampler[list[int]], process: int, processes: int):
        self.batches, self.process, self.processes = batches, process, processes

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[int]]:
        for batch in self.batches:
            size = -(-len(batch) // self.processes)  # of a part
            yield [batch[(self.process + i * self.processes) % len(batch)] for i in range(size)]


def training_loader(
    rows: list[Row], batch_size: int, pad_id: int, seed: int, epoch: int, process: int = 0, processes: int = 1
) -> DataLoader:
    """One epoch of training batches: of all of them the part of one of several processes.

    Raises:
        BadInput: the processes cannot divide a batch.
    """
    if batch_size % processes:
        enough = batch_size + processes - batch_size % processes
        raise BadInput(
            f"batch_size is {batch_size}, but {processes} processes have equal parts of each batch: choose a multiple "
            f"of {processes}, such as {enough}."
        )
    sampler = LengthBuckets([len(row["input_ids"]) for row in rows], batch_size, seed)
    sampler.epoch = epoch
    return DataLoader(rows, batch_sampler=Share(sampler, process, processes), collate_fn=Collate(pad_id))
