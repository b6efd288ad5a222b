"""Do the generator's weights say which tokens matter? The study of lesson 03."""

from pathlib import Path

from ..analysis.erasure import RARITY
from ..analysis.faithfulness import Study, against, by_routes, findings
from ..errors import BadInput
from ..experiments.faithfulness import read_study
from .verdict import Finding, Verdict


def seeing_rankings(study: Study) -> dict[str, float]:
    """What erasing by each order that sees the prediction costs more than erasing random tokens, 0..1."""
    orders = [order for order in study.erasure["order"].unique() if order not in ("weights", RARITY, "random")]
    tables = {order: against(study, order).set_index(["measure", "route"]) for order in orders}
    return {order: table.loc[("comprehensiveness", "both"), "mean"] for order, table in tables.items()}


def weights_matter(folder: Path) -> Finding:
    """The study of lesson 03: the weights hold against random tokens and against the rarest, or against one of them."""
    try:
        study = read_study(folder / "faithfulness_rotten_tomatoes")
    except BadInput:
        return Finding(["There is no study yet."], Verdict.UNTESTED)
    first, *rest = findings(study)
    leads = [by_routes(study, rival)[0] for rival in ("random", RARITY) if rival in set(study.erasure["order"])]
    ahead = [lead["low"] > 0 for lead in leads]
    verdict = Verdict.HOLDS if all(ahead) else Verdict.PARTLY if any(ahead) else Verdict.OPEN
    verdict = Verdict.FAILS if leads[0]["high"] < 0 else verdict
    first = first.split(": ", 1)[1]
    rankings = [f"{100 * lead:.1f} by {order}" for order, lead in seeing_rankings(study).items()]
    beside = f"Rankings that see the prediction find more: {' and '.join(rankings)}." if rankings else ""
    return Finding([" ".join([first[0].upper() + first[1:], *rest[:-2], beside, rest[-2]])], verdict)
