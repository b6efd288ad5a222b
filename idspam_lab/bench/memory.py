"""(d) Peak memory while training, each contender in a process of its own."""

import json
import subprocess
import sys

from ..backbones.load import pick_attention
from ..classifier import PromptClassifier
from ..training.device import computes_bf16
from ..training.record import peak_memory_mb
from .contenders import ours, rivals, with_trainer
from .found import Found
from .scale import Scale
from .shapes import backbone_of, texts

MINE, FROZEN = "ID-SPAM m=L/2, states kept", "nothing trained"


def memory(scale: Scale) -> Found:
    """MB (10^6 bytes) above those of a process that has only loaded the frozen model."""
    found = {}
    for name in (FROZEN, MINE, "PEFT LoRA", "PEFT prompt tuning", "full fine-tuning"):
        arguments = [name, scale.shape, str(scale.batch_size), str(scale.length), str(scale.steps)]
        command = [sys.executable, "-m", "idspam_lab.bench.memory", *arguments]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found[name] = json.loads(out.splitlines()[-1])
    base = found.pop(FROZEN)
    cases = {name: peak - base for name, peak in found.items()}
    title = f"(d) Peak memory above the frozen model's own {base:,.0f} MB, {scale}"
    return Found(title, "MB", cases, {name: [value] for name, value in cases.items()})


def main(name: str, shape: str, batch_size: str, length: str, steps: str) -> None:
    """What a process of its own does: trains, and prints its peak."""
    rows = texts(int(steps) * int(batch_size), int(length))
    if name == FROZEN:
        backbone_of(shape)
    elif name == MINE:
        ours(PromptClassifier(backbone_of(shape), "idspam", read="first"), rows, int(batch_size), "auto", "kept")()
    else:
        model = rivals(shape, pick_attention())[name]()
        with_trainer(model, rows, int(batch_size), computes_bf16(Scale().device))()
    print(json.dumps(peak_memory_mb(Scale().device)))


if __name__ == "__main__":
    main(*sys.argv[1:])
