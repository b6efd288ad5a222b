"""PromptExplorer: type a text, see what its prompt is made from, take tokens away, and watch the prediction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import ipywidgets

from ..analysis.paths import Knockout, knock_out_each, knockout, routes
from ..classifier import PromptClassifier
from ..errors import BadInput
from .parts import ROW, Panel, dropdown, is_static, labels_of, offer, text_box, unique
from .tokens import TokenView, tokens_html, tokens_of, views_alone

WORDS = {"the generator": "the prompt", "the backbone": "the frozen model"}  # what a refusal names -> the button's word
NOTHING = {"generator": [], "backbone": []}  # no token is away


class Choice(NamedTuple):
    """One classifier to choose."""

    adapter: str
    method: str
    layer: str
    clf: PromptClassifier


def choices_of(classifiers) -> list[Choice]:
    """A classifier, or names with one or several each, as rows to choose from.

    Raises:
        BadInput: there is none.
    """
    named = classifiers if isinstance(classifiers, Mapping) else {"adapter": classifiers}
    found, seen = [], Counter()
    for name, some in named.items():
        for clf in some if isinstance(some, Sequence) else [some]:
            menus = str(name), clf.method_name, layer_of(clf)
            seen[menus] += 1  # of another seed, say: a number tells it apart
            layer = menus[2] if seen[menus] == 1 else f"{menus[2]} ({seen[menus]})"
            found.append(Choice(*menus[:2], layer, clf))
    if not found:
        raise BadInput("There is no classifier to explore: give one, or a dict of name to classifiers.")
    return found


def layer_of(clf: PromptClassifier) -> str:
    """The block at whose input the prompt joins, in words; of several, all."""
    layers = clf.options.get("layer", getattr(clf.method, "layer", None))
    layers = getattr(clf.method, "layer", None) if layers is None else layers
    return "none" if layers is None else str(layers)


def in_words(error: BadInput) -> str:
    """A refusal, with the two routes named as on the panel's buttons."""
    said = str(error)
    for name, word in WORDS.items():
        said = said.replace(name, word)
    return said


