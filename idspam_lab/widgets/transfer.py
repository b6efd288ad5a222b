"""Transfer: pick a source, a target and a method: accuracies, confusion, and the texts whose prediction flips."""

from collections.abc import Mapping

import ipywidgets
import pandas as pd

from ..classifier import PromptClassifier
from ..errors import BadInput
from ..metrics import score
from ..tasks import Examples
from .parts import ROW, Panel, dropdown, offer, template, unique

COLUMNS = ("source", "target", "method", "text", "label", "predicted")
SHOWN, MOST = 8, 100  # texts of each kind of flip: shown at once, and at most
KINDS = {  # what became of a text that two classifiers read differently
    "lost": "wrong here, right there",
    "won": "right here, wrong there",
    "neither": "wrong both here and there",
}


def predictions(
    classifiers: Mapping[str, Mapping[str, PromptClassifier]],
    targets: Mapping[str, Examples],
    *,
    max_length: int | None = None,
    progress: str | None = None,
) -> pd.DataFrame:
    """What every classifier says of every target's texts: a row a text, with the columns of COLUMNS.

    Args:
        classifiers: source (what was trained on) -> method -> classifier; all with as many classes.
        targets: target -> its labelled texts. Labels are compared by their number: two tasks that share their
            classes have them in the same order. They are called what the first classifier calls them.
    """
    rows, names = [], None
    counts = {len(clf.id2label) for methods in classifiers.values() for clf in methods.values()}
    if len(counts) > 1:
        raise BadInput(
            f"The classifiers have {' and '.join(map(str, sorted(counts)))} classes: give those with as many."
        )
    for source, methods in classifiers.items():
        for method, clf in methods.items():
            for target, examples in targets.items():
                found = clf.predict_proba(examples, max_length=max_length, progress=progress).argmax(-1)
                names = names or clf.id2label
                said = [names[i] for i in found.tolist()]
                truth = [names[i] for i in examples.labels]
                pairs = examples.pairs or [""] * len(examples)
                texts = [f"{a} | {b}" if b else a for a, b in zip(examples.texts, pairs, strict=True)]
                rows += [(source, target, method, *row) for row in zip(texts, truth, said, strict=True)]
    return pd.DataFrame(rows, columns=COLUMNS)


def check_predictions(frame: pd.DataFrame) -> pd.DataFrame:
    """The table, if it has what Transfer needs.

    Raises:
        BadInput: a column is missing, or there is no row.
    """
    missing = [name for name in COLUMNS if name not in frame]
    if missing or not len(frame):
        lack = f"lacks {', '.join(missing)}" if missing else "is empty"
        raise BadInput(f"The table of predictions {lack}: make one with idspam_lab.widgets.transfer.predictions.")
    return frame


def part_of(frame: pd.DataFrame, source: str, target: str, method: str) -> pd.DataFrame:
    """The rows of one classifier on one target, in the order of the texts."""
    chosen = (frame["source"] == source) & (frame["target"] == target) & (frame["method"] == method)
    return frame[chosen].reset_index(drop=True)


def summary(frame: pd.DataFrame, target: str) -> pd.DataFrame:
    """How well each classifier reads one target. Columns: source, method, accuracy and macro_f1 (0..1), texts."""
    rows = []
    for (source, method), part in frame[frame["target"] == target].groupby(["source", "method"], sort=False):
        found = scores(part)
        rows.append((source, method, found["accuracy"], found["macro_f1"], len(part)))
    return pd.DataFrame(rows, columns=["source", "method", "accuracy", "macro_f1", "texts"])


def scores(part: pd.DataFrame) -> dict:
    """Accuracy and macro F1 of some predictions."""
    names = sorted({*part["label"], *part["predicted"]})
    numbers = {name: i for i, name in enumerate(names)}
    truth, said = (part[column].map(numbers).to_numpy() for column in ("label", "predicted"))
    return score("accuracy", truth, said, len(names))


def confusion(part: pd.DataFrame) -> pd.DataFrame:
    """How many texts of each class (rows) were read as which class (columns)."""
    names = sorted({*part["label"], *part["predicted"]})
    return pd.crosstab(part["label"], part["predicted"]).reindex(index=names, columns=names, fill_value=0)


