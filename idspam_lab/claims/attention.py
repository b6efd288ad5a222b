"""Do the generator's weights say which tokens matter? The study of lesson 03."""

from pathlib import Path

from ..analysis.faithfulness import Study, against_random, findings
from ..errors import BadInput
from ..experiments.faithfulness import read_study
from .verdict import Finding, Verdict


def other_rankings(study: Study) -> dict[str, float]:
    """What erasing the first tokens by each other order costs more than erasing random ones, 0..1."""
    orders = [order for order in study.erasure["order"].unique() if order not in ("weights", "random")]
    tables = {order: against_random(study, order).set_index(["measure", "route"]) for order in orders}
    return {order: table.loc[("comprehensiveness", "both"), "mean"] for order, table in tables.items()}


def weights_matter(folder: Path) -> Finding:
    """The study of lesson 03."""
    try:
        study = read_study(folder / "faithfulness_rotten_tomatoes")
    except BadInput:
        return Finding("There is no study yet.", Verdict.UNTESTED)
    found = findings(study)
    verdict, first = found[0].split(": ", 1)
    rankings = [f"{100 * lead:.1f} by {order}" for order, lead in other_rankings(study).items()]
    beside = f"Rankings that see the prediction find more: {' and '.join(rankings)}." if rankings else ""
    verdicts = {"Held": Verdict.HOLDS, "Did not hold": Verdict.FAILS}
    return Finding(" ".join([first[0].upper() + first[1:], beside, *found[1:3]]), verdicts.get(verdict, Verdict.OPEN))
