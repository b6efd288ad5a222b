"""Backbones without weights, for counting: a configuration by heart or from a file, built on torch's meta device.

The configurations are those that the models' authors published, so that counting needs neither weights nor network.
"""

import torch
import transformers
from transformers import AutoModel, PretrainedConfig

from .base import Backbone
from .load import supported


def _roberta(n: int, L: int, heads: int) -> PretrainedConfig:
    return transformers.RobertaConfig(
        vocab_size=50_265, max_position_embeddings=514, type_vocab_size=1,
        hidden_size=n, num_hidden_layers=L, num_attention_heads=heads, intermediate_size=4 * n,
    )  # fmt: skip


def _bert(n: int, L: int, heads: int) -> PretrainedConfig:
    return transformers.BertConfig(
        hidden_size=n, num_hidden_layers=L, num_attention_heads=heads, intermediate_size=4 * n
    )


def _mpnet(n: int, L: int, heads: int) -> PretrainedConfig:
    return transformers.MPNetConfig(
        vocab_size=30_527, max_position_embeddings=514, hidden_size=n, num_hidden_layers=L, num_attention_heads=heads,
        intermediate_size=4 * n,
    )  # fmt: skip


def _gpt2(n: int, L: int, heads: int) -> PretrainedConfig:
    return transformers.GPT2Config(n_embd=n, n_layer=L, n_head=heads)


def _gemma(n: int, L: int, heads: int) -> PretrainedConfig:
    return transformers.GemmaConfig(
        vocab_size=256_000, hidden_size=n, num_hidden_layers=L, num_attention_heads=heads, num_key_value_heads=1,
        head_dim=256, intermediate_size=8 * n,
    )  # fmt: skip


def _t5(n: int, L: int, heads: int) -> PretrainedConfig:
    return transformers.T5Config(
        vocab_size=32_128, d_model=n, d_kv=64, d_ff=5_120, num_layers=L, num_heads=heads,
        feed_forward_proj="gated-gelu",
    )  # fmt: skip


KNOWN = {  # name: (family, hidden size n, blocks L, attention heads)
    "minilm": (_bert, 384, 6, 12),
    "mpnet": (_mpnet, 768, 12, 12),
    "roberta-base": (_roberta, 768, 12, 12),
    "roberta-large": (_roberta, 1024, 24, 16),
    "bert-base-uncased": (_bert, 768, 12, 12),
    "bert-large-uncased": (_bert, 1024, 24, 16),
    "gpt2": (_gpt2, 768, 12, 12),
    "gpt2-medium": (_gpt2, 1024, 24, 16),
    "gpt2-large": (_gpt2, 1280, 36, 20),
    "gpt2-xl": (_gpt2, 1600, 48, 25),
    "google/gemma-2b": (_gemma, 2048, 18, 8),
    "google/flan-t5-xl": (_t5, 2048, 24, 32),
}
SHAPES = {name: (n, L) for name, (_, n, L, _) in KNOWN.items()}


class CountedT5(Backbone):
    """T5 cannot be run in stages here: it is an encoder and a decoder. Its parameters can be counted."""

    queries_and_values = ("q", "v")
    blocks_name = "block"


def known_config(name: str) -> PretrainedConfig | None:
    """The configuration of a model of the paper, None for any other."""
    if name not in KNOWN:
        return None
    make, *shape = KNOWN[name]
    return make(*shape)


def without_weights(config: PretrainedConfig, name: str) -> Backbone:
    """The backbone on the meta device: shapes and names, no numbers.

    Raises:
        BadInput: its family cannot be run in stages here (T5 can be counted all the same).
    """
    family = CountedT5 if config.model_type == "t5" else supported(config.model_type)
    with torch.device("meta"):
        model = AutoModel.from_config(config)
    if hasattr(model, "pooler"):
        model.pooler = None  # as in load_backbone
    return family(model, None, name)
