"""What ID-SPAM costs: trained numbers, the time of a step, the time until it has converged."""

from pathlib import Path

from ..audit.sizes import lora_size
from ..counting import count
from ..experiments.summary import read_results, told_apart
from ..paper import IDSPAM_PARAMETERS
from .speed import measured
from .verdict import OURS, Finding, Verdict, together


def sizes(folder: Path) -> Finding:
    """Table 12 and 13, counted again from the models' shapes."""
    cells, right = [], 0
    for name, printed in IDSPAM_PARAMETERS.items():
        found = count("idspam", name).method
        right += printed.agrees(found)
        if not printed.agrees(found):
            cells.append(f"{name} has {found:,}, printed {printed.value:,.0f}")
    rest = f" Not so: {'; '.join(cells)}." if cells else ""
    evidence = f"{right} of {len(IDSPAM_PARAMETERS)} counts come out from the models' shapes alone.{rest}"
    return Finding(evidence, Verdict.HOLDS if not cells else Verdict.PARTLY)


def fewer_than_lora(folder: Path) -> Finding:
    """Trained numbers of ID-SPAM and of LoRA at rank 8 on queries and values, and as the paper counts LoRA."""
    ours, lora = count("idspam", "roberta-base").method, count("lora", "roberta-base").method
    every = lora_size("roberta-base")
    return Finding(
        f"RoBERTa-base: ID-SPAM {ours:,}; LoRA {lora:,} at rank 8 on queries and values, {every:,} at rank 16 on every "
        "linear layer, which is what Table 12 counts. Which of the two is smaller is a choice of LoRA's rank.",
        Verdict.HOLDS if ours < min(lora, every) else Verdict.PARTLY if ours < every else Verdict.FAILS,
    )


def faster_step_than_lora(folder: Path) -> Finding:
    """A training step beside PEFT's LoRA in the same precision with the same attention, in every file of bench/."""
    sentences, ratios = [], []
    for name, found in measured(folder):
        for ratio in found["ratios"] if found["part"] == "a" else ():
            if ratio["what"].startswith("PEFT LoRA, same precision"):
                ratios.append(ratio["value"])
                where = found["title"].partition(";")[0].removeprefix("(a) ")
                sentences.append(f"{where}: {ratio['what']} = {ratio['value']:.1f} (`bench/{name}`).")
    if not ratios:
        return Finding("No training step was timed yet.", Verdict.UNTESTED)
    verdicts = [Verdict.HOLDS if ratio > 1 else Verdict.FAILS for ratio in ratios]
    return Finding(" ".join(sentences), together(verdicts))


def converges(folder: Path) -> Finding:
    """Seconds of training up to the epoch with the best validation score, against LPT, task by task."""
    sentences, verdicts = [], []
    for path in sorted(folder.glob("convergence*.csv")):
        for task, runs in read_results(path).dropna(subset=["seed"]).groupby("train_task", sort=False):
            seconds = runs.pivot_table(index="seed", columns="method", values="seconds_to_best")
            epochs = runs.groupby("method")["best_epoch"].mean()
            each = [f"{name} {seconds[name].mean():.0f} s (epoch {epochs[name]:.1f})" for name in (OURS, "LPT")]
            lead = seconds["LPT"] - seconds[OURS]
            mean, error = lead.mean(), lead.sem()
            told = told_apart(lead)
            verdicts.append(Verdict.OPEN if not told else Verdict.HOLDS if mean > 0 else Verdict.FAILS)
            doubt = "" if told else " (?)"
            sentences.append(
                f"{task}: {', '.join(each)}; earlier by {mean:+.0f} ± {error:.0f} s{doubt} (`{path.name}`)."
            )
    if not verdicts:
        return Finding("There is no such table yet.", Verdict.UNTESTED)
    return Finding(" ".join(sentences), together(verdicts))
