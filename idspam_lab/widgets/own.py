"""A widget with a script of its own: it gets every change, however late the page comes to load it."""

from pathlib import Path
from uuid import uuid4

import anywidget
import traitlets

HERE = Path(__file__).parent


class OwnWidget(anywidget.AnyWidget):
    """Runs `awake.js` before its script, which must export `initialize` beside `render`."""

    name = traitlets.Unicode().tag(sync=True)  # by which the page finds the model

    def __init__(self, **traits):
        name = uuid4().hex
        super().__init__(model_id=name, name=name, **traits)
        self.on_msg(lambda widget, message, buffers: self.tell_all() if message == "awake" else None)

    def tell_all(self) -> None:
        """Sends what the page may have missed: all but the scripts, which it has."""
        self.send_state([key for key in self.keys if not key.startswith("_")])


def script(file: str) -> str:
    """A script of this folder, behind those that each of ours needs."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in ("awake.js", "asking.js", file))


def sheet(file: str) -> str:
    """A style sheet of this folder."""
    return (HERE / file).read_text(encoding="utf-8")
