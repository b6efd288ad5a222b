"""What a task is, and the tasks there are. To add one: an entry in TASKS, and a template for odd columns."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

Template = Callable[[dict], tuple[str, str | None]]


@dataclass(frozen=True)
class Task:
    """A classification task.

    Attributes:
        name: its key in TASKS; its folder's name in a data folder.
        columns: the columns that are read. Without a template, the first text and perhaps the second.
        labels: the classes' names, in the order of their ids.
        template: row -> (text, pair or None), where columns are not texts as they stand.
        label_column: holds the class ids.
        metric: one of `metrics.METRICS`.
        hub: (address, configuration or None) of the data set on the hub; None for the user's own data.
        splits: our part ("train", "test", perhaps "validation") -> the hub's split, or the Parquet file's name.
        note: what a reader of its scores should know.
    """

    name: str
    columns: tuple[str, ...]
    labels: tuple[str, ...]
    template: Template | None = None
    label_column: str = "label"
    metric: str = "accuracy"
    hub: tuple[str, str | None] | None = None
    splits: dict[str, str] = field(default_factory=lambda: {"train": "train", "test": "test"})
    note: str = ""

    @property
    def pairs(self) -> bool:
        """Two texts a row? All templates but IMDB's make two."""
        return len(self.columns) > 1

    def texts(self, row: dict) -> tuple[str, str | None]:
        """(text, pair or None) of one row, a dict with this task's columns."""
        if self.template:
            return self.template(row)
        return row[self.columns[0]], row[self.columns[1]] if len(self.columns) > 1 else None


# --- Templates. The paper says only that its input is [SEP] S1 [SEP] S2 [EOS]; S1 and S2 are our choice.

COPA_QUESTIONS = {"cause": "What was the cause?", "effect": "What happened as a result?"}


def copa(row: dict) -> tuple[str, str]:
    """S1: the premise and a question. S2: "choice1: ... choice2: ...". The class: which choice holds."""
    question = COPA_QUESTIONS[row["question"]]
    return f"{row['premise']} {question}", f"choice1: {row['choice1']} choice2: {row['choice2']}"


def wic(row: dict) -> tuple[str, str]:
    """S1: "word: first sentence". S2: "word: second sentence". Where the word stands is not used."""
    return f"{row['word']}: {row['sentence1']}", f"{row['word']}: {row['sentence2']}"


def multirc(row: dict) -> tuple[str, str]:
    """S1: the paragraph. S2: the question and one answer. The class says whether that answer is right."""
    return row["paragraph"], f"{row['question']} {row['answer']}"


def imdb(row: dict) -> tuple[str, None]:
    """S1: the review, each run of HTML line breaks (`<br />`) replaced by one space; the rest as it is."""
    return without_line_breaks(row["text"]), None


def without_line_breaks(text: str) -> str:
    """ "One.<br /><br />Two." -> "One. Two." """
    parts = re.split(r"<br\s*/?>", text)
    return text if len(parts) == 1 else " ".join(part.strip() for part in parts if part.strip())


# --- The tasks. Hub names, columns and label ids as on the hub.

GLUE = "nyu-mll/glue"
# The address `super_glue` has moved there. It holds Parquet files now (the loading script is gone), which is
# what `datasets` needs: it no longer runs scripts, and we would not.
SUPER_GLUE = "aps/super_glue"
# The test splits' labels are hidden, or not used by the paper.
ON_VALIDATION = {"train": "train", "test": "validation"}
FALSE_TRUE = ("False", "True")
# Counted: of SST-2's 872 validation sentences, 394 are among the 8,530 training rows of Rotten Tomatoes word
# for word, and 731 but for tokenisation, quotation marks and brackets.
SNIPPETS = (
    "Most of SST-2's validation sentences are also in Rotten Tomatoes: never train on the one to report on the other."
)


def _glue(name: str, columns: tuple[str, ...], labels: tuple[str, ...], **more) -> Task:
    return Task(name, columns, labels, hub=(GLUE, name), **({"splits": ON_VALIDATION} | more))


def _super_glue(name: str, columns: tuple[str, ...], labels: tuple[str, ...], **more) -> Task:
    return Task(name, columns, labels, hub=(SUPER_GLUE, name), splits=ON_VALIDATION, **more)


_TASKS = (
    _glue("sst2", ("sentence",), ("negative", "positive"), note=SNIPPETS),
    _glue(
        "mnli",
        ("premise", "hypothesis"),
        ("entailment", "neutral", "contradiction"),
        splits={"train": "train", "test": "validation_matched"},
        note="Reported on the 9,815 matched rows; the paper's 19,647 are the matched and the mismatched ones.",
    ),
    _glue("qnli", ("question", "sentence"), ("entailment", "not_entailment")),
    _glue("rte", ("sentence1", "sentence2"), ("entailment", "not_entailment")),
    _glue(
        "mrpc",
        ("sentence1", "sentence2"),
        ("not_equivalent", "equivalent"),
        metric="acc_f1",
        note="Table 1 reports on the 408 validation rows; the labelled test split is not used.",
    ),
    _glue("qqp", ("question1", "question2"), ("not_duplicate", "duplicate"), metric="acc_f1"),
    _super_glue("cb", ("premise", "hypothesis"), ("entailment", "contradiction", "neutral")),
    _super_glue(
        "copa",
        ("premise", "choice1", "choice2", "question"),
        ("choice1", "choice2"),
        template=copa,
        note="Decided as two classes from both choices in one input.",
    ),
    _super_glue(
        "multirc",
        ("paragraph", "question", "answer"),
        FALSE_TRUE,
        template=multirc,
        note="Accuracy over single answers, not the benchmark's F1. Paragraphs are long and may be cut.",
    ),
    _super_glue("boolq", ("question", "passage"), FALSE_TRUE, note="Passages are long and may be cut."),
    _super_glue("wic", ("word", "sentence1", "sentence2"), FALSE_TRUE, template=wic),
    Task(
        "imdb",
        ("text",),
        ("neg", "pos"),
        template=imdb,
        hub=("stanfordnlp/imdb", None),
        splits={"train": "train", "test": "test"},
        note="HTML line breaks (<br />) are replaced by a space. Reviews are long and may be cut.",
    ),
    Task(
        "rotten_tomatoes",
        ("text",),
        ("neg", "pos"),
        hub=("cornell-movie-review-data/rotten_tomatoes", None),
        splits={"train": "train", "validation": "validation", "test": "test"},
        note=SNIPPETS,
    ),
)
TASKS: dict[str, Task] = {task.name: task for task in _TASKS}
