"""LiveTraining: a training run while it happens: loss, accuracy, what chosen texts' prompts are made from, and Stop.

The training runs in a thread, so that the kernel still hears the Stop button: an awaiting cell lets it work.
"""

import asyncio
import math
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager

import ipywidgets
import pandas as pd

from ..analysis.paths import Knockout, knockout
from ..classifier import PromptClassifier
from ..errors import BadInput
from ..terminal import percent
from ..training import Progress, Run, StopTraining
from ..training.checkpoint import copy_of, put_back, trained_tensors
from ..training.record import best_epoch
from .chart import LineChart, level, style_of
from .controls import Button, Slider
from .parts import ROW, Panel, heading, labels_of, picture_html, sentence, unique
from .tokens import TokenView, tokens_html, tokens_of, view_of

TEXTS = ("a gripping , funny and unexpectedly moving film .", "dull and clumsy .")
PAUSE = 0.5  # seconds between two drawings, at least
SHARE = 0.1  # of the time may go into drawing
CURVE = 150  # points of the loss curve, at most


def loss_series(losses: Sequence[float]) -> list[dict]:
    """The training loss as means over equal stretches of steps, at most CURVE of them."""
    width = max(1, math.ceil(len(losses) / CURVE))
    line = []
    for start in range(0, len(losses), width):
        part = losses[start : start + width]
        line.append({"x": start + len(part), "y": sum(part) / len(part)})
    return [{"name": "training loss", "line": line, "points": []} | style_of(2) | {"dash": "", "mark": ""}]


def accuracy_series(history: Sequence[Mapping]) -> list[dict]:
    """Validation accuracy in percent, a point an epoch; nothing without validation texts."""
    points = [
        {
            "x": row["step"],
            "y": 100 * row["validation_accuracy"],
            "key": str(row["epoch"]),
            "text": f"epoch {row['epoch']}, step {row['step']}: {percent(row['validation_accuracy'])}",
        }
        for row in history
        if "validation_accuracy" in row
    ]
    line = [{"x": point["x"], "y": point["y"], "note": f"epoch {point['key']}"} for point in points]
    return [{"name": "validation accuracy", "line": line, "points": points} | style_of(0)] if points else []


def best_of(history: Sequence[Mapping]) -> Mapping | None:
    """The epoch that training would keep now."""
    return history[best_epoch(history) - 1] if history else None


def best_sentence(history: Sequence[Mapping]) -> str:
    """Which epoch is kept, in words."""
    best = best_of(history)
    if best is None:
        return "No epoch is finished yet."
    score = f" ({percent(best['validation_accuracy'])})" if "validation_accuracy" in best else ""
    return f"Best so far: epoch {best['epoch']}{score}."


def end_sentence(run: Run) -> str:
    """How a run ended, in words."""
    done = f"Done: {len(run.history)} epochs in {run.seconds:.0f} s"
    how = run.stopped[:1].upper() + run.stopped[1:] if run.stopped else done
    if not run.best_epoch:
        return f"{how}. No epoch was finished, so the starting weights are kept."
    score = f" ({percent(run.best['validation_accuracy'])})" if "validation_accuracy" in run.best else ""
    return f"{how}. Epoch {run.best_epoch}{score} is kept."


@contextmanager
def warnings_of_this_thread(say: Callable[[str], None]):
    """Has them said by `say`. The line that such a warning would name is none of the user's, but Python's own."""
    thread, show_others = threading.current_thread(), warnings.showwarning

    def show(message, *arguments, **options):
        if threading.current_thread() is thread:
            say(str(message))
        else:
            show_others(message, *arguments, **options)

    vars(threading).pop("__warningregistry__", None)  # what was said of an earlier training is said again
    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = show_others


