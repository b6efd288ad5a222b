"""How many numbers ID-SPAM trains, beside LoRA and LPT."""

from itertools import pairwise
from pathlib import Path

from ..audit.sizes import idspam_size, lora_size, published_size
from ..backbones.shapes import SHAPES
from ..counting import count
from ..paper import IDSPAM_PARAMETERS
from ..paper_tables import paper_table
from .verdict import ABOUT, Finding, Verdict, together


def sizes(folder: Path) -> Finding:
    """Table 12 and 13, counted again from the models' shapes."""
    cells, right = [], 0
    for name, printed in IDSPAM_PARAMETERS.items():
        found = count("idspam", name).method
        right += printed.agrees(found)
        if not printed.agrees(found):
            cells.append(f"{name} has {found:,}, printed {printed.value:,.0f}")
    rest = f" Not so: {'; '.join(cells)}." if cells else ""
    sentence = (
        f"{right} of {len(IDSPAM_PARAMETERS)} counts come out from the models' shapes with t = 10, a bottleneck of 34 "
        f"and a bias on the up-projection alone, choices that the paper does not state, made to fit.{rest}"
    )
    return Finding([sentence], Verdict.HOLDS if not cells else Verdict.PARTLY)


def fewer_than_lora(folder: Path) -> Finding:
    """Trained numbers of ID-SPAM and of LoRA at rank 8 on queries and values, and as the paper counts LoRA."""
    sentences, verdicts = [], []
    for name in ("roberta-base", "roberta-large"):
        ours, lora, every = count("idspam", name).method, count("lora", name).method, lora_size(name)
        sentences.append(
            f"{name}: ID-SPAM {ours:,}; LoRA {lora:,} at rank 8 on queries and values, {every:,} at rank 16 on every "
            "linear layer, which is what Table 12 counts."
        )
        few = ours < min(lora, every)
        verdicts.append(Verdict.HOLDS if few else Verdict.PARTLY if ours < every else Verdict.FAILS)
    return Finding([*sentences, "Which of the two is smaller is a choice of LoRA's rank."], together(verdicts))


def beside_lpt(folder: Path) -> Finding:
    """Trained numbers of ID-SPAM and LPT with both sizes of RoBERTa."""
    names = ("roberta-base", "roberta-large")
    counts = {name: (count("idspam", name).method, count("lpt", name).method) for name in names}
    each = [f"{name}: ID-SPAM {ours:,}, LPT {lpt:,} ({ours / lpt - 1:+.0%})" for name, (ours, lpt) in counts.items()]
    (base, base_lpt), (large, large_lpt) = counts.values()
    about = abs(large / large_lpt - 1) <= ABOUT
    verdict = Verdict.FAILS if base >= base_lpt else Verdict.HOLDS if about else Verdict.PARTLY
    return Finding([f"{'; '.join(each)}. About as many is within {ABOUT:.0%} here."], verdict)


def saving_grows(folder: Path) -> Finding:
    """LoRA's count over ID-SPAM's in the models of Table 13, counted again from their shapes, smallest model first."""
    names = sorted(paper_table(13)["backbone"].unique(), key=published_size)
    ratios = [lora_size(name) / idspam_size(SHAPES[name][0]) for name in names]
    steps = [later > earlier for earlier, later in pairwise(ratios)]
    each = ", ".join(f"{name} {ratio:.2f}" for name, ratio in zip(names, ratios, strict=True))
    sentence = (
        f"LoRA (rank 16 on every linear layer) trains so many times ID-SPAM's numbers: {each}. It grows in "
        f"{sum(steps)} of {len(steps)} steps to the next larger model. LoRA's count grows with the number of blocks "
        "times the width, ID-SPAM's with the square of the width: deep models save, wide ones do not."
    )
    most = sum(steps) > len(steps) / 2  # "tends to increase": in the paper's own table, too, one step goes down
    verdict = Verdict.HOLDS if most else Verdict.PARTLY if any(steps) else Verdict.FAILS
    return Finding([sentence], verdict)
