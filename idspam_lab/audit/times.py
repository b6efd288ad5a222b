"""What the paper says about times and about the loss over the epochs: Tables 14, 15 and 16."""

from collections.abc import Iterator

from ..paper_tables import paper_table
from .rows import OURS, Row, by_method, follows, lead, listed, mean, near, verdict


def time_rows() -> Iterator[Row]:
    """Claims about Tables 14, 15 and 16."""
    yield from per_sample()
    yield from to_convergence()
    yield loss_falls()


def per_sample() -> Iterator[Row]:
    """Table 14: seconds per sample."""
    wide = paper_table(14).rename(columns={"training_seconds": "training", "inference_seconds": "prediction"})
    cells = wide.pivot(index="method", columns="dataset", values=["training", "prediction"])
    cells.columns = [f"{dataset} {what}" for what, dataset in cells.columns]
    claim = '"requires less time for training as well as for inference, in comparison to LoRA on both"'
    yield lead("14: times below LoRA's", claim, 4, cells, ["LoRA"], lower=True)
    for column, claim in (
        ("BoolQ training", '"takes lesser time to train on BoolQ than LPT"'),
        ("WiC prediction", '"In case of inference, … takes lesser time than LPT for WiC"'),
    ):
        yield lead(f"14: {column} below LPT's", claim, 1, cells[[column]], ["LPT"], lower=True)
    ours, lpt = cells.loc[[OURS, "LPT"], "BoolQ prediction"]
    yield Row(
        name="14: BoolQ prediction above LPT's",
        claim='"taking slightly more time than LPT for BoolQ"',
        printed="more",
        recomputed=f"{100 * (ours / lpt - 1):+.1f}%",
        adds_up=verdict(ours > lpt, ours == lpt),
        sentence=f"{ours:g} s are {100 * (ours / lpt - 1):.1f}% more than LPT's {lpt:g} s.",
    )


def to_convergence() -> Iterator[Row]:
    """Table 15: seconds up to the best epoch."""
    cells = by_method(15, "seconds")
    claim = '"better/similar convergence time compared to LPT on 4 out of 6 GLUE Tasks"'
    yield lead("15: times up to LPT's", claim, 4, cells, ["LPT"], lower=True, level_counts=True)
    for method, claim, printed in (
        ("LPT", '"LPT takes an average convergence of time of 619 s"', "619"),
        (OURS, '"ID-SPAM takes 577 s"', "577"),
    ):
        found = cells.loc[method].mean()
        yield Row(
            name=f"15: mean time, {method}",
            claim=claim,
            printed=f"{printed} s",
            recomputed=f"{found:.2f} s",
            adds_up=follows(mean, list(cells.loc[method]), 0.5, printed),
            sentence=f"The six printed times have the mean {found:.2f} s.",
        )
    ours, lpt = cells.loc[OURS].sum(), cells.loc["LPT"].sum()
    saved, slower = 100 * (1 - ours / lpt), 100 * (lpt / ours - 1)
    yield Row(
        name="15: improvement of the mean time",
        claim='"giving an improvement of 7.3% in average convergence time"',
        printed="7.3%",
        recomputed=f"{saved:.2f}%",
        adds_up=verdict(near(saved, 7.3, 0.05), near(slower, 7.3, 0.05)),
        sentence=f"Measured against LPT, as the scores' improvements are, ID-SPAM saves {saved:.2f}% of the time. "
        f"LPT takes {slower:.2f}% longer, measured against ID-SPAM: that gives the printed number.",
    )


def loss_falls() -> Row:
    """Table 16: the loss over the epochs."""
    rows = paper_table(16).pivot(index="epoch", columns="task", values="loss")
    steps = rows.diff().dropna()
    falling, flat = int((steps < 0).sum().sum()), steps.stack().loc[lambda step: step == 0].index
    still = [f"{task} at epoch {epoch} (still {rows.at[epoch, task]:g})" for epoch, task in flat]
    return Row(
        name="16: the loss falls",
        claim='"the training loss continuously decreases with increasing epochs on both"',
        printed=f"{steps.size} of {steps.size} steps",
        recomputed=f"{falling} of {steps.size} steps" + (f" and {len(still)} level" if still else ""),
        adds_up=verdict(falling == steps.size, falling + len(still) == steps.size),
        sentence=f"Every printed step falls except that to {listed(still)}; hidden decimals could fall there too.",
    )
