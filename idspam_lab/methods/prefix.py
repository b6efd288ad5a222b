"""Trained keys and values in front of the text in every block: P-tuning v2 and prefix tuning."""

from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn

from .base import Encoded, Method, check_at_least_one


class KeyValuePrefix(Method):
    """t keys and t values in every block that the text attends to.

    The text is run with t more positions in front, and in every block their keys and values are written over with
    the trained ones. What the t positions themselves become is thrown away, so this is the usual prefix, and it needs
    nothing of a family but where its keys and values are made. Models that turn keys by their position (Llama) or
    norm them (Qwen3, Gemma 3) do so with the trained keys too.
    """

    def __init__(self, backbone, t: int, width: int | None):
        super().__init__()
        check_at_least_one(t=t, **({} if width is None else {"width": width}))
        from peft import PrefixEncoder, PrefixTuningConfig

        self.t, self.twin = t, backbone.twin()
        self.places = [self.twin.keys_and_values(block) for block in self.twin.blocks()]
        self.size = outputs_of(*self.places[0][0])  # of a key; smaller than n where heads share keys
        self.encoder = PrefixEncoder(
            PrefixTuningConfig(
                num_virtual_tokens=t,
                token_dim=self.size,
                num_layers=backbone.L,
                prefix_projection=width is not None,
                encoder_hidden_size=width,
            )
        )
        self.values = Values()
        for number, place in enumerate(place for block in self.places for place in block):
            put_over(place, self.values, number)

    def encode(self, backbone, ids, mask, types):
        prefix = self.encoder(torch.arange(self.t, device=ids.device))  # (t, 2 L size)
        self.values[:] = prefix.split(self.size, dim=1)
        hidden = self.twin.embed(ids, mask, types)  # (B, N, n)
        both = torch.cat([hidden.new_zeros(len(ids), self.t, hidden.shape[-1]), hidden], dim=1)  # (B, t+N, n)
        longer = torch.cat([mask.new_ones(len(ids), self.t), mask], dim=1)  # (B, t+N)
        return Encoded(self.twin.finish(self.twin.run(both, longer))[:, self.t :], mask, None)


class PTuningV2(KeyValuePrefix):
    """P-tuning v2 (Liu et al. 2022b): the keys and values themselves train. Option: `t`.

    They begin as those of a text of t random words: far better than random numbers (Li and Liang 2021). The released
    code drops out a tenth of them in training; here nothing is dropped.
    """

    preset: ClassVar[dict] = {"lr": 1e-2}

    def __init__(self, backbone, t: int = 10):
        super().__init__(backbone, t, None)
        if not next(backbone.parameters()).is_meta:
            with torch.no_grad():
                self.encoder.embedding.weight.copy_(keys_and_values_of_words(backbone, t))


class PrefixTuning(KeyValuePrefix):
    """Prefix tuning (Li and Liang 2021): made by Embedding(t, n) -> Linear -> tanh -> Linear. Options: `t`, `width`."""

    preset: ClassVar[dict] = {"lr": 1e-3}

    def __init__(self, backbone, t: int = 10, width: int = 512):
        super().__init__(backbone, t, width)


def outputs_of(layer: nn.Module, part: slice) -> int:
    """How many outputs of a linear layer a part is. GPT-2's layers have another name for their number."""
    return len(range(*part.indices(getattr(layer, "out_features", None) or layer.nf)))


class Values(list):
    """The keys and values (t, size) of the pass that is running, in the order of their places.

    A deep copy of a classifier gets an empty one, which its own layers look at.
    """

    def __deepcopy__(self, memo: dict) -> "Values":
        return Values()


def put_over(place: tuple[nn.Module, slice], values: Values, number: int) -> None:
    """From now on the layer's outputs at the first t positions are values[number] (t, size)."""
    layer, part = place
    layer.prefix_values = values  # a copy of the layer has the copy's
    layer.register_forward_hook(partial(write_over, part=part, number=number))


def write_over(layer: nn.Module, inputs: tuple, out: Tensor, *, part: slice, number: int) -> Tensor:
    """out (B, t+N, outputs) with the layer's prefix values in the place of a part at the first t positions."""
    new = layer.prefix_values[number].to(out.dtype)  # (t, size)
    return torch.cat([replace_part(out[:, : len(new)], part, new), out[:, len(new) :]], dim=1)


def replace_part(out: Tensor, part: slice, new: Tensor) -> Tensor:
    """out (B, t, outputs) with new (t, size) in the place of its part."""
    start, stop, _ = part.indices(out.shape[-1])
    return torch.cat([out[..., :start], new.expand(len(out), -1, -1), out[..., stop:]], dim=-1)


@torch.no_grad()
def keys_and_values_of_words(backbone, t: int) -> Tensor:
    """The keys and values that the blocks make of t random words. (t, 2 L size)"""
    reader, found = backbone.twin(), []
    for layer, part in (place for block in reader.blocks() for place in reader.keys_and_values(block)):
        layer.register_forward_hook(lambda module, inputs, out, part=part: found.append(out[0, :, part].float()))
    ids = torch.randint(backbone.config.vocab_size, (1, t)).to(next(backbone.parameters()).device)
    reader.run(reader.embed(ids, torch.ones_like(ids)), torch.ones_like(ids))
    return torch.cat(found, dim=1)
