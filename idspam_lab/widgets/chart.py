"""The line chart of the panels: series with spread and points that open on a click."""

from collections.abc import Mapping, Sequence

import traitlets

from .own import OwnWidget, script, sheet
from .parts import picture_html, with_html

# Near seaborn's colour-blind palette, but each stands out from white (3 : 1) as from a dark page, and orange and red
# stay apart to those who see no green. Each has a mark and a dash of its own.
COLOURS = ("#0173b2", "#db7c00", "#029e73", "#a64200", "#cc78bc", "#8c564b", "#3498d8", "#949494")
MARKS = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D", "down": "v", "plus": "P"}  # as matplotlib's
DASHES = ("", "8 4", "2 4", "10 4 2 4")
GREY = "#6b6b6b"


def style_of(number: int) -> dict:
    """Colour, mark and dash of the series with this number: no two of the first 24 are alike."""
    marks = list(MARKS)
    return {
        "colour": COLOURS[number % len(COLOURS)],
        "mark": marks[number % len(marks)],
        "dash": DASHES[number % len(DASHES)],
    }


def level(name: str, y: float, number: int = 0) -> dict:
    """A level line across the chart, such as the majority class."""
    colour, dashes = (GREY, *COLOURS[1:])[number % len(COLOURS)], ("2 4", "9 5")[number % 2]
    return {"name": name, "y": y, "colour": colour, "dash": dashes}


class LineChart(OwnWidget):
    """A drawing of plain data.

    A series is {name, colour, mark, dash, line: [{x, y, low?, high?, note?}], points: [{x, y, key, text}]}; a note
    stands beside its x in the table of the numbers.
    """

    _esm = script("chart.js")
    _css = sheet("chart.css")

    series = traitlets.List().tag(sync=True)
    levels = traitlets.List().tag(sync=True)  # of `level`
    title = traitlets.Unicode().tag(sync=True)  # read out in place of the picture
    x_label = traitlets.Unicode().tag(sync=True)
    y_label = traitlets.Unicode().tag(sync=True)
    x_ticks = traitlets.List().tag(sync=True)  # numbers; empty: chosen on the page
    x_range = traitlets.List(default_value=None, allow_none=True).tag(sync=True)  # [low, high]; None: what is drawn
    y_range = traitlets.List(default_value=None, allow_none=True).tag(sync=True)
    decimals = traitlets.Int(1).tag(sync=True)  # of the numbers in the table
    series_label = traitlets.Unicode("curve").tag(sync=True)  # what the series are, above the table's first column
    table_note = traitlets.Unicode().tag(sync=True)  # a sentence above the table
    width, height = traitlets.Int(760).tag(sync=True), traitlets.Int(380).tag(sync=True)  # letters are 16 high
    empty = traitlets.Unicode("Nothing to draw yet.").tag(sync=True)
    clickable = traitlets.Bool(False).tag(sync=True)
    opened = traitlets.Unicode().tag(sync=True)  # the key of the point that was clicked last
    answered = traitlets.Int(0).tag(sync=True)  # goes up with each word from the page on what is opened

    @traitlets.observe("opened")
    def answer(self, change) -> None:
        """Says at once that the kernel has heard of the click, however long the opening takes."""
        self.answered += 1

    def figure(self):
        """The chart as a matplotlib Figure, for pages and papers without widgets."""
        return chart_figure(self.series, self.levels, self.x_label, self.y_label)

    def static_html(self) -> str:
        """The chart as a picture in HTML."""
        return picture_html(self.figure(), self.title)

    def _repr_mimebundle_(self, **options):
        return with_html(super()._repr_mimebundle_(**options), self.static_html())


def chart_figure(series: Sequence[Mapping], levels: Sequence[Mapping], x_label: str, y_label: str):
    """What the LineChart shows, as a matplotlib Figure that belongs to nobody."""
    from matplotlib.figure import Figure

    from ..plots import style

    with style():
        figure = Figure(figsize=(9, 5), layout="constrained")
        ax = figure.subplots()
        for one in series:
            line = one["line"]
            xs, ys = [p["x"] for p in line], [p["y"] for p in line]
            ax.plot(xs, ys, color=one["colour"], linestyle=dash(one["dash"]), linewidth=2.5, label=one["name"])
            spread = [p for p in line if "low" in p]
            ax.vlines([p["x"] for p in spread], [p["low"] for p in spread], [p["high"] for p in spread], one["colour"])
            points = one["points"]
            mark = MARKS.get(one["mark"], "")
            ax.plot([p["x"] for p in points], [p["y"] for p in points], mark, color=one["colour"], markersize=8)
        for one in levels:
            ax.axhline(one["y"], color=one["colour"], linestyle=dash(one["dash"]), linewidth=2.5, label=one["name"])
        ax.set_xlabel(x_label, parse_math=False)
        ax.set_ylabel(y_label, parse_math=False)
        if series or levels:
            legend = ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
            for text in legend.get_texts():
                text.set_parse_math(False)
    return figure


def dash(pattern: str):
    """An SVG dash pattern as matplotlib's."""
    return (0, tuple(map(float, pattern.split()))) if pattern else "-"
