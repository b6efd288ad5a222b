"""(a) A training step of ID-SPAM at every block, with and without kept states, beside PEFT and full fine-tuning."""

from ..classifier import PromptClassifier
from ..training.device import computes_bf16
from .clock import interleaved, medians
from .contenders import WAYS, ours, rivals, with_trainer
from .found import Found, Ratio
from .scale import Scale
from .shapes import backbone_of, texts


def steps(scale: Scale) -> Found:
    """Seconds a step; the head reads the first token, as PEFT's classifiers do."""
    rows = texts(scale.steps * scale.batch_size, scale.length)
    backbone, bf16, cases = backbone_of(scale.shape), computes_bf16(scale.device), {}
    for m in range(backbone.L) if scale.every_block else (backbone.L // 2,):
        for way, said in WAYS.items():
            if way != "kept" or m:  # at block 0 there is nothing to keep
                clf = PromptClassifier(backbone, "idspam", layer=m, read="first")
                cases[f"ID-SPAM m={m}, {said}"] = ours(clf, rows, scale.batch_size, "auto", way)
    alike = backbone.config._attn_implementation
    for name, make in rivals(scale.shape).items():
        cases[f"{name}, defaults"] = with_trainer(make(), rows, scale.batch_size)
    for name, make in rivals(scale.shape, alike).items():
        cases[f"{name}, same precision and attention"] = with_trainer(make(), rows, scale.batch_size, bf16)
    seconds = interleaved(cases, scale.repeats, "training steps")
    found = medians(seconds)
    mine = found[f"ID-SPAM m={backbone.L // 2}, {WAYS['kept']}"]
    return Found(
        f"(a) Training step, {scale}",
        "seconds a step",
        found,
        seconds,
        [
            Ratio(f"{name}, {how} / ID-SPAM m=L/2 with kept states", found[f"{name}, {how}"] / mine, target)
            for how, targets in WANTED["cuda" if scale.device.type == "cuda" else "cpu"].items()
            for name, target in targets.items()
        ],
        [f"samples a second at m = L/2: {scale.batch_size / mine:,.0f}; the same in bf16: {bf16}"],
    )


WANTED = {
    "cpu": {
        "defaults": {"PEFT LoRA": 6.0, "PEFT prompt tuning": 8.0, "full fine-tuning": None},
        "same precision and attention": {"PEFT LoRA": 1.8, "PEFT prompt tuning": 2.2, "full fine-tuning": None},
    },
    "cuda": {
        "defaults": {"PEFT LoRA": 8.0, "PEFT prompt tuning": 8.0, "full fine-tuning": None},
        "same precision and attention": {"PEFT LoRA": None, "PEFT prompt tuning": None, "full fine-tuning": None},
    },
}
