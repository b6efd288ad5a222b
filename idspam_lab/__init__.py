"""ID-SPAM: soft prompts made from the input, for a frozen language model (arXiv 2506.05629).

    from idspam_lab import PromptClassifier, load_backbone, load_task

    data = load_task("rotten_tomatoes")
    clf = PromptClassifier(load_backbone("minilm"), "idspam", labels=data.task.labels)
    clf.fit(data.train, data.validation)
    clf.predict(["a gripping film"])

Names are imported when they are first used: `import idspam_lab` alone loads neither torch nor transformers.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what HOMES says, for editors and type checkers
    from .backbones import load_backbone as load_backbone
    from .classifier import PromptClassifier as PromptClassifier
    from .errors import BadInput as BadInput
    from .frozen import Store as Store
    from .frozen import fit_many as fit_many
    from .generator import PromptGenerator as PromptGenerator
    from .methods import METHODS as METHODS
    from .methods import LatePrompt as LatePrompt
    from .tasks import TASKS as TASKS
    from .tasks import Examples as Examples
    from .tasks import load_task as load_task
    from .training import Settings as Settings
    from .training import StopTraining as StopTraining
    from .training.batches import Collate as Collate
    from .verbalizer import Verbalizer as Verbalizer

HOMES = {
    "BadInput": "errors",
    "Collate": "training.batches",
    "Examples": "tasks",
    "LatePrompt": "methods",
    "PromptClassifier": "classifier",
    "PromptGenerator": "generator",
    "Settings": "training",
    "StopTraining": "training",
    "Store": "frozen",
    "TASKS": "tasks",
    "Verbalizer": "verbalizer",
    "fit_many": "frozen",
    "load_backbone": "backbones",
    "load_task": "tasks",
    "METHODS": "methods",
}
__all__ = sorted(HOMES)
__version__ = "0.1.0"


def __getattr__(name: str):
    if name not in HOMES:
        raise AttributeError(f"idspam_lab has no {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(f".{HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
