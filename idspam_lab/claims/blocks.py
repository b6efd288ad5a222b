"""The layer curves: which blocks are good ones, and ID-SPAM against LPT at each."""

from pathlib import Path

from ..experiments.summary import read_results, told_apart
from .verdict import OURS, Finding, Verdict, together


def middle_blocks(folder: Path) -> Finding:
    """Are the middle blocks better than the first and the last? By seed, every curve and method."""
    sentences, verdicts = [], []
    for path in sorted(folder.glob("curve_*.csv")):
        runs = read_results(path).dropna(subset=["layer"])
        for method, curve in runs.groupby("method", sort=False):
            scores = curve.pivot_table(index="seed", columns="layer", values="score")  # (seeds, L)
            L = scores.shape[1]
            middle = scores.iloc[:, L // 3 : L - L // 3].mean(axis=1)
            ends = scores.iloc[:, [*range(L // 3), *range(L - L // 3, L)]].mean(axis=1)
            lead = middle - ends
            mean, error, best = lead.mean(), lead.sem(), int(scores.mean().idxmax())
            span = 100 * (scores.mean().max() - scores.mean().min())
            task, told = curve["test_task"].iloc[0], told_apart(lead)
            doubt = "" if told else " (?)"
            sentences.append(
                f"{task}, {method}: middle blocks {100 * mean:+.1f} ± {100 * error:.1f} points{doubt} over the rest, "
                f"the best is block {best} of 0 to {L - 1}, {span:.1f} points over the worst (`{path.name}`)."
            )
            verdicts.append(Verdict.OPEN if not told else Verdict.HOLDS if mean > 0 else Verdict.FAILS)
    if not verdicts:
        return Finding("There is no layer curve yet.", Verdict.UNTESTED)
    return Finding(" ".join(sentences), together(verdicts))


def over_lpt_by_block(folder: Path) -> Finding:
    """ID-SPAM against LPT at every block of the curves that have both: "almost every" is all but one."""
    sentences, verdicts = [], []
    for path in sorted(folder.glob("curve_*.csv")):
        runs = read_results(path).dropna(subset=["layer"])
        scores = runs.pivot_table(index=["layer", "seed"], columns="method", values="score")
        if {OURS, "LPT"} <= set(scores):
            lead = (scores[OURS] - scores["LPT"]).groupby("layer").agg(["mean", told_apart])
            ahead = (lead["told_apart"] & (lead["mean"] > 0)).sum()
            behind = (lead["told_apart"] & (lead["mean"] < 0)).sum()
            task = runs["test_task"].iloc[0]
            sentences.append(
                f"{task}: ahead of LPT at {ahead} of {len(lead)} blocks, behind at {behind}, the rest not told apart; "
                f"mean lead {100 * lead['mean'].mean():+.1f} points (`{path.name}`)."
            )
            verdicts.append(
                Verdict.HOLDS if ahead >= len(lead) - 1 else Verdict.PARTLY if 2 * ahead > len(lead)
                else Verdict.FAILS if behind else Verdict.OPEN
            )  # fmt: skip
    if not verdicts:
        return Finding("No curve here has both methods.", Verdict.UNTESTED)
    rule = "A curve holds if ID-SPAM is ahead at all blocks but one, and partly if at more than half."
    return Finding(" ".join([*sentences, rule]), together(verdicts))