class PromptExplorer(Panel):
    """The whole panel.

        PromptExplorer(clf)
        PromptExplorer({"reviews": [clf_0, clf_3], "sst2": other}, ["a gripping film", "dull and clumsy ."])

    Args:
        classifiers: one PromptClassifier, or names, each with one or several: the panel switches between them.
        texts: texts to pick from, or pairs for a task with two texts. The first is shown at the start.
        max_length: tokens at which a text is cut.

    Raises:
        BadInput: no classifier.
    """

    def __init__(self, classifiers, texts: Sequence = ("a gripping , funny and unexpectedly moving film .",),
                 *, max_length: int | None = None):  # fmt: skip
        self.choices, self.max_length = choices_of(classifiers), max_length
        self.pairs = any(not isinstance(text, str) for text in texts)
        self.picked = dict(zip(labels_of(texts), texts, strict=True))
        self.pick = dropdown("Pick a text:", list(self.picked))
        self.text = text_box("Sentence:")
        self.second = text_box("Second text:")
        self.adapter = dropdown("Adapter:", unique(c.adapter for c in self.choices))
        self.method, self.layer = dropdown("Method:", []), dropdown("Layer m:", [])
        self.tokens = TokenView()
        super().__init__([
            ipywidgets.HBox([self.adapter, self.method, self.layer], layout=ROW),
            self.pick,
            *([self.text, self.second] if self.pairs else [self.text]),
            self.tokens,
        ])  # fmt: skip
        self.kept, self.busy = NOTHING, False  # the tokens that are away; whether the panel itself changes its parts
        self.adapter.observe(lambda change: self.narrow(), "value")
        self.method.observe(lambda change: self.narrow(), "value")
        self.pick.observe(lambda change: change.new is None or self.put(self.picked[change.new]), "value")
        self.layer.observe(lambda change: self.refresh(), "value")
        for part in (self.text, self.second):
            part.observe(lambda change: self.typed(), "value")
        self.tokens.observe(lambda change: self.refresh(), "out")
        with self.quiet():
            self.narrow()
        self.put(next(iter(texts), ""))

    # What is chosen --------------------------------------------------------------------------------------

    @property
    def clf(self) -> PromptClassifier:
        """The classifier that the three menus name."""
        wanted = (self.adapter.value, self.method.value, self.layer.value)
        return next((c.clf for c in self.choices if c[:3] == wanted), self.choices[0].clf)

    @property
    def given(self) -> str | tuple[str, str]:
        """The text, or the pair."""
        return (self.text.value, self.second.value) if self.pairs else self.text.value

    def put(self, text: str | tuple[str, str]) -> None:
        """A text into its box, or a pair into both."""
        with self.quiet():
            self.text.value, self.second.value = (text, "") if isinstance(text, str) else text
        self.refresh()

    def typed(self) -> None:
        """Another text stands in the box than the one that was picked: the menu names none, so that it can be again."""
        if not self.busy:
            with self.quiet():
                self.pick.value = None
            self.refresh()

    def narrow(self) -> None:
        """Offers only the methods and layers that the chosen adapter has."""
        with self.quiet():
            rows = [c for c in self.choices if c.adapter == self.adapter.value]
            offer(self.method, unique(c.method for c in rows))
            offer(self.layer, unique(c.layer for c in rows if c.method == self.method.value))
        self.refresh()

    @contextmanager
    def quiet(self):
        """Changes inside are the panel's own: nothing is worked out for each of them."""
        before, self.busy = self.busy, True
        try:
            yield
        finally:
            self.busy = before

    # What follows from it --------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Works the view out anew. A text that cannot be read leaves the last view and says why."""
        if self.busy:
            return
        try:
            whole = self.without(NOTHING)
        except BadInput as error:
            with self.quiet(), self.tokens.hold_sync():
                above = " What stands above is of the one before." if self.tokens.tokens else ""
                said = in_words(error) if self.is_given else f"Type a text.{above}"
                self.tokens.said, self.tokens.out = said, self.kept  # a click takes nothing away meanwhile
                self.tokens.answered += 1
            return
        with self.quiet():
            self.kept, found, said = self.apart(whole)
            told = {"routes": list(routes(self.clf)), "alone": self.alone(), "answered": self.tokens.answered + 1}
            self.tokens.show(found, whole=whole, out=self.kept, said=said, notes=self.what_is_not_read(whole), **told)
            if self.tokens.route not in self.tokens.routes:
                self.tokens.route = "both"

    @property
    def is_given(self) -> bool:
        """Is there a text, or a pair of which both are there?"""
        return all(part.strip() for part in ([self.given] if isinstance(self.given, str) else self.given))

    def what_is_not_read(self, whole: Knockout) -> str:
        """A sentence if the text is longer than what is read of it, and one if the model does not know all of it."""
        tokenizer, parts = self.clf.backbone.tokenizer, [self.given] if isinstance(self.given, str) else self.given
        full, read = len(tokenizer(*parts, verbose=False)["input_ids"]), len(tokens_of(whole))
        marks = {tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token}  # GPT-2 has one token for all of these
        unknown = 0 if tokenizer.unk_token in marks else whole.tokens.count(tokenizer.unk_token)
        notes = [f"The text has {full:,} tokens; the first {read:,} are read."] if full > read else []
        if unknown:
            notes.append(f"Unknown to this model, shown as {tokenizer.unk_token}: {unknown} of the {read:,} tokens.")
        return " ".join(notes)

    def without(self, out: Mapping) -> Knockout:
        """The text without these tokens."""
        return knockout(self.clf, self.given, **out, max_length=self.max_length)

    def apart(self, whole: Knockout) -> tuple[dict, Knockout, str]:
        """Which tokens are away, the text without them, and why it is not those that were asked for.

        They stay away while the text is the same, and come back when it changes. A click that asks too much is undone.
        """
        if tokens_of(whole) != self.tokens.tokens:
            return NOTHING, whole, ""
        said = ""
        for out in (self.tokens.out, self.kept):
            try:
                return out, self.without(out), said
            except BadInput as error:
                said = said or in_words(error)
        return NOTHING, whole, said

    def alone(self) -> dict:
        """Every token taken away alone, where a page is rendered that has no kernel to ask."""
        if not is_static():
            return {}
        return views_alone(knock_out_each(self.clf, self.given, max_length=self.max_length))

    def static_html(self) -> str:
        """The panel's content without a kernel and without scripts."""
        return tokens_html(self.tokens.tokens, self.tokens.labels, self.tokens.view)
