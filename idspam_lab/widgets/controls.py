"""A button and a slider of our own, for what the widget library's lack: a focus that stays, and names that are read."""

from collections.abc import Callable

import traitlets

from .own import OwnWidget, script, sheet


class Button(OwnWidget):
    """A red button. While it is disabled it can still be reached with the keyboard, so that no focus is lost."""

    _esm = script("button.js")
    _css = sheet("controls.css")

    description = traitlets.Unicode().tag(sync=True)
    tooltip = traitlets.Unicode().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(self, action: Callable[[], None], **traits):
        super().__init__(**traits)
        self.action = action
        self.on_msg(lambda widget, message, buffers: self.click() if message == "click" else None)

    def click(self) -> None:
        """What a press does."""
        if not self.disabled:
            self.action()


class Slider(OwnWidget):
    """Whole numbers from 0 to `max`. Whoever shows it observes `value` and says in `text` what stands there."""

    _esm = script("slider.js")
    _css = sheet("controls.css")

    description = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)  # beside the slider; read out as its value
    max = traitlets.Int(0).tag(sync=True)
    value = traitlets.Int(0).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
