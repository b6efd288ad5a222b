"""Do the generator's weights say which tokens matter? The study of lesson 03."""

from pathlib import Path

from ..analysis.erasure import RARITY
from ..analysis.faithfulness import Study, against, by_routes, findings, points
from ..analysis.interventions import OWN, UNIFORM
from ..analysis.seeds import over_seeds
from ..errors import BadInput
from ..experiments.faithfulness import read_study
from .verdict import Finding, Verdict


def seeing_rankings(study: Study) -> list[str]:
    """What erasing by each order that sees the prediction costs more than erasing by the weights."""
    orders = [order for order in study.erasure["order"].unique() if order not in ("weights", RARITY, "random")]
    tables = {order: against(study, order, "weights").set_index(["measure", "route"]) for order in orders}
    return [f"{order} {points(table.loc[('comprehensiveness', 'both')])}" for order, table in tables.items()]


def without_attention(study: Study) -> tuple[str, bool]:
    """How many fewer texts are right when the same prompt is made with uniform attention, and is that told apart?

    Nothing to say, and no reason for doubt, if it was not measured.
    """
    if "correct" not in study.prompts or UNIFORM not in set(study.prompts["intervention"]):
        return "", True
    right = study.prompts.astype({"correct": float}).pivot(
        index=["run", "text"], columns="intervention", values="correct"
    )
    lost = over_seeds((right[OWN] - right[UNIFORM]).rename("lost").reset_index(), "lost").iloc[0]
    needed = bool(lost["low"] > 0)
    told = "" if needed else ": the weights say what a prompt was made from, not what the task needs"
    own = f"Of accuracy, {100 * right[OWN].mean():.1f} %"
    return f"{own}, attention frozen to uniform costs {points(lost)}{told}.", needed


def weights_matter(folder: Path) -> Finding:
    """The study of lesson 03: the weights hold against random tokens and the rarest, and accuracy needs them."""
    try:
        study = read_study(folder / "faithfulness_rotten_tomatoes")
    except BadInput:
        return Finding(["There is no study yet."], Verdict.UNTESTED)
    first, *rest = findings(study)
    leads = [by_routes(study, rival)[0] for rival in ("random", RARITY) if rival in set(study.erasure["order"])]
    ahead = [lead["low"] > 0 for lead in leads]
    unread, needed = without_attention(study)
    verdict = Verdict.HOLDS if all(ahead) and needed else Verdict.PARTLY if any(ahead) else Verdict.OPEN
    verdict = Verdict.FAILS if leads[0]["high"] < 0 else verdict
    first = first.split(": ", 1)[1]
    rankings = seeing_rankings(study)
    beside = [f"What rankings that see the prediction cost it beyond that: {'; '.join(rankings)}."] if rankings else []
    told = [first[0].upper() + first[1:], *rest[:-2], *beside, rest[-2], unread]
    return Finding([sentence for sentence in told if sentence], verdict)
