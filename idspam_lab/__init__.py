"""ID-SPAM: soft prompts made from the input, for a frozen language model (arXiv 2506.05629).

    from idspam_lab import PromptClassifier, load_backbone, load_task

    data = load_task("rotten_tomatoes")
    clf = PromptClassifier(load_backbone("minilm"), "idspam", labels=data.task.labels)
    clf.fit(data.train, data.validation)
    clf.predict(["a gripping film"])

Names are imported when they are first used: `import idspam_lab` alone loads neither torch nor transformers.
"""

import importlib

HOMES = {
    "BadInput": "errors",
    "Examples": "tasks",
    "PromptClassifier": "classifier",
    "PromptGenerator": "generator",
    "Settings": "training",
    "StopTraining": "training",
    "TASKS": "tasks",
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
    return __all__
