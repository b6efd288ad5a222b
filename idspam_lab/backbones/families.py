"""One small class a family: where its embeddings, blocks and final norm are, and what a block is called with.

To add a family: a class here, a line in FAMILIES, a line in the list of tests/test_backbones.py; where some blocks see
a window only, its name in SINGLE of tests/test_upper.py and WINDOWED of tests/test_methods.py.
"""

import torch
from torch import Tensor, nn
from transformers.masking_utils import (
    create_bidirectional_mask,
    create_bidirectional_sliding_window_mask,
    create_causal_mask,
    create_sliding_window_causal_mask,
)

from .base import Backbone, positions

ALL = slice(None)  # all outputs of a linear layer


class Bert(Backbone):
    """BERT and MiniLM: absolute positions, token types, the norm inside the blocks."""

    queries_and_values = ("query", "value")

    def blocks(self) -> nn.ModuleList:
        return self.model.encoder.layer

    @staticmethod
    def word_head_of(masked_model):
        return masked_model.cls

    def position_ids(self, mask: Tensor) -> Tensor:
        return positions(mask)

    def embed(self, ids, mask, types=None, rows=None):
        rows = self.table_rows(ids) if rows is None else rows
        if types is not None:  # BERT's tokenizer on a RoBERTa tells two texts apart, the model does not
            types = types.clamp(max=self.model.embeddings.token_type_embeddings.num_embeddings - 1)
        return self.model.embeddings(inputs_embeds=rows, position_ids=self.position_ids(mask), token_type_ids=types)

    def block_arguments(self, hidden, mask):
        keys = create_bidirectional_mask(config=self.config, inputs_embeds=hidden, attention_mask=mask)
        return [{"attention_mask": keys}] * self.L  # None where nothing is padded

    def keys_and_values(self, block):
        attention = block.attention.self
        return [(attention.key, ALL), (attention.value, ALL)]


class Roberta(Bert):
    """RoBERTa: positions start after the padding token's own row."""

    @staticmethod
    def word_head_of(masked_model):
        return masked_model.lm_head

    def position_ids(self, mask):
        pad = self.model.embeddings.padding_idx
        return torch.where(mask.bool(), positions(mask) + pad + 1, pad)

    @property
    def max_length(self) -> int:
        return min(super().max_length, self.config.max_position_embeddings - self.model.embeddings.padding_idx - 1)


class MPNet(Roberta):
    """MPNet: RoBERTa's positions, no token types, and a bias for the distance of two positions in every block."""

    queries_and_values = ("q", "v")

    def embed(self, ids, mask, types=None, rows=None):
        rows = self.table_rows(ids) if rows is None else rows
        return self.model.embeddings(inputs_embeds=rows, position_ids=self.position_ids(mask))

    def keys_and_values(self, block):
        return [(block.attention.attn.k, ALL), (block.attention.attn.v, ALL)]

    def block_arguments(self, hidden, mask):
        encoder, place = self.model.encoder, positions(mask)  # the prompt comes first, so the text moves up by t
        bucket = encoder.relative_position_bucket(place[:, None, :] - place[:, :, None], num_buckets=32)  # (B, T, T)
        bias = encoder.relative_attention_bias(bucket).permute(0, 3, 1, 2)  # (B, heads, T, T)
        return [arguments | {"position_bias": bias} for arguments in super().block_arguments(hidden, mask)]


class DistilBert(Bert):
    """DistilBERT: BERT without token types, its blocks under another name."""

    queries_and_values = ("q_lin", "v_lin")

    @staticmethod
    def word_head_of(masked_model):
        m = masked_model
        return nn.Sequential(m.vocab_transform, m.activation, m.vocab_layer_norm, m.vocab_projector)

    def blocks(self):
        return self.model.transformer.layer

    def embed(self, ids, mask, types=None, rows=None):
        rows = self.table_rows(ids) if rows is None else rows
        return self.model.embeddings(input_ids=None, inputs_embeds=rows, position_ids=self.position_ids(mask))

    def keys_and_values(self, block):
        return [(block.attention.k_lin, ALL), (block.attention.v_lin, ALL)]


class Electra(Bert):
    """ELECTRA: small models have a narrow token table that is projected up; E is taken after that projection."""

    @staticmethod
    def word_head_of(masked_model):
        return nn.Sequential(masked_model.generator_predictions, masked_model.generator_lm_head)

    def project(self, x: Tensor) -> Tensor:
        return self.model.embeddings_project(x) if hasattr(self.model, "embeddings_project") else x

    def embed_tokens(self, ids):
        return self.project(super().embed_tokens(ids))

    def embed(self, ids, mask, types=None, rows=None):
        return self.project(super().embed(ids, mask, types, rows))


