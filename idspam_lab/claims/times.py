"""How long ID-SPAM takes: a step, a prediction, the time until it has converged; and LoRA's loss until then."""

from pathlib import Path

import pandas as pd

from ..experiments.summary import read_results
from ..intervals import interval
from ..paper_tables import paper_table
from .speed import measured
from .verdict import ABOUT, OURS, Finding, Verdict, together


def faster_step_than_lora(folder: Path) -> Finding:
    """A step at block L/2 beside PEFT's LoRA in the same precision with the same attention, in every file of bench/.

    The plain path decides, for it is the method as the paper has it; what is gained here by keeping the states below
    the prompt is shown beside it.
    """
    sentences, verdicts = [], []
    for name, found in measured(folder):
        cases = found["cases"] if found["part"] == "a" else {}
        lora = cases.get("PEFT LoRA, same precision and attention")
        plain = {case: seconds for case, seconds in cases.items() if case.endswith(", plain path")}
        if lora and plain:
            middle = sorted(plain)[len(plain) // 2]  # of all blocks, or the only one
            kept = cases.get(middle.replace("plain path", "states kept"))
            beside = f", with kept states {lora / kept:.1f}" if kept else ""
            where = found["title"].partition(";")[0].removeprefix("(a) ")
            sentences.append(
                f"{where}: PEFT's LoRA takes {lora / plain[middle]:.1f} times as long as {middle}{beside} "
                f"(`bench/{name}`)."
            )
            verdicts.append(Verdict.HOLDS if lora > plain[middle] else Verdict.FAILS)
    if not verdicts:
        return Finding(["No training step was timed yet."], Verdict.UNTESTED)
    return Finding(sentences, together(verdicts))


def faster_prediction_than_lora(folder: Path) -> Finding:
    """Predictions beside LoRA's, merged (which takes as long as the frozen model's own forward) and unmerged.

    A head that reads the mean decides: where the first token is read, this package trims ID-SPAM's last block, which it
    could do for LoRA as well; that is shown beside it.
    """
    sentences, verdicts = [], []
    for name, found in measured(folder):
        where = found["title"].partition(";")[0].removeprefix("(c) ")
        told = []
        for rival, called in (("forward", "with merged weights"), ("LoRA unmerged", "unmerged")):
            mean, first = (ratios_to(rival, read, found) for read in ("mean", "first"))
            if not mean:
                continue
            trimmed = f" (where the first token is read {min(first):.2f} to {max(first):.2f})" if first else ""
            told.append(f"{min(mean):.2f} to {max(mean):.2f} times LoRA's {called}{trimmed}")
            below = [value < 1 for value in mean]
            verdicts.append(Verdict.HOLDS if all(below) else Verdict.PARTLY if any(below) else Verdict.FAILS)
        if told:
            sentences.append(f"{where}: {', '.join(told)} (`bench/{name}`).")
    if not verdicts:
        return Finding(["No prediction was timed yet."], Verdict.UNTESTED)
    return Finding(sentences, together(verdicts))


def ratios_to(rival: str, read: str, found: dict) -> list[float]:
    """ID-SPAM's seconds over a rival's, of every length, for heads that read one token or the mean."""
    ending = f"reads the {read} / {rival}"
    ratios = found["ratios"] if found["part"] == "c" else ()
    return [one["value"] for one in ratios if one["what"].endswith(ending) and one["what"].startswith("ID-SPAM")]


def times_beside_lpt(folder: Path) -> Finding:
    """Seconds a text in training and in prediction against LPT, where every run went alone on a quiet machine."""
    sentences, verdicts = [], []
    for path in sorted(folder.glob("convergence*.csv")):
        for task, runs in read_results(path).dropna(subset=["seed"]).groupby("train_task", sort=False):
            for name, column in (("training", "train_seconds_per_text"), ("prediction", "predict_seconds_per_text")):
                seconds = runs.pivot_table(index="seed", columns="method", values=column)
                ratio = seconds[OURS] / seconds["LPT"]
                low, high = interval(ratio)
                within, beyond = 1 - ABOUT <= low <= high <= 1 + ABOUT, low > 1 + ABOUT or high < 1 - ABOUT
                verdicts.append(Verdict.HOLDS if within else Verdict.FAILS if beyond else Verdict.OPEN)
                sentences.append(
                    f"{task}, {name}: {ratio.mean():.2f} times LPT's ({low:.2f} to {high:.2f}) (`{path.name}`)."
                )
    if not verdicts:
        return Finding(["There is no such table yet."], Verdict.UNTESTED)
    about = f"About as long: the interval is within {ABOUT:.0%}. Both methods train on states that were kept."
    return Finding([*sentences, about], together(verdicts))


def lora_converges(folder: Path) -> Finding:
    """LoRA's training loss at the epochs that Table 16 prints, the mean over the seeds, task by task.

    Beside it stands how often a run's loss rises from one epoch to the next: a table of six epochs does not show that.
    """
    sentences, verdicts, printed = [], [], sorted(paper_table(16)["epoch"].unique())
    for path in sorted(folder.glob("lora_loss-epochs.csv")):
        for task, epochs in pd.read_csv(path).groupby("train_task", sort=False):
            loss = epochs.groupby("epoch")["train_loss"].mean().loc[printed]
            falls = bool((loss.diff().dropna() < 0).all())
            verdicts.append(
                Verdict.HOLDS if falls else Verdict.PARTLY if loss.iloc[-1] < loss.iloc[0] else Verdict.FAILS
            )
            each = ", ".join(f"{value:.2g}" for value in loss)
            rises = epochs.sort_values("epoch").groupby("seed")["train_loss"].apply(lambda run: (run.diff() > 0).sum())
            sentences.append(
                f"{task}: {each} after {', '.join(map(str, printed))} epochs, the mean of {len(rises)} seeds; of the "
                f"{epochs['epoch'].nunique() - 1} steps between epochs {rises.min()} to {rises.max()} go up "
                f"(`{path.name}`)."
            )
    if not verdicts:
        return Finding(["There is no such table yet."], Verdict.UNTESTED)
    return Finding(sentences, together(verdicts))


def converges(folder: Path) -> Finding:
    """Seconds of training up to the epoch with the best validation score, against LPT, task by task.

    "Better or similar" holds where the interval does not reach below a tenth of LPT's time.
    """
    sentences, verdicts = [], []
    for path in sorted(folder.glob("convergence*.csv")):
        for task, runs in read_results(path).dropna(subset=["seed"]).groupby("train_task", sort=False):
            seconds = runs.pivot_table(index="seed", columns="method", values="seconds_to_best")
            epochs = runs.groupby("method")["best_epoch"].mean()
            rates, scores = (runs.groupby("method")[name].mean() for name in ("lr", "score"))
            each = [
                f"{name} {seconds[name].mean():.0f} s (epoch {epochs[name]:.1f}, rate {rates[name]:g}, "
                f"{100 * scores[name]:.1f} % in the end)"
                for name in (OURS, "LPT")
            ]
            lead = seconds["LPT"] - seconds[OURS]
            low, high = interval(lead)
            mean, late = lead.mean(), -ABOUT * seconds["LPT"].mean()
            verdicts.append(Verdict.HOLDS if low > late else Verdict.FAILS if high < late else Verdict.OPEN)
            sentences.append(
                f"{task}: {', '.join(each)}; earlier by {mean:+.0f} s ({low:+.0f} to {high:+.0f}) (`{path.name}`)."
            )
    if not verdicts:
        return Finding(["There is no such table yet."], Verdict.UNTESTED)
    return Finding(sentences, together(verdicts))