class LiveTraining(Panel):
    """The panel, and a callback for `PromptClassifier.fit`.

        live = LiveTraining(clf, ["a gripping film"], levels={"majority class": 0.5})
        live                                                       # shows the panel
        run = await live.fit(data.train, data.validation)          # trains; Stop keeps the best epoch so far

    Outside a notebook, `live.fit(...)` starts and `run = live.wait()` waits.

    Args:
        clf: what trains.
        texts: texts, or pairs, whose prompts are watched.
        levels: accuracies (0..1) to hold the curve against, by name.
    """

    def __init__(self, clf: PromptClassifier, texts: Sequence = TEXTS, levels: Mapping[str, float] | None = None):
        self.clf, self.texts = clf, list(texts)
        self.first = copy_of(trained_tensors(clf))  # what each training here begins with
        self.losses: list[float] = []
        self.epochs: list[dict] = []
        self.snapshots: list[tuple[int, list[Knockout]]] = []  # step, each text's tokens and weights
        self.thread: threading.Thread | None = None
        self.outcome: Run | BaseException | None = None
        self.kept: int | None = None  # the step whose weights a finished run has kept
        self.asked_to_stop, self.next_drawing = threading.Event(), 0.0
        self.stop_button = Button(
            self.stop, description="Stop", disabled=True, tooltip="ends training, keeps the best epoch"
        )
        self.bar = ipywidgets.IntProgress(max=1, layout={"width": "320px"})
        self.said = ipywidgets.HTML(sentence("Not started yet."))
        self.warned: list[str] = []
        self.warning = ipywidgets.HTML(layout={"display": "none"})
        small = {"width": 390, "height": 260, "x_label": "step"}  # both beside each other in a notebook on a projector
        self.loss = LineChart(title="training loss", y_label="training loss (nats)", decimals=3, **small)
        self.accuracy = LineChart(
            title="validation accuracy", y_label="accuracy (%)", **small,
            levels=[level(name, 100 * y, i) for i, (name, y) in enumerate((levels or {}).items())],
        )  # fmt: skip
        self.accuracy.empty = self.loss.empty = "Not started yet."
        self.back = Slider(description="Look back:", disabled=True)
        self.views = [TokenView(readonly=True) for _ in self.texts]
        rows = [part for pair in zip(map(heading, labels_of(self.texts)), self.views, strict=True) for part in pair]
        super().__init__([
            ipywidgets.HBox([self.stop_button, self.bar], layout=ROW | {"align_items": "center"}),
            self.said,  # in a row of its own: its length moves nothing
            self.warning,
            ipywidgets.HBox([self.loss, self.accuracy], layout=ROW),
            self.back,
            *rows,
        ])  # fmt: skip
        self.back.observe(lambda change: self.look_back(), "value")
        self.snapshot(0)

    # Training --------------------------------------------------------------------------------------------

    def fit(self, train, validation=None, settings=None, *, callbacks=(), **options) -> "LiveTraining":
        """Starts `PromptClassifier.fit` with the same arguments in a thread; `await` the result for the Run.

        It begins with the weights that the classifier had when the panel was made, so that a cell that is run again
        does the same again: with `out=` it reads back what has ended and goes on with what was stopped.

        Raises:
            BadInput: this panel trains already. What `PromptClassifier.fit` refuses comes when it is awaited.
        """
        if self.thread and self.thread.is_alive():
            raise BadInput("This panel trains already: press its Stop button, or wait until it has ended.")
        self.losses, self.epochs, self.outcome, self.kept, self.next_drawing = [], [], None, None, 0.0
        self.snapshots = []
        put_back(self.clf, self.first)
        self.snapshot(0)
        self.asked_to_stop.clear()
        self.stop_button.disabled, self.back.disabled = False, True
        self.said.value = sentence("Starting.")
        self.warned, self.warning.layout.display = [], "none"
        self.loss.empty = "The first step is not finished yet."
        given = validation is not None and (not hasattr(validation, "__len__") or len(validation))
        self.accuracy.empty = "The first epoch is not finished yet." if given else "No validation texts were given."
        arguments = {"callbacks": [*callbacks, self], "progress": False} | options

        def work():
            try:
                with warnings_of_this_thread(self.warn):
                    self.outcome = self.clf.fit(train, validation, settings, **arguments)
                self.end(self.outcome)
            except BaseException as error:  # given on to whoever waits
                self.outcome = error
                self.said.value = sentence(str(error) if isinstance(error, BadInput) else repr(error))
            finally:
                self.stop_button.disabled = True

        self.thread = threading.Thread(target=work, name="live training", daemon=True)
        self.thread.start()
        return self

    def stop(self) -> None:
        """What the button does: training ends after this step."""
        self.asked_to_stop.set()
        self.stop_button.disabled = True
        self.said.value = sentence("Stopping after this step.")

    def warn(self, text: str) -> None:
        """Shows a warning of the training for as long as its result stands here."""
        self.warned = unique([*self.warned, text])
        self.warning.value, self.warning.layout.display = sentence(" ".join(self.warned)), None

    def __await__(self):
        return self.until_done().__await__()

    async def until_done(self) -> Run:
        """Lets the kernel work while it waits. The kernel's own interrupt button stops the training as Stop does."""
        try:
            while self.thread and self.thread.is_alive():
                await asyncio.sleep(0.05)
        except (KeyboardInterrupt, asyncio.CancelledError):
            self.stop()
        return self.wait()

    def wait(self) -> Run:
        """Waits, without a notebook, and returns the Run.

        Raises:
            BadInput: nothing was started, or what `PromptClassifier.fit` refused.
        """
        if self.thread is None:
            raise BadInput("Nothing is training here: call fit first.")
        while self.thread.is_alive():
            try:
                self.thread.join(0.1)
            except KeyboardInterrupt:
                self.stop()
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome

    def __call__(self, progress: Progress) -> None:
        """The callback: writes down, draws now and then, and ends the training once Stop was pressed."""
        if progress.metrics is None:
            self.losses.append(progress.loss)
        else:
            self.epochs.append(progress.metrics)
        if self.asked_to_stop.is_set():
            raise StopTraining("stopped by hand")
        if progress.metrics is not None or time.monotonic() >= self.next_drawing:
            started = time.monotonic()
            self.draw(progress)
            self.next_drawing = time.monotonic() + max(PAUSE, (time.monotonic() - started) * (1 - SHARE) / SHARE)

    # Drawing ---------------------------------------------------------------------------------------------

    def draw(self, progress: Progress) -> None:
        """The curves, the sentence, and the texts as they are read now."""
        self.bar.max, self.bar.value = progress.steps, progress.step
        where = f"Epoch {progress.epoch}, step {progress.step} of {progress.steps}, loss {progress.loss:.3f}."
        self.said.value = sentence(f"{where} {best_sentence(self.epochs)}")
        self.loss.x_range = self.accuracy.x_range = [0, progress.step]
        self.loss.series = loss_series(self.losses)
        self.draw_accuracy(self.epochs)
        self.snapshot(progress.step)

    def draw_accuracy(self, history: Sequence[Mapping]) -> None:
        """The accuracy's curve, its best epoch ringed."""
        best = best_of(history)
        with self.accuracy.hold_sync():
            self.accuracy.series = accuracy_series(history)
            self.accuracy.opened = str(best["epoch"]) if best else ""

    def end(self, run: Run) -> None:
        """The last drawing: what was kept. A run that was read back from disk shows its epochs too."""
        self.draw_accuracy(run.history)
        if not self.losses and run.history:
            self.loss.series = [
                loss_series([])[0] | {"line": [{"x": row["step"], "y": row["train_loss"]} for row in run.history]}
            ]
        self.kept = run.best["step"] if run.best_epoch else 0
        steps = [step for step, _ in self.snapshots]
        if self.kept in steps:
            self.back.value = steps.index(self.kept)
            self.look_back()
        else:  # read back from disk
            self.snapshot(self.kept)
        self.said.value = sentence(end_sentence(run))
        self.bar.value = self.bar.value if run.stopped else self.bar.max
        self.back.disabled = len(self.snapshots) < 2

    def snapshot(self, step: int) -> None:
        """Reads the texts with the weights of this moment, keeps that and shows it."""
        self.snapshots.append((step, [knockout(self.clf, text) for text in self.texts]))
        self.back.max = len(self.snapshots) - 1
        self.back.value = self.back.max
        self.look_back()

    def look_back(self) -> None:
        """Shows the texts as they were read at the step that the slider names."""
        step, found = self.snapshots[min(self.back.value, len(self.snapshots) - 1)]
        self.back.text = f"step {step}" + (", the weights that are kept" if step == self.kept else "")
        for view, one in zip(self.views, found, strict=True):
            view.show(one)

    def attention(self) -> pd.DataFrame:
        """What was watched: a row for each step, text and token, with its weight in the prompt."""
        return pd.DataFrame([
            {"step": step, "text": number, "place": place, "token": token, "weight": float(one.weights[place])}
            for step, found in self.snapshots
            for number, one in enumerate(found)
            if one.weights is not None
            for place, token in enumerate(one.tokens)
        ], columns=["step", "text", "place", "token", "weight"])  # fmt: skip

    # Without a kernel ------------------------------------------------------------------------------------

    def figure(self):
        """The training curve as a matplotlib Figure."""
        from ..plots import training_curve

        history = self.outcome.history if isinstance(self.outcome, Run) else self.epochs
        levels = {one["name"]: one["y"] / 100 for one in self.accuracy.levels}
        known = {"majority": levels.get("majority class"), "linear_head": levels.get("linear head")}
        return training_curve(history, **known).figure

    def static_html(self) -> str:
        """The training curve, and the texts as they are read now, for pages without scripts."""
        texts = [tokens_html(tokens_of(one), list(one.probabilities), view_of(one)) for one in self.snapshots[-1][1]]
        return "\n".join([picture_html(self.figure(), "training curve"), *texts])