class ModernBert(Backbone):
    """ModernBERT: an encoder with rotary positions; two blocks of three see a window only, by another rotary base."""

    absolute_positions = False
    queries_and_values = ("Wqkv",)  # queries, keys and values in one
    blocks_name = "layers"

    def blocks(self):
        return self.model.layers

    @staticmethod
    def word_head_of(masked_model):
        return nn.Sequential(masked_model.head, masked_model.decoder)

    def embed(self, ids, mask, types=None, rows=None):
        return self.model.embeddings(inputs_embeds=self.table_rows(ids) if rows is None else rows)

    def keys_and_values(self, block):
        n = self.n  # one layer makes queries, keys and values, n outputs each
        return [(block.attn.Wqkv, slice(n, 2 * n)), (block.attn.Wqkv, slice(2 * n, 3 * n))]

    def block_arguments(self, hidden, mask):
        make = {
            "full_attention": create_bidirectional_mask,
            "sliding_attention": create_bidirectional_sliding_window_mask,
        }
        place, by_kind = positions(mask), {}
        for kind in set(self.config.layer_types):
            by_kind[kind] = {
                "attention_mask": make[kind](config=self.config, inputs_embeds=hidden, attention_mask=mask),
                "position_embeddings": self.model.rotary_emb(hidden, place, kind),
            }
        return [by_kind[kind] for kind in self.config.layer_types]

    def finish(self, hidden):
        return self.model.final_norm(hidden)


class GPT2(Backbone):
    """GPT-2: absolute positions, causal, a norm above the last block."""

    causal = True
    queries_and_values = ("c_attn",)  # queries, keys and values in one
    blocks_name = "h"

    def blocks(self):
        return self.model.h

    def embed(self, ids, mask, types=None, rows=None):
        summed = (self.table_rows(ids) if rows is None else rows) + self.model.wpe(positions(mask))
        return self.model.drop(summed)

    def keys_and_values(self, block):
        n = self.n  # one layer makes queries, keys and values, n outputs each
        return [(block.attn.c_attn, slice(n, 2 * n)), (block.attn.c_attn, slice(2 * n, 3 * n))]

    def block_arguments(self, hidden, mask):
        causal = create_causal_mask(config=self.config, inputs_embeds=hidden, attention_mask=mask, past_key_values=None)
        return [{"attention_mask": causal, "use_cache": False}] * self.L

    def finish(self, hidden):
        return self.model.ln_f(hidden)


class Llama(Backbone):
    """Llama, SmolLM2, Mistral, Qwen2/3, Gemma: rotary positions, so only differences count; some see a window only.

    Gemma multiplies its token table by sqrt(n) on the way in; E is taken after that, as block 0 gets it.
    """

    causal = True
    absolute_positions = False
    queries_and_values = ("q_proj", "v_proj")
    blocks_name = "layers"

    def blocks(self):
        return self.model.layers

    def embed(self, ids, mask, types=None, rows=None):
        return self.embed_tokens(ids) if rows is None else rows

    def keys_and_values(self, block):
        return [(block.self_attn.k_proj, ALL), (block.self_attn.v_proj, ALL)]

    def layer_types(self) -> list[str]:
        """ "full_attention" or "sliding_attention" for each block."""
        if self.config.model_type == "mistral":  # says it with the window alone
            return ["full_attention" if self.config.sliding_window is None else "sliding_attention"] * self.L
        return getattr(self.config, "layer_types", None) or ["full_attention"] * self.L

    def rotary(self, hidden: Tensor, place: Tensor, kind: str):
        return self.model.rotary_emb(hidden, place)

    def block_arguments(self, hidden, mask):
        make = {"full_attention": create_causal_mask, "sliding_attention": create_sliding_window_causal_mask}
        place, by_kind = positions(mask), {}
        for kind in set(self.layer_types()):
            by_kind[kind] = {
                "attention_mask": make[kind](
                    config=self.config, inputs_embeds=hidden, attention_mask=mask, past_key_values=None
                ),
                "position_embeddings": self.rotary(hidden, place, kind),
                "position_ids": place,
                "use_cache": False,
            }
        return [by_kind[kind] for kind in self.layer_types()]

    def finish(self, hidden):
        return self.model.norm(hidden)


class Gemma3(Llama):
    """Gemma 3 turns its window blocks by another rotary base."""

    def rotary(self, hidden, place, kind):
        return self.model.rotary_emb(hidden, place, kind)


FAMILIES: dict[str, type[Backbone]] = {
    "bert": Bert,
    "roberta": Roberta,
    "xlm-roberta": Roberta,
    "mpnet": MPNet,
    "distilbert": DistilBert,
    "electra": Electra,
    "modernbert": ModernBert,
    "gpt2": GPT2,
    "llama": Llama,
    "mistral": Llama,
    "qwen2": Llama,
    "qwen3": Llama,
    "gemma": Llama,
    "gemma2": Llama,
    "gemma3_text": Gemma3,
}