def flips(part: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Texts that two classifiers read differently. Columns: text, label, predicted, other, kind (of KINDS).

    Raises:
        BadInput: they did not read the same texts.
    """
    if part["text"].tolist() != other["text"].tolist():
        raise BadInput("The two classifiers did not read the same texts, so nothing can be compared text by text.")
    found = part[["text", "label", "predicted"]].assign(other=other["predicted"], kind="neither")
    found.loc[found["other"] == found["label"], "kind"] = "lost"
    found.loc[found["predicted"] == found["label"], "kind"] = "won"
    return found[found["predicted"] != found["other"]].reset_index(drop=True)


def others_of(frame: pd.DataFrame, source: str, target: str, method: str) -> dict[str, tuple[str, str]]:
    """A line for each other classifier that read the target -> its source and method.

    First what was trained on the target itself, then the same method from elsewhere.
    """
    read = frame[frame["target"] == target]
    pairs = unique(zip(read["source"], read["method"], strict=True))
    others = [pair for pair in pairs if pair != (source, method)]
    others.sort(key=lambda pair: (pair[0] != target, pair[1] != method))
    return {f"{m}, trained on {s}": (s, m) for s, m in others}


class Transfer(Panel):
    """The whole panel, from a table of predictions.

        Transfer(predictions({"sst2": {"idspam": clf}}, {"imdb": imdb.test}))

    Args:
        frame: of `predictions`, or read from a file with its columns.

    Raises:
        BadInput: a column is missing.
    """

    def __init__(self, frame: pd.DataFrame):
        self.frame = check_predictions(frame)
        self.source = dropdown("Trained on:", unique(frame["source"]))
        self.target = dropdown("Read:", unique(frame["target"]))
        self.method = dropdown("Method:", unique(frame["method"]))
        self.other = dropdown("Compared with:", [])
        self.result = ipywidgets.HTML()
        menus = [self.source, self.target, self.method, self.other]
        super().__init__([ipywidgets.HBox(menus, layout=ROW), self.result])
        for menu in menus:
            menu.observe(lambda change: self.refresh(), "value")
        self.refresh()

    @property
    def chosen(self) -> tuple[str, str, str]:
        """Source, target, method."""
        return self.source.value, self.target.value, self.method.value

    def refresh(self) -> None:
        """Offers what can be compared, and shows it."""
        offer(self.other, list(others_of(self.frame, *self.chosen)) or ["nothing else"])
        self.result.value = self.static_html()

    def static_html(self) -> str:
        """The tables, for pages without a kernel."""
        return transfer_html(self.frame, *self.chosen, others_of(self.frame, *self.chosen).get(self.other.value))

    def figure(self):
        """The confusion as a matplotlib Figure."""
        from matplotlib.figure import Figure
        from sklearn.metrics import ConfusionMatrixDisplay

        from ..plots import style

        part = part_of(self.frame, *self.chosen)
        if not len(part):
            source, target, method = self.chosen
            raise BadInput(f"{method}, trained on {source}, has not read {target}: choose another pair.")
        counts = confusion(part)
        with style():
            figure = Figure(figsize=(6, 5), layout="constrained")
            ax = figure.subplots()
            ConfusionMatrixDisplay(counts.to_numpy(), display_labels=counts.columns).plot(ax=ax, cmap="Blues")
            ax.grid(False)
        return figure


def transfer_html(frame: pd.DataFrame, source: str, target: str, method: str, other: tuple[str, str] | None) -> str:
    """Accuracies of all, confusion of the chosen one, and what flips against `other` (source, method), as HTML."""
    part = part_of(frame, source, target, method)
    counts = confusion(part)
    found = flips(part, part_of(frame, other[0], target, other[1])) if other and len(part) else None
    groups = [] if found is None else [(name, found[found["kind"] == kind]) for kind, name in KINDS.items()]
    return template("transfer.html.j2").render(
        source=source,
        target=target,
        method=method,
        other=other,
        rows=list(summary(frame, target).itertuples()),
        counts=list(zip(counts.index, counts.to_numpy().tolist(), strict=True)),
        groups=[(name, len(group), list(group.head(MOST).itertuples())) for name, group in groups if len(group)],
        shown=SHOWN,
    )
