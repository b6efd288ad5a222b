"""The paper's models with random weights and its tasks with made-up texts, laid out as on the hub."""

import pyarrow
import pyarrow.parquet
import tokenizers
import torch
import transformers as hf

from idspam_lab.backbones.shapes import KNOWN
from idspam_lab.tasks import TASKS
from tests.conftest import reviews

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HEADS = {"roberta": hf.AutoModelForMaskedLM, "gpt2": hf.AutoModelForCausalLM}  # as their weights lie on the hub


def tiny_config(name):
    """The configuration of a model of the paper, but for its size: 3 blocks x 32."""
    return KNOWN[name][0](32, 3, 4)


def tokenizer(family):
    """A byte-level BPE tokenizer with the family's special tokens, made from a few sentences."""
    made = tokenizers.ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"] if family == "roberta" else ["<|endoftext|>"]
    made.train_from_iterator(reviews(40).texts, vocab_size=500, special_tokens=special, show_progress=False)
    if family == "gpt2":
        return hf.PreTrainedTokenizerFast(
            tokenizer_object=made._tokenizer, eos_token=special[0], bos_token=special[0], model_max_length=1024
        )
    made._tokenizer.post_processor = tokenizers.processors.RobertaProcessing(
        ("</s>", made.token_to_id("</s>")), ("<s>", made.token_to_id("<s>"))
    )
    names = ("bos_token", "pad_token", "eos_token", "unk_token", "mask_token")
    more = dict(zip(names, special, strict=True), cls_token="<s>", sep_token="</s>", model_max_length=512)
    return hf.PreTrainedTokenizerFast(tokenizer_object=made._tokenizer, **more)


def save_model(folder, config):
    """config.json, tokenizer.json and model.safetensors, with the head that the hub's files have."""
    torch.manual_seed(0)
    HEADS[config.model_type].from_config(config).save_pretrained(folder)
    tokenizer(config.model_type).save_pretrained(folder)


def save_in_cache(folder, name, config):
    """The same as the hub's cache holds it."""
    cached = folder / f"models--{name.replace('/', '--')}"
    save_model(cached / "snapshots" / COMMIT, config)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(COMMIT)


def save_models(folder, names):
    """Tiny ones, one half as plain folders and one half as in the hub's cache."""
    for number, name in enumerate(names):
        (save_in_cache if number % 2 else save_named)(folder, name, tiny_config(name))
    return folder


def save_named(folder, name, config):
    """The same under its name."""
    save_model(folder / name, config)


def save_tasks(folder, rows=24, test=8):
    """Every task of the hub as TASK/SPLIT.parquet with the hub's columns."""
    for name, task in TASKS.items():
        for part, split in task.splits.items():
            count = rows if part == "train" else test
            examples = reviews(count, 0 if part == "train" else 1000)
            columns = {column: list(examples.texts) for column in task.columns}
            if "question" in columns and name == "copa":
                columns["question"] = ["cause", "effect"] * (count // 2)
            columns["label"] = [i % len(task.labels) for i in range(count)]
            (folder / name).mkdir(parents=True, exist_ok=True)
            pyarrow.parquet.write_table(pyarrow.table(columns), folder / name / f"{split}.parquet")
    return folder
