"""(c) Reading many texts with ID-SPAM, beside the frozen model's own forward and LoRA: same precision and chunks.

LoRA with merged weights takes as long as the forward; unmerged it is timed, by PEFT's layers in this package's pass.
"""

from collections.abc import Callable

from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ..backbones import Backbone
from ..backbones.upper import LONG, frozen_for
from ..classifier import ClassifierOutput, PromptClassifier
from ..frozen.fast import fast_path
from ..training.predict import BATCH_TOKENS, predict_logits
from .clock import interleaved, medians, timed
from .found import Found, Ratio
from .scale import Scale
from .shapes import backbone_of, texts


class Forward(nn.Module):
    """The frozen model as transformers runs it, with the weights and the attention that ID-SPAM reads with as well."""

    def __init__(self, backbone: Backbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, input_ids, attention_mask):
        model = frozen_for(self.backbone, input_ids.device, input_ids.shape[1]).model
        return ClassifierOutput(logits=model(input_ids=input_ids, attention_mask=attention_mask)[0][:, 0])


def operations(read: Callable[[], object]) -> int:
    """Floating-point operations of the matrix products, as torch counts them."""
    with FlopCounterMode(display=False) as counter:
        read()
    return counter.get_total_flops()


def prediction(scale: Scale) -> Found:
    """Seconds a text at m = L/2, for every length; and the operations that this needs, which no code can go below."""
    backbone = backbone_of(scale.shape)
    clf, model = PromptClassifier(backbone, "idspam", read="first"), Forward(backbone)
    mean = PromptClassifier(backbone, "idspam", read="mean")
    short, fused = (PromptClassifier(backbone_of(scale.shape, kind), "lora", read="mean") for kind in ("auto", "sdpa"))
    cases, count, work = {}, {}, {}

    def read(clf, rows):
        with fast_path(clf):
            predict_logits(clf, rows, 0)

    for N in scale.lengths:
        rows = texts(max(2, 2 * BATCH_TOKENS // N), N)  # two chunks
        count[N] = len(rows)
        lora = short if N < LONG else fused  # the attention that the others take
        reads = {
            f"forward, {N} tokens": lambda rows=rows: predict_logits(model, rows, 0),
            f"ID-SPAM, {N} tokens, reads the first": lambda rows=rows: read(clf, rows),
            f"ID-SPAM, {N} tokens, reads the mean": lambda rows=rows: read(mean, rows),
            f"LoRA unmerged, {N} tokens, reads the mean": lambda rows=rows, lora=lora: read(lora, rows),
        }
        cases |= {name: timed(do) for name, do in reads.items()}
        work |= {name: operations(do) for name, do in reads.items()}
    seconds = interleaved(cases, scale.repeats, "prediction")
    lengths = {name: int(name.split(", ")[1].split()[0]) for name in cases}
    seconds = {name: [s / count[lengths[name]] for s in found] for name, found in seconds.items()}
    found = medians(seconds)
    ratios = [
        Ratio(f"{name} / forward", value / found[f"forward, {N} tokens"], 1.10 if N >= 64 else None, at_most=True)
        for name, value in found.items()
        if (N := lengths[name]) and name.startswith("ID-SPAM")
    ]
    ratios += [
        Ratio(f"{name} / LoRA unmerged", value / found[f"LoRA unmerged, {lengths[name]} tokens, reads the mean"])
        for name, value in found.items()
        if name.startswith("ID-SPAM") and name.endswith("mean")
    ]
    ratios += [
        Ratio(f"operations: {name} / forward", needed / work[f"forward, {N} tokens"])
        for name, needed in work.items()
        if (N := lengths[name]) and name.startswith("ID-SPAM")
    ]
    return Found(f"(c) Prediction, {scale.shape}, {scale.device}", "seconds a text", found, seconds, ratios)
