"""Is this machine ready for the lessons? One line a question, and what to do where the answer is no."""

import importlib.metadata
import sys
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import BadInput

NEEDED = ("torch", "transformers", "datasets", "jupyterlab", "ipywidgets", "matplotlib", "seaborn", "bertviz")
# Seconds of the step in `speed` on a machine of the kind that the lessons' minutes are from:
STEP = 0.079  # data/results/bench/minilm-cpu-training.json, part a, "ID-SPAM m=3, states kept"


@dataclass(frozen=True)
class Answer:
    """One line of the check."""

    what: str
    ok: bool | None  # None: not needed, good to have
    said: str

    def __str__(self) -> str:
        return f"{ {True: 'ok', False: 'NO', None: '--'}[self.ok]:<3}{self.what:<18}{self.said}"


def check_environment() -> list[Answer]:
    """Asks everything, prints a line for each answer, and returns them. A few seconds."""
    embedded = [attempt("embedded model", model), attempt("embedded texts", texts)]
    answers = [python(), *map(package, NEEDED), *embedded, device(), speed()]
    print("\n".join(map(str, answers)))
    missing = [answer.what for answer in answers if answer.ok is False]
    mend = f"Not ready: {', '.join(missing)}. `make setup` in the project's folder mends it."
    print(f"\n{mend if missing else 'Ready.'}")
    return answers


def python() -> Answer:
    """3.11 or newer."""
    return Answer("Python", sys.version_info >= (3, 11), sys.version.split()[0])


def package(name: str) -> Answer:
    """Installed, and in which version."""
    try:
        return Answer(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Answer(name, False, f"not installed: pip install {name}")


def attempt(what: str, ask: Callable[[], str]) -> Answer:
    """An answer from something that may refuse."""
    try:
        return Answer(what, True, ask())
    except BadInput as error:
        return Answer(what, False, str(error))


def model() -> str:
    """The embedded model's files have their recorded hashes."""
    from ..backbones.packaged import packaged_folder

    packaged_folder("minilm")
    return "MiniLM-L6, its files are the recorded ones"


def texts() -> str:
    """The embedded texts have theirs."""
    from ..tasks import load_task

    data = load_task("rotten_tomatoes", source="embedded")
    rows = len(data.train) + len(data.validation) + len(data.test)
    return f"{rows:,} Rotten Tomatoes snippets, the recorded ones"


def device() -> Answer:
    """A GPU, where there is one; no lesson needs it."""
    import torch

    if torch.cuda.is_available():
        return Answer("GPU", None, torch.cuda.get_device_name())
    if torch.backends.mps.is_available():
        return Answer("GPU", None, "Apple (MPS)")
    return Answer("GPU", None, f"none; the lessons run on the CPU ({torch.get_num_threads()} threads)")


def speed() -> Answer:
    """How long a training step takes, beside one on the machine that the lessons' minutes are from (`STEP`)."""
    from ..bench.contenders import ours
    from ..bench.shapes import backbone_of, texts
    from ..classifier import PromptClassifier

    clf = PromptClassifier(backbone_of("minilm"), "idspam", layer=3, read="first")
    step = ours(clf, texts(128, 32), 32, "auto", "kept")
    seconds = min(step() for _ in range(3))
    slower = seconds / STEP
    said = f"a training step takes {seconds:.2f} s"
    if slower < 1.5:
        return Answer("speed", True, f"{said}: the lessons take about as long as they say")
    return Answer("speed", None, f"{said}: expect up to {slower:.0f} times the minutes that the lessons say")
