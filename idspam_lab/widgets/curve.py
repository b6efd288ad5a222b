"""LayerCurve: scores over the block at which the prompt joins; a click on a point opens that run's weights."""

from collections.abc import Callable, Sequence

import ipywidgets
import pandas as pd

from ..analysis.paths import knockout
from ..errors import BadInput
from ..metrics import METRICS
from ..terminal import percent
from .chart import LineChart, style_of
from .parts import ROW, Panel, dropdown, is_static, labels_of, sentence, unique
from .tokens import TokenView

NEEDED = ("train_task", "test_task", "method", "layer", "seed", "score")
OTHERS = ("accuracy", "macro_f1")  # columns besides `score`, which is the task's own measure
TEXTS = ("a gripping , funny and unexpectedly moving film .",)


def check_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that have a layer and a score, numbered from 0.

    Raises:
        BadInput: a column is missing, or no such row is there.
    """
    missing = [name for name in NEEDED if name not in frame]
    if missing:
        raise BadInput(f"The table lacks {', '.join(missing)}: a layer curve needs the columns {', '.join(NEEDED)}.")
    rows = frame.dropna(subset=["layer", "score"])
    if not len(rows):
        raise BadInput("No row of the table has a layer and a score: run some layers first.")
    whole = {name: rows[name].astype(int) for name in ("layer", "seed")}  # a column with gaps, of baselines, has floats
    return rows.assign(**whole).reset_index(drop=True)


def tasks_of(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """A line for each curve's place -> its rows: a pair of tasks, on one frozen model where the table has several."""
    models = unique(frame["backbone"]) if "backbone" in frame else []
    apart = ["train_task", "test_task", *(["backbone"] if len(models) > 1 else [])]
    found = {}
    for (a, b, *model), rows in frame.groupby(apart, sort=False):
        found[(a if a == b else f"{a} → {b}") + "".join(f", {name}" for name in model)] = rows
    return found


def measures_of(frame: pd.DataFrame) -> dict[str, str]:
    """A name for each measure that the table has -> its column."""
    own = unique(frame["metric"]) if "metric" in frame else []
    name = own[0] if len(own) == 1 else "the task's own metric"
    found = {METRICS.get(name, name): "score"}
    return found | {METRICS[one]: one for one in OTHERS if one in frame and METRICS[one] not in found}


def curve_series(rows: pd.DataFrame, column: str, methods: Sequence[str], chosen: Sequence[str]) -> list[dict]:
    """One series a method: the mean over the seeds with the lowest and the highest, and every run as a point.

    Args:
        rows: of one task, one of `tasks_of`. A point's key is its row's number.
        column: of the measure, 0..1; the series are in percent.
        methods: all that the panel knows: a method's place here is its colour's, whatever is chosen.
        chosen: those that are drawn.
    """
    rows = rows.dropna(subset=[column])
    series = []
    for number, method in enumerate(methods):
        mine = rows[rows["method"] == method]
        if method not in chosen or not len(mine):
            continue
        spread = (100 * mine.groupby("layer")[column].agg(["mean", "min", "max"])).reset_index()
        series.append({
            "name": method,
            "line": [{"x": int(m), "y": mean, "low": low, "high": high} for m, mean, low, high in spread.to_numpy()],
            "points": [
                {"x": int(layer), "y": 100 * score, "key": str(key), "text": run_text(mine.loc[key], column)}
                for key, layer, score in zip(mine.index, mine["layer"], mine[column], strict=True)
            ],
        } | style_of(number))  # fmt: skip
    return series


def run_text(row: pd.Series, column: str, *, measure: str = "", task: str = "") -> str:
    """One run in words; with the measure's name and the task where they are not plain from what stands around it."""
    where = [row["method"], f"layer {row['layer']}", f"seed {row['seed']}", *([task] if task else [])]
    return f"{', '.join(where)}: {f'{measure} ' if measure else ''}{percent(row[column])}"


