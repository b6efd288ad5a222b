"""The whole study: do the weights say what the prediction hangs on, by which route, and does the prompt's input matter?

Several classifiers that differ by their seed alone are put through erasure.py and interventions.py on the same texts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import BadInput
from ..inputs import listed
from .erasure import RARITY, SHARES, aopc, erasure, orders
from .interventions import MEAN, UNIFORM, interventions
from .seeds import over_seeds


@dataclass(frozen=True)
class Study:
    """What was measured, a row a classifier ("run") and text.

    Attributes:
        erasure: run, order, route, text, comprehensiveness, sufficiency: AOPC, in points of probability (0..1).
        prompts: run, intervention, text, probability, drop, flipped, perhaps correct; see `interventions`.
        completeness: run, text, gap: how far integrated gradients miss their sum.
    """

    erasure: pd.DataFrame
    prompts: pd.DataFrame
    completeness: pd.DataFrame


def study(
    classifiers: dict[str, object],
    texts,
    *,
    draws: int = 5,
    steps: int = 16,
    shares: Sequence[float] = SHARES,
    seed: int = 0,
    max_length: int | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Study:
    """Measures every classifier on the same texts. About a minute for 100 short texts and one classifier on two cores.

    Args:
        classifiers: name of the run -> PromptClassifier.
        texts: texts, pairs or Examples; labels are used only to count what is right.
        draws: random orders. steps: of integrated gradients, at first. seed: of all that is drawn.

    Raises:
        BadInput: no classifier or no text, a method without token weights, or classifiers that differ in more than
            their trained weights: raw AOPC of different models cannot be compared.
    """
    check_alike(classifiers)
    texts = listed(texts)
    parts: dict[str, list] = {"erasure": [], "prompts": [], "completeness": []}
    for run, clf in classifiers.items():
        say(f"{run}: erasing tokens and changing prompts.")
        rows = clf.rows(texts, max_length)
        if len(rows) < 2:
            raise BadInput(f"There are {len(rows)} texts, but prompts are swapped between texts: give two at least.")
        scores, gaps = orders(clf, rows, draws=draws, steps=steps, seed=seed)
        parts["erasure"].append(aopc(erasure(clf, rows, scores, shares=shares)).assign(run=run))
        parts["prompts"].append(interventions(clf, rows, seed=seed).assign(run=run))
        parts["completeness"].append(pd.DataFrame({"text": range(len(rows)), "gap": gaps, "run": run}))
    return Study(**{name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()})


def check_alike(classifiers: dict[str, object]) -> None:
    """One method, layer, backbone and set of labels.

    Raises:
        BadInput: there is no classifier, or they differ.
    """
    if not classifiers:
        raise BadInput("There is no classifier: give one at least.")
    (first, reference), *others = ((run, clf.adapter_config()) for run, clf in classifiers.items())
    for run, config in others:
        for name, value in config.items():
            if value != reference[name]:
                raise BadInput(
                    f"{first} and {run} differ in {name} ({reference[name]} and {value}): the numbers of different "
                    "models cannot be compared, so give classifiers that differ by their seed alone."
                )


# What it says --------------------------------------------------------------------------------------------------------


def summary(study: Study) -> pd.DataFrame:
    """Mean and interval of both measures: columns measure, order, route, mean, low, high, runs, texts, over."""
    parts = [
        over_seeds(study.erasure, measure, ["order", "route"]).assign(measure=measure)
        for measure in ("comprehensiveness", "sufficiency")
    ]
    table = pd.concat(parts, ignore_index=True)
    return table[["measure", *(name for name in table.columns if name != "measure")]]


def against(study: Study, order: str = "weights", rival: str = "random") -> pd.DataFrame:
    """One order minus another, text by text: columns measure, route, mean, low, high, runs, texts, over.

    A faithful order has comprehensiveness above 0 here and sufficiency below 0.
    """
    found = []
    keys = ["run", "route", "text"]
    for measure in ("comprehensiveness", "sufficiency"):
        wide = study.erasure.pivot(index=keys, columns="order", values=measure)
        difference = (wide[order] - wide[rival]).rename("difference").reset_index()
        found.append(over_seeds(difference, "difference", ["route"]).assign(measure=measure))
    table = pd.concat(found, ignore_index=True)
    return table[["measure", *(name for name in table.columns if name != "measure")]]


def findings(study: Study) -> list[str]:
    """What held, a sentence each: the weights beside chance, by route, beside rarity; the prompt's input; the gap."""
    both, *by_route = by_routes(study, "random")
    runs = int(both["runs"])
    over = f"{runs} seeds" if runs > 1 else f"one seed, interval over {int(both['texts'])} texts"
    found = [
        f"{held(both['low'], both['high'])}: erasing the tokens that the weights rank first costs the predicted class "
        f"{points(both)} more than erasing random ones ({over}).",
        f"Erased for the prompt alone, that difference is {points(by_route[0])}; erased for the frozen model alone, "
        f"{points(by_route[1])}.",
    ]
    if RARITY in set(study.erasure["order"]):  # a study of an older version has none
        both, *by_route = by_routes(study, RARITY)
        found.append(
            f"Beside the rarest tokens, an order that no training has touched, it is {points(both)}; for the prompt "
            f"alone {points(by_route[0])}; for the frozen model alone {points(by_route[1])}."
        )
    prompts = prompt_table(study).set_index(["measure", "intervention"])
    flips, drops = prompts.loc["flipped"]["mean"], prompts.loc["drop"]
    frozen = f"; with attention frozen to uniform, {100 * flips[UNIFORM]:.1f} %" if UNIFORM in flips else ""
    found.append(
        f"With the mean prompt in place of their own, {100 * flips[MEAN]:.1f} % of the texts are read as another class "
        f"and the predicted class loses {points(drops.loc[MEAN])}{frozen}."
    )
    gap = study.completeness["gap"].abs()
    found.append(
        f"Integrated gradients miss their sum by {100 * gap.median():.2g} points in the median and by "
        f"{100 * gap.max():.2g} at most."
    )
    return found


def by_routes(study: Study, rival: str) -> list[pd.Series]:
    """The weights' lead over another order in comprehensiveness: erased for both, the prompt, the frozen model."""
    table = against(study, rival=rival).set_index(["measure", "route"]).loc["comprehensiveness"]
    return [table.loc[route] for route in ("both", "generator", "backbone")]


def held(low: float, high: float) -> str:
    """A verdict from the interval of a difference that should be above 0."""
    if np.isnan(low):
        return "Not told"
    return "Held" if low > 0 else "Did not hold" if high < 0 else "Not told apart from chance"


def points(row) -> str:
    """ "3.1 points (1.2 to 5.0)", of probability times 100."""
    return f"{100 * row['mean']:.1f} points ({100 * row['low']:.1f} to {100 * row['high']:.1f})"


def prompt_table(study: Study) -> pd.DataFrame:
    """What each kind of prompt does: columns intervention, measure (drop, flipped, correct), mean, low, high, ..."""
    measures = [name for name in ("drop", "flipped", "correct") if name in study.prompts]
    table = study.prompts.astype(dict.fromkeys(measures, float))
    parts = [over_seeds(table, name, ["intervention"]).assign(measure=name) for name in measures]
    return pd.concat(parts, ignore_index=True)
