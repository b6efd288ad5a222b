"""What is measured on: models of a known shape with random weights, and texts of random tokens.

How long a step takes does not depend on the numbers in it.
"""

import copy
from types import SimpleNamespace

import torch
import transformers
from transformers import AutoModel, AutoModelForSequenceClassification

from ..backbones import FAMILIES, Backbone
from ..backbones.load import pick_attention
from ..backbones.shapes import KNOWN, known_config
from ..errors import BadInput
from ..training.batches import Row
from ..training.device import training_device

TINY = transformers.BertConfig(
    hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64, vocab_size=30_522
)
SHAPES = ("tiny", *(name for name in KNOWN if name == "minilm" or name.startswith(("roberta", "bert"))))


def config_of(shape: str):
    """The configuration of a shape.

    Raises:
        BadInput: no such shape.
    """
    if shape not in SHAPES:
        raise BadInput(f"There is no shape {shape!r} to measure; there are {', '.join(SHAPES)}.")
    return copy.deepcopy(TINY) if shape == "tiny" else known_config(shape)


def backbone_of(shape: str, attention: str = "auto") -> Backbone:
    """A frozen backbone of this shape, on the device where training will be."""
    config = config_of(shape)
    torch.manual_seed(0)
    model = AutoModel.from_config(config, attn_implementation=pick_attention() if attention == "auto" else attention)
    model.pooler = None
    tokenizer = SimpleNamespace(model_max_length=512, pad_token_id=config.pad_token_id)
    return FAMILIES[config.model_type](model, tokenizer, shape).to(training_device())


def classifier_of(shape: str, attention: str | None = None) -> torch.nn.Module:
    """The same shape as transformers' own classifier, for its Trainer and PEFT."""
    config = config_of(shape)
    config.num_labels = 2
    torch.manual_seed(0)
    return AutoModelForSequenceClassification.from_config(config, attn_implementation=attention)


def texts(count: int, length: int, seed: int = 0) -> list[Row]:
    """Texts of random tokens, all of one length, so that no batch has padding; the classes take turns."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(1_000, 20_000, (count, length), generator=generator).tolist()
    return [{"input_ids": row, "labels": i % 2} for i, row in enumerate(ids)]