class LayerCurve(Panel):
    """The whole panel.

        LayerCurve(frame)
        LayerCurve(frame, open_run=lambda row: PromptClassifier.from_pretrained(row["folder"], backbone=backbone))

    Args:
        frame: a row a run, with the columns of NEEDED, perhaps backbone, metric, accuracy and macro_f1; scores 0..1.
        open_run: a run's row -> its trained PromptClassifier, or None where its weights were not kept.
        texts: what a run's weights are shown on.

    Raises:
        BadInput: a column is missing, or there is nothing to draw.
    """

    def __init__(self, frame: pd.DataFrame, open_run: Callable | None = None, texts: Sequence[str] = TEXTS):
        self.frame, self.open_run = check_frame(frame), open_run
        self.tasks, self.columns = tasks_of(self.frame), measures_of(self.frame)
        self.texts = dict(zip(labels_of(texts), texts, strict=True))
        self.task, self.measure = dropdown("Task:", list(self.tasks)), dropdown("Metric:", list(self.columns))
        self.methods = [
            ipywidgets.Checkbox(value=True, description=name, indent=False, layout={"width": "auto"})
            for name in unique(self.frame["method"])
        ]
        self.chart = LineChart(
            x_label="layer m, at whose input the prompt joins", series_label="method",
            table_note="Each score is the mean over the seeds; in brackets the lowest and the highest.",
        )  # fmt: skip
        self.chart.clickable = open_run is not None and not is_static()
        self.outcome = ""  # of the opening of a run, in words
        self.said, self.text = ipywidgets.HTML(), dropdown("Text:", list(self.texts))
        self.tokens = TokenView(readonly=True)
        above = [ipywidgets.HBox([self.task, self.measure], layout=ROW), ipywidgets.HBox(self.methods, layout=ROW)]
        super().__init__([*above, self.chart, *([self.said, self.text, self.tokens] if open_run else [])])
        for part in (self.task, self.measure, *self.methods):
            part.observe(lambda change: self.draw(), "value")
        self.chart.observe(lambda change: self.show_run(), "opened")
        self.text.observe(lambda change: self.show_run(), "value")
        self.draw()
        self.say()

    def draw(self) -> None:
        """The curves of what is chosen."""
        names = [box.description for box in self.methods]
        chosen = [box.description for box in self.methods if box.value]
        series = curve_series(self.tasks[self.task.value], self.columns[self.measure.value], names, chosen)
        with self.chart.hold_sync():
            self.chart.series = series
            self.chart.x_ticks = sorted({p["x"] for one in series for p in one["line"]})
            self.chart.y_label = f"{self.measure.value} (%)"
            self.chart.title = f"{self.task.value}: {self.measure.value} by layer, {len(series)} methods"
            self.chart.empty = "No run of the chosen methods on this task."
        if self.chart.opened in {point["key"] for one in series for point in one["points"]}:
            self.say()
        else:
            self.chart.opened = ""

    def show_run(self) -> None:
        """The token weights of the run whose point was clicked."""
        self.tokens.clear()
        if not self.chart.opened:
            self.say()
            return
        self.say("Opening ...")  # it may take seconds
        try:
            clf = self.open_run(self.frame.loc[int(self.chart.opened)])
            found = clf and knockout(clf, self.texts[self.text.value])
        except Exception as error:  # open_run is the user's own: whatever it raises is said, and the panel lives on
            self.say(str(error) if isinstance(error, BadInput) else repr(error))
            return
        self.say("Its weights were not kept." if found is None else "")
        if found:
            self.tokens.show(found)

    def say(self, outcome: str | None = None) -> None:
        """Which run is opened, as the menus have it, and what came of opening it; None: what was said of that last."""
        self.outcome = self.outcome if outcome is None else outcome
        if not self.chart.opened:
            where = "In the notebook, a click on" if is_static() else "A click on"
            self.said.value = sentence(f"{where} a point shows which tokens that run's prompt is made from.")
            return
        row, task = self.frame.loc[int(self.chart.opened)], self.task.value if len(self.tasks) > 1 else ""
        run = run_text(row, self.columns[self.measure.value], measure=self.measure.value, task=task)
        self.said.value = sentence(f"{run}. {self.outcome}" if self.outcome else run)

    def figure(self):
        """The curves as a matplotlib Figure."""
        return self.chart.figure()

    def static_html(self) -> str:
        """The curves as a picture, for pages without scripts."""
        return self.chart.static_html()
