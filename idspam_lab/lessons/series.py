"""The map of the lessons: what each is for, and how long it takes."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lesson:
    """One notebook of the series."""

    name: str  # the file's, without its ending
    title: str
    able: str  # what a reader can do afterwards
    minutes: int  # of computing, on two CPU cores
    work: int  # minutes with the exercises: an estimate


SERIES = (
    Lesson("00_start_here", "Start here", "tell whether your machine is ready, and what the series is about", 1, 10),
    Lesson("01_id_spam_from_scratch", "ID-SPAM from scratch", "write the generator yourself and train it", 2, 45),
    Lesson("02_training", "Training", "train on a GPU or a CPU and say what a frozen model saves", 2, 30),
    Lesson("03_token_attention", "Token attention", "read the learned weights, and say how far to believe them", 4, 50),
    Lesson("04_layer_curve", "The layer-index curve", "find the block that the prompt should join", 4, 40),
    Lesson("05_transfer", "Zero-shot transfer", "measure what survives a change of domain", 5, 60),
    Lesson("06_compare_methods", "Comparing methods", "compare ID-SPAM with its rivals fairly", 2, 45),
    Lesson("07_ablations_and_audit", "Ablations and an audit", "check a paper's own numbers", 1, 60),
    Lesson("08_your_own", "Your data, your model", "bring a CSV in and take an adapter out", 1, 40),
)


def show_series(folder: str | Path = "."):
    """The map as a Markdown table (in a notebook), with links to the lessons that lie in `folder`."""
    from IPython.display import Markdown

    lines = ["| lesson | afterwards you can | minutes of computing | with the exercises, about |"]
    lines.append("| --- | --- | --- | --- |")
    for lesson in SERIES:
        there = (Path(folder) / f"{lesson.name}.ipynb").is_file()
        title = f"{lesson.name[:2]} {lesson.title}"
        title = f"[{title}]({lesson.name}.ipynb)" if there else title
        lines.append(f"| {title} | {lesson.able} | {lesson.minutes} | {lesson.work} |")
    return Markdown("\n".join(lines))
