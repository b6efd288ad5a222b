"""A frozen Hugging Face model that can be run in stages.

    ids ──embed_tokens──> E (B, N, n)                 what the prompt is made from
    ids ──embed──> h_0 ──run(0, m)──> h_m             what the text is at the input of block m
                     cat(S, h_m) ──run(m, L)──> finish ──> (B, t+N, n)

A prompt can so join at the input of any block, and what lies below that block is a plain function of the text.
Every stage takes a mask and any number of positions; a family's class (families.py) says only where its parts are.
"""

import copy
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from numbers import Integral
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..errors import BadInput


@dataclass(frozen=True)
class Identity:
    """Which frozen model this is: enough to load it again and to refuse another one."""

    name: str  # what load_backbone was given: "minilm", a hub name or a folder's name
    family: str  # config.model_type
    n: int  # hidden size
    L: int  # blocks
    weights_sha256: str  # over every tensor's name, type, shape and bytes
    revision: str | None = None  # the hub's commit
    dtype: str = "float32"  # of the weights, and so of the hash

    def to_dict(self) -> dict:
        return asdict(self)


def positions(mask: Tensor) -> Tensor:
    """Each text counts from its own first real token, wherever the padding is. (B, T) -> (B, T)"""
    return (mask.long().cumsum(dim=1) - 1).clamp(min=0)


def pad_right(mask: Tensor, *columns: Tensor | None) -> tuple[Tensor | None, ...]:
    """Moves each row's real tokens to the front: mask and columns (B, N) -> the same, padding on the right.

    A prompt in front of left padding would stand at a distance that depends on the rest of the batch, which
    blocks with a sliding window would notice.
    """
    order = (1 - mask.long()).argsort(dim=1, stable=True)  # (B, N)
    return tuple(None if column is None else column.gather(1, order) for column in (mask, *columns))


def rules_of(tokenizer) -> str:
    """Tells a tokenizer's vocabulary and all that it does with a text from another's."""
    told = [type(tokenizer).__name__, sorted(tokenizer.get_vocab().items())]
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:  # a fast one says it all; what the last call asked of it is no part of it
        told.append({k: v for k, v in json.loads(backend.to_str()).items() if k not in ("truncation", "padding")})
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def check_layer(m: int, backbone) -> int:
    """m, if a prompt can join at the input of block m of `backbone` (anything with L and name).

    Raises:
        BadInput: m is not in 0..L-1, or no whole number.
    """
    blocks = f"choose 0 (the input) to {backbone.L - 1}"
    if isinstance(m, bool) or not isinstance(m, Integral):
        kind = ", a text" if isinstance(m, str) else ""
        raise BadInput(f"layer is {m!r}{kind}, but a block is named by a whole number: {blocks}.")
    if not 0 <= m < backbone.L:
        raise BadInput(f"layer is {m}, but {backbone.name or 'this model'} has {backbone.L} blocks: {blocks}.")
    return int(m)


