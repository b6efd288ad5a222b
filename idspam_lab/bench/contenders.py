"""What is raced: ID-SPAM in our loop; PEFT's methods, full fine-tuning and ID-SPAM itself in transformers' Trainer.

All train on the same texts in batches of the same shape, and say how many seconds a step took, the first left out.
"""

import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import nullcontext

import transformers
from peft import LoraConfig, PromptTuningConfig, TaskType, get_peft_model
from torch import nn

from ..classifier import PromptClassifier
from ..frozen import Store
from ..frozen.fast import fast_path
from ..training import Settings, fit
from ..training.batches import Collate, Row
from ..training.device import training_device
from .clock import Case, synchronize
from .shapes import classifier_of

WAYS = {"plain": "plain path", "fast": "nothing kept", "kept": "states kept"}  # of training ID-SPAM here


def ours(clf: PromptClassifier, rows: list[Row], batch_size: int, precision: str, way: str) -> Case:
    """A case of our own loop; `way` is one of WAYS."""
    settings, store = Settings(epochs=1, batch_size=batch_size, precision=precision), Store() if way == "kept" else None

    def case() -> float:
        ends = []
        with nullcontext() if way == "plain" else fast_path(clf, rows, settings, store):
            fit(clf, rows, None, settings, callbacks=[lambda _: ends.append(time.perf_counter())], progress=False)
        return (ends[-2] - ends[0]) / (len(ends) - 2)  # the last call is the epoch's

    return case


def with_trainer(model: nn.Module, rows: list[Row], batch_size: int, bf16: bool = False) -> Case:
    """A case of transformers' Trainer with its defaults."""
    steps = -(-len(rows) // batch_size)

    class Clock(transformers.TrainerCallback):
        def on_step_end(self, args, state, control, **_):
            if state.global_step == 1 or state.global_step == steps:
                synchronize()
                ends.append(time.perf_counter())

    def case() -> float:
        ends.clear()
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            arguments = transformers.TrainingArguments(
                folder, per_device_train_batch_size=batch_size, num_train_epochs=1, bf16=bf16, report_to=[],
                save_strategy="no", logging_strategy="no", disable_tqdm=True, remove_unused_columns=False,
                use_cpu=training_device().type == "cpu",
            )  # fmt: skip
            trainer = transformers.Trainer(
                model, arguments, train_dataset=rows, data_collator=Collate(0), callbacks=[Clock()]
            )
            trainer.remove_callback(transformers.PrinterCallback)
            trainer.train()
        return (ends[1] - ends[0]) / (steps - 1)

    ends: list[float] = []
    return case


def rivals(shape: str, attention: str | None = None) -> dict[str, Callable[[], nn.Module]]:
    """What makes PEFT's LoRA and prompt tuning, and a model of which everything trains; none is there before."""
    lora = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, target_modules=["query", "value"])
    prompts = PromptTuningConfig(task_type=TaskType.SEQ_CLS, num_virtual_tokens=10)
    return {
        "PEFT LoRA": lambda: get_peft_model(classifier_of(shape, attention), lora),
        "PEFT prompt tuning": lambda: get_peft_model(classifier_of(shape, attention), prompts),
        "full fine-tuning": lambda: classifier_of(shape, attention),
    }
