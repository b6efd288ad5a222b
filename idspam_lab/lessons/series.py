"""The map of the lessons: what each is for, and which are there."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lesson:
    """One notebook of the series."""

    name: str  # the file's, without its ending
    title: str
    able: str  # what a reader can do afterwards
    minutes: int | None  # on two CPU cores; None: not written yet

    @property
    def written(self) -> bool:
        return self.minutes is not None


SERIES = (
    Lesson("00_start_here", "Start here", "tell whether your machine is ready, and what the series is about", 1),
    Lesson("01_id_spam_from_scratch", "ID-SPAM from scratch", "write the generator yourself and train it", 2),
    Lesson("02_training", "Training", "train on a GPU or a CPU and say what a frozen model saves", 2),
    Lesson("03_token_attention", "Token attention", "read the learned weights, and say how far to believe them", 4),
    Lesson("04_layer_curve", "The layer-index curve", "find the block that the prompt should join", 4),
    Lesson("05_transfer", "Zero-shot transfer", "measure what survives a change of domain", 5),
    Lesson("06_compare_methods", "Comparing methods", "hold ID-SPAM against its rivals fairly", 2),
    Lesson("07_ablations_and_audit", "Ablations and an audit", "check a paper's own numbers", 1),
    Lesson("08_your_own", "Your data, your model", "bring a CSV in and take an adapter out", 1),
)


def show_series(folder: str | Path = "."):
    """The map as a Markdown table (in a notebook), with links to the lessons that lie in `folder`."""
    from IPython.display import Markdown

    lines = ["| lesson | afterwards you can | minutes |", "| --- | --- | --- |"]
    for lesson in SERIES:
        there = lesson.written and (Path(folder) / f"{lesson.name}.ipynb").is_file()
        title = f"{lesson.name[:2]} {lesson.title}"
        title = f"[{title}]({lesson.name}.ipynb)" if there else title
        lines.append(f"| {title} | {lesson.able} | {lesson.minutes or 'to come'} |")
    return Markdown("\n".join(lines))