def sample_of(model: nn.Module) -> list[float]:
    """Eight numbers of each weight, or all of a shorter one."""
    flat = [p.detach().flatten() for p in model.parameters() if not p.is_meta]
    some = [part[:: max(1, len(part) // 8)][:8].float() for part in flat]
    return torch.cat(some).tolist() if some else []


class Backbone(nn.Module):
    """The stages, the same for every family. n is the hidden size, L the number of blocks.

    The model inside is frozen and stays in evaluation mode whatever `train()` says: dropout in a frozen
    model only makes noise, and without it the hidden states below the prompt are a function of the text alone.
    """

    causal = False  # decoders see only what is to their left
    absolute_positions = True  # the embeddings say where a token stands
    queries_and_values: tuple[str, ...] = ()  # names of the layers that LoRA changes
    blocks_name = "layer"  # what the list of blocks is called in the model
    frozen = True  # False in a `trainable_copy` alone
    checkpointing = False  # True: blocks are computed again in the backward pass, which saves memory

    def __init__(
        self,
        model: nn.Module,
        tokenizer,
        name: str = "",
        revision: str | None = None,
        read: str | None = None,
        word_head: nn.Module | None = None,
    ):
        super().__init__()
        self.model = model.requires_grad_(False)
        self.word_head = word_head and word_head.requires_grad_(False)  # of the masked language model: (B, n) -> (B, V)
        self.tokenizer = tokenizer
        self.config = model.config
        self.n: int = model.config.hidden_size
        self.L: int = model.config.num_hidden_layers
        self.name, self.revision = name, revision
        self.folder: Path | None = None  # where it was loaded from, if that was a folder of the user's own
        self.default_read = read or ("last" if self.causal else "first")
        self._seen: tuple | None = None  # of the weights, by `notice_changes`
        self.changes = 0
        self.eval()

    def train(self, mode: bool = True) -> "Backbone":
        return super().train(mode and not self.frozen)

    # What a family says about itself -------------------------------------------------------------------

    def blocks(self) -> nn.ModuleList:
        """The L transformer blocks."""
        raise NotImplementedError

    def embed(self, ids: Tensor, mask: Tensor, types: Tensor | None = None, rows: Tensor | None = None) -> Tensor:
        """The input of block 0. ids, mask and token types (B, N) -> (B, N, n)

        rows (B, N, width): what to take in place of the token table's rows.
        """
        raise NotImplementedError

    def block_arguments(self, hidden: Tensor, mask: Tensor) -> list[dict]:
        """What each of the L blocks is called with besides the hidden states; mask (B, T)."""
        raise NotImplementedError

    def keys_and_values(self, block: nn.Module) -> list[tuple[nn.Module, slice]]:
        """Where a block makes its keys and where its values: a linear layer each, and which of its outputs."""
        raise NotImplementedError

    @staticmethod
    def word_head_of(masked_model: nn.Module) -> nn.Module:
        """The head of a `...ForMaskedLM` model. (..., n) -> (..., vocabulary)

        Raises:
            BadInput: nobody has said where it is.
        """
        raise BadInput(f"{type(masked_model).__name__} has no word head here: read a token with a head of its own.")

    def table_rows(self, ids: Tensor) -> Tensor:
        """The token table's rows, as wide as the table is. (B, N) -> (B, N, width)"""
        return self.model.get_input_embeddings()(ids)

    @property
    def vocabulary(self) -> int:
        """Rows of the token table: ids go from 0 to below it."""
        return self.model.get_input_embeddings().num_embeddings

    @property
    def table_width(self) -> int:
        """Of the token table: n, but for ELECTRA's small models."""
        return self.model.get_input_embeddings().weight.shape[1]

    def embed_tokens(self, ids: Tensor) -> Tensor:
        """E: the token table alone, without positions. (B, N) -> (B, N, n)"""
        return self.table_rows(ids)

    def finish(self, hidden: Tensor) -> Tensor:
        """The norm above the last block, where a family has one. (B, T, n) -> (B, T, n)"""
        return hidden

    # The same for all ----------------------------------------------------------------------------------

    def run(
        self,
        hidden: Tensor,
        mask: Tensor,
        start: int = 0,
        stop: int | None = None,
        before: Callable[[int, Tensor], Tensor] | None = None,
    ) -> Tensor:
        """Blocks start..stop-1 on any hidden states. (B, T, n), mask (B, T) -> (B, T, n)

        T counts the prompt too: put ones in front of the mask for it. No positions are added here: those of
        the tokens were added in `embed`, and relative ones come from the mask.

        before(i, hidden) -> hidden: what to do to the input of block i, for methods that act at several blocks.

        Raises:
            BadInput: start and stop are not 0 <= start <= stop <= L.
        """
        stop = self.L if stop is None else stop
        if not 0 <= start <= stop <= self.L:
            raise BadInput(
                f"Blocks {start} to {stop} were asked for, but {self.name or 'this model'} has blocks 0 to {self.L}."
            )
        arguments = self.block_arguments(hidden, mask) if start < stop else []
        for i in range(start, stop):
            hidden = before(i, hidden) if before else hidden
            block = self.blocks()[i]
            if self.checkpointing and torch.is_grad_enabled():
                out = checkpoint(block, hidden, use_reentrant=False, **arguments[i])
            else:
                out = block(hidden, **arguments[i])
            hidden = out[0] if isinstance(out, tuple) else out  # some families return (hidden, attention)
        return hidden

    @torch.no_grad()
    def trunk(self, ids: Tensor, mask: Tensor, types: Tensor | None, m: int) -> tuple[Tensor, Tensor]:
        """All that is below the prompt, untraced by autograd: E and the input of block m, both (B, N, n)."""
        return self.embed_tokens(ids), self.run(self.embed(ids, mask, types), mask, 0, m)

    # Copies -------------------------------------------------------------------------------------------------
    #
    # twin              weights shared           LoRA, keys and values: what is put inside stays there
    # trainable_copy    weights of its own       fine-tuning
    # upper.rounded     linear layers in bf16    training under autocast   } frozen_for takes the quickest one that
    # upper.fused       weights shared           long texts, no gradient   } says the same

    def twin(self) -> "Backbone":
        """The same weights in modules of its own: what is put inside (LoRA, hooks) leaves this one alone.

        Moving a model changes its parameters in place but exchanges its buffers: a twin's parameters go with it, its
        buffers stay where they are (see `upper.made_once`).
        """
        shared = {id(part): part for part in (*self.parameters(), *self.buffers(), self.tokenizer)}
        return copy.deepcopy(self, memo=shared)

    def trainable_copy(self) -> "Backbone":
        """Weights of its own that train, with the model's own dropout while training.

        In fp32 at least: in bf16 an optimiser's small steps would be rounded away.
        """
        found = copy.deepcopy(self, memo={id(self.tokenizer): self.tokenizer})
        found.frozen = False
        found.model.to(torch.promote_types(self.model.dtype, torch.float32))
        found.model.requires_grad_(True)
        return found

    @property
    def max_length(self) -> int:
        """Tokens of text that the model takes, special tokens included."""
        table = getattr(self.config, "max_position_embeddings", None) or 10**6
        return min(self.tokenizer.model_max_length, table)

    def reading(self) -> str:
        """Tells how a text is read: by which tokenizer, and at which token by default. 16 hex digits.

        A vocabulary of 30,000 words takes 0.3 s; it is done once for a tokenizer.
        """
        tokenizer, rules = getattr(self, "_rules", (None, ""))
        if tokenizer is not self.tokenizer:
            rules = rules_of(self.tokenizer)
            self._rules = self.tokenizer, rules
        return hashlib.sha256(f"{rules} {self.default_read}".encode()).hexdigest()[:16]

    def identity(self) -> Identity:
        """Name, size and weights' hash. Hashing takes about 0.1 s for 90 MB; the same weights are hashed once."""
        self.notice_changes()
        then, known = getattr(self, "_identity", (None, None))
        if then != self.changes:
            from .trust import hash_tensors

            dtype = str(self.model.dtype).removeprefix("torch.")
            family = self.config.model_type
            known = Identity(self.name, family, self.n, self.L, hash_tensors(self.model), self.revision, dtype)
            self._identity = self.changes, known
        return known

    def notice_changes(self) -> None:
        """Counts in `changes` how often the weights were found moved, exchanged or changed in place.

        torch keeps no count of a change of a weight's `.data`, as PEFT's merge makes it, so a few numbers of each
        weight are looked at, too. That takes about 1 ms, too long for every step: it is done where a training or a
        prediction begins.
        """
        places = [(p.data_ptr(), 0 if p.is_inference() else p._version) for p in self.model.parameters()]
        seen = places, sample_of(self.model)
        if seen != self._seen:
            self._seen, self.changes = seen, self.changes + 1
