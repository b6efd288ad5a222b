"""A decoder as a folder that any Hugging Face program can read, with random weights: a stand-in for one of your own."""

from collections.abc import Iterable
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

END = "<|endoftext|>"


def write_random_decoder(folder: str | Path, texts: Iterable[str], *, vocabulary: int = 2_000, seed: int = 0) -> Path:
    """Writes a GPT-2 of 4 blocks x 64 and a tokenizer learned from the texts; a folder that has one is left alone.

    It has read nothing, so what it gives is noise; it shows the way that a real model takes.
    """
    folder = Path(folder)
    if (folder / "config.json").is_file():
        return folder
    tokenizer = tokenizer_of(texts, vocabulary)
    config = transformers.GPT2Config(
        vocab_size=len(tokenizer), n_embd=64, n_layer=4, n_head=4, n_positions=256,
        bos_token_id=tokenizer.eos_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = transformers.GPT2Model(config)
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    return folder


def tokenizer_of(texts: Iterable[str], vocabulary: int) -> transformers.PreTrainedTokenizerFast:
    """Pairs of bytes that often stand together become tokens, as in GPT-2."""
    found = Tokenizer(models.BPE())
    found.pre_tokenizer, found.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    found.train_from_iterator(texts, trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=found, bos_token=END, eos_token=END, pad_token=END, model_max_length=256
    )
