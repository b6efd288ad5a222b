"""What several panels are made of: menus, boxes, sentences, and HTML for pages without widgets."""

import base64
import io
import os
import sys
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import ipywidgets
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import escape

from ..report import shown
from ..terminal import percent, shorten, visible

HERE = Path(__file__).parent
STATIC = "IDSPAM_STATIC"  # set while pages without kernel are made: what a click would show is worked out beforehand
NO_KERNEL = "This page has no kernel: menus, boxes and buttons answer in the notebook only."
ROW = {"flex_flow": "row wrap", "grid_gap": "4px 24px"}  # layout of controls side by side, as many as fit
OWN_WIDTH = {"description_width": "initial"}  # a control's name takes the room it needs


class Panel(ipywidgets.VBox):
    """Controls and views below each other, with letters that a projector shows to the last row.

    A subclass has a `static_html()`: its content for pages without widgets, which goes with it wherever it is shown.
    """

    def __init__(self, children: Sequence[ipywidgets.Widget]):
        sheet = (HERE / "panel.css").read_text(encoding="utf-8")
        note = [ipywidgets.HTML(sentence(NO_KERNEL))] if is_static() else []
        if is_static():
            for child in children:
                disable(child)
        super().__init__([ipywidgets.HTML(f"<style>{sheet}</style>", layout={"display": "none"}), *note, *children])
        self.add_class("idspam-panel")
        self.add_class(f"idspam-{type(self).__name__}")  # to style or find one kind of panel

    def _repr_mimebundle_(self, **options):
        return with_html(super()._repr_mimebundle_(**options), self.static_html())


def disable(part: ipywidgets.Widget) -> None:
    """A menu, box or button that takes no input for good, or all such inside: where nobody answers it."""
    for child in getattr(part, "children", ()):
        disable(child)
    if part.has_trait("disabled"):
        part.disabled = True
        part.observe(lambda change: setattr(part, "disabled", True), "disabled")


def is_static() -> bool:
    """Is this run made for pages without a kernel?"""
    return bool(os.environ.get(STATIC))


def labels_of(texts: Sequence) -> list[str]:
    """A menu's line for each text: its beginning, and its number where two begin alike."""
    lines = [shorten(visible(text if isinstance(text, str) else " | ".join(text)), 90) for text in texts]
    return [line if lines.count(line) == 1 else f"{i}: {line}" for i, line in enumerate(lines, start=1)]


def unique(values: Iterable) -> list:
    """Each value once, in the order in which they come."""
    return list(dict.fromkeys(values))


def offer(menu: ipywidgets.Dropdown, options: list[str]) -> None:
    """New options; the choice stays where it can. A menu with one option cannot be opened."""
    if list(menu.options) != options:
        chosen = menu.value
        menu.options = options
        menu.value = chosen if chosen in options else options[0]
    menu.disabled = len(options) < 2


def dropdown(description: str, options: list[str]) -> ipywidgets.Dropdown:
    """A menu with its name in front."""
    layout = {"width": "auto", "max_width": "1000px"}
    menu = ipywidgets.Dropdown(description=description, style=OWN_WIDTH, layout=layout)
    if options:
        offer(menu, options)
    return menu


def text_box(description: str) -> ipywidgets.Textarea:
    """A box that answers to every letter."""
    layout = {"width": "calc(100% - 4px)", "max_width": "1000px"}  # it has a margin of 2 pixels on each side
    return ipywidgets.Textarea(description=description, rows=2, continuous_update=True, style=OWN_WIDTH, layout=layout)


def sentence(text: str = "") -> str:
    """A paragraph for an ipywidgets.HTML, escaped; read out when it changes."""
    return f'<div role="status" class="idspam-sentence">{escape(visible(text))}</div>'


def heading(text: str) -> ipywidgets.HTML:
    """A line above a part of a panel."""
    return ipywidgets.HTML(f'<div class="idspam-heading">{escape(text)}</div>')


def picture_html(figure, alt: str) -> str:
    """A matplotlib Figure as HTML that needs no file beside it."""
    picture = io.BytesIO()
    with warnings.catch_warnings():  # a letter that no installed font has is drawn as a box
        warnings.filterwarnings("ignore", message=".*Glyph .* missing from")
        figure.savefig(picture, format="png", dpi=100, facecolor="white")
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(figure)
    return f'<img alt="{escape(alt)}" src="data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()}">'


def with_html(bundle, html: str):
    """A widget's MIME bundle with `html` for pages that cannot show widgets."""
    if isinstance(bundle, tuple):
        return (bundle[0] | {"text/html": html}, *bundle[1:])
    return (bundle or {}) | {"text/html": html}


def template(name: str):
    """A template of the package. All that it prints passes two gates: no control characters, no markup."""
    environment = Environment(
        loader=PackageLoader("idspam_lab"),
        autoescape=True,
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    return environment.get_template(name)
