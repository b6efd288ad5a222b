"""What every test shares. The settings come first: they count only if set before torch is imported."""

import os
import sys

if os.environ.get("IDSPAM_TEST_GPU", "") in ("", "0"):  # the same numbers on every machine; test_on_gpu.py has its own
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    if sys.platform == "darwin":
        os.environ["ACCELERATE_USE_CPU"] = "true"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the models are tiny: two threads get in each other's way
os.environ["HF_HUB_OFFLINE"] = "1"  # no test may need the network
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["MPLBACKEND"] = "Agg"  # pictures go to files, never to a screen

import pytest  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

from idspam_lab.backbones import FAMILIES, load_backbone  # noqa: E402
from idspam_lab.tasks.examples import Examples  # noqa: E402


@pytest.fixture(autouse=True)
def environment():
    """A test leaves our settings as they were: servers and kernels of later ones would inherit them."""
    before = ours()
    yield
    assert ours() == before


def ours() -> dict[str, str]:
    """The environment's variables that this project reads."""
    return {name: value for name, value in os.environ.items() if name.startswith("IDSPAM_") or name == "MPLBACKEND"}


@pytest.fixture(scope="session")
def minilm():
    """The embedded backbone: real weights, real tokenizer."""
    return load_backbone("minilm")


@pytest.fixture(scope="session")
def tiny(minilm):
    """A random BERT of 3 blocks x 32 with MiniLM's tokenizer: real text, milliseconds a step."""
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(minilm.tokenizer),
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=64,
    )
    model = transformers.BertModel(config, add_pooling_layer=False)
    return FAMILIES["bert"](model, minilm.tokenizer, "tiny")


GOOD, BAD = ("gripping", "lovely", "moving", "brilliant"), ("dull", "clumsy", "tedious", "awful")


def reviews(count: int, start: int = 0) -> Examples:
    """A task that can be learned: one word decides."""
    texts, labels = [], []
    for i in range(start, start + count):
        words = (BAD, GOOD)[i % 2]
        texts.append(
            f"scene {i} of the film is {words[i // 2 % 4]} and then it {'ends' if i % 3 else 'goes on for a while'}"
        )
        labels.append(i % 2)
    return Examples(tuple(texts), None, tuple(labels), "made-up reviews")


@pytest.fixture(scope="session")
def train():
    return reviews(64)


@pytest.fixture(scope="session")
def validation():
    return reviews(32, start=1000)
