"""The token view: a text's tokens, the weight of each in the prompt, and what the classifier says.

The numbers come from pure functions (`view_of`, `tokens_of`); the widget only carries them to the page.
"""

from collections.abc import Mapping, Sequence

import traitlets

from ..analysis.paths import Knockout
from ..report import shade
from ..terminal import SPECIAL, digits, percent, spread_sentence, times, token_weights, visible
from .own import OwnWidget, script, sheet
from .parts import template, with_html


class TokenView(OwnWidget):
    """Tokens that can be looked at and taken away. Whoever shows it observes `out` and answers with a new `view`."""

    _esm = script("tokens.js")
    _css = sheet("tokens.css")

    tokens = traitlets.List().tag(sync=True)  # of `tokens_of`
    labels = traitlets.List().tag(sync=True)  # the classes' names
    whole = traitlets.Dict().tag(sync=True)  # `view_of` the whole text
    view = traitlets.Dict().tag(sync=True)  # `view_of` what is left of it
    out = traitlets.Dict({"generator": [], "backbone": []}).tag(sync=True)  # places of the tokens taken away
    routes = traitlets.List(["generator", "backbone", "both"]).tag(sync=True)  # those to choose from
    route = traitlets.Unicode("both").tag(sync=True)  # what the next click takes a token away from
    alone = traitlets.Dict().tag(sync=True)  # route -> a view for each token taken away alone: for pages without kernel
    answered = traitlets.Int(0).tag(
        sync=True
    )  # goes up with each answer to a change of `out`, also to one that is undone
    said = traitlets.Unicode().tag(sync=True)  # a sentence in place of the verdict
    notes = traitlets.Unicode().tag(sync=True)  # sentences after it
    readonly = traitlets.Bool(False).tag(sync=True)

    def show(self, found: Knockout, *, whole: Knockout | None = None, **traits) -> None:
        """Puts a text on the page. `whole`: the text before anything was taken away; default: this is it."""
        with self.hold_sync():
            self.tokens = tokens_of(found)
            self.labels = [visible(label) for label in found.probabilities]
            self.whole, self.view = view_of(whole or found), view_of(found)
            for name, value in traits.items():
                setattr(self, name, value)

    def clear(self) -> None:
        """No text."""
        with self.hold_sync():
            self.tokens, self.said, self.notes = [], "", ""

    def _repr_mimebundle_(self, **options):
        """With HTML beside the widget, for pages that have no widgets."""
        return with_html(super()._repr_mimebundle_(**options), tokens_html(self.tokens, self.labels, self.view))


def tokens_of(found: Knockout) -> list[dict]:
    """Each token as it is shown, and whether the tokenizer put it there."""
    return [{"text": visible(token), "special": bool(SPECIAL.fullmatch(token))} for token in found.tokens]


def view_of(found: Knockout) -> dict:
    """The numbers of a token view, as JSON holds them.

    weights: one a token, 0 for those taken away, or None; left: their places; decimals: those that "times the uniform
    weight" needs to tell them apart; spread: a sentence on how far they leave plain mean pooling.
    """
    view = {"weights": None, "left": found.left, "decimals": 1, "spread": ""}
    if found.weights is not None:
        rows = token_weights({"tokens": [found.tokens[i] for i in found.left], "weights": found.weights[found.left]})
        weights = [float(f"{w:.6g}") for w in found.weights.tolist()]
        view |= {"weights": weights, "decimals": digits(rows), "spread": spread_sentence(rows)}
    return view | {"probabilities": [round(p, 6) for p in found.probabilities.values()]}


def views_alone(each: Mapping[str, Sequence[Knockout | None]]) -> dict[str, list[dict | None]]:
    """`paths.knock_out_each` as views, for pages without a kernel."""
    return {route: [found and view_of(found) for found in every] for route, every in each.items()}


# Without a kernel and without scripts ---------------------------------------------------------------------------------


def tokens_html(tokens: Sequence[dict], labels: Sequence[str], view: Mapping) -> str:
    """What the token view shows, as plain HTML: for pages without scripts. Everything in it is escaped."""
    if not tokens:
        return ""
    weights, left = view["weights"] or [None] * len(tokens), view["left"]
    chips = [
        {
            "text": token["text"],
            "special": token["special"],
            "gone": place not in left,
            "shade": "0" if weight is None else shade(weight * len(left)),
            "times": times(weight * len(left), view["decimals"]) if weight is not None and place in left else "",
            "title": "" if weight is None else f"{percent(weight)} of the prompt's weight",
        }
        for place, (token, weight) in enumerate(zip(tokens, weights, strict=True))
    ]
    classes = [(label, percent(p), round(100 * p, 1)) for label, p in zip(labels, view["probabilities"], strict=True)]
    return template("tokens.html.j2").render(chips=chips, classes=classes, spread=view["spread"])
