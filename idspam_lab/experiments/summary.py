"""Mean and standard deviation over the seeds, from a tidy table of `compare` or `collect`."""

from pathlib import Path

import pandas as pd

from ..errors import BadInput
from ..paper_tables import scores as paper_scores
from ..terminal import table

MEASURED = Path(__file__).resolve().parents[2] / "data" / "results"  # in a clone of the project
SAME = ["train_task", "test_task", "backbone", "method"]  # one row for each of these together
OPTIONAL = ("train_seconds_per_text", "predict_seconds_per_text", "adapter_mb")
IN_THE_PAPER = {  # ours -> Tables 2 to 11
    "fine-tuning": "Fine-tuning",
    "LoRA": "LoRA",
    "prompt tuning": "Prompt Tuning",
    "P-tuning": "P-Tuning",
    "SMoP": "SMoP",
    "LPT": "LPT",
    "DePT": "DEPT",
    "mean pooling": "Mean-pooling",
    "ID-SPAM": "ID-SPAM",
}
TASKS_IN_THE_PAPER = {
    "sst2": "SST-2", "mrpc": "MRPC", "rte": "RTE", "qnli": "QNLI", "qqp": "QQP", "mnli": "MNLI", "imdb": "IMDB",
    "cb": "CB", "copa": "COPA", "multirc": "MultiRC", "boolq": "BoolQ", "wic": "WiC",
}  # fmt: skip


def read_results(path: str | Path) -> pd.DataFrame:
    """A CSV that `collect` or `compare` wrote.

    Raises:
        BadInput: it is none.
    """
    try:
        found = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} is not a table that `idspam-lab collect` or `compare` wrote ({error}).") from error
    missing = {*SAME, "seed", "layer", "score"} - set(found.columns)
    if missing:
        raise BadInput(f"{path} is not a table that `idspam-lab collect` or `compare` wrote: no {sorted(missing)[0]}.")
    return found


def summarize(results: pd.DataFrame) -> pd.DataFrame:
    """One row for each task, backbone and method: mean and standard deviation (n - 1) of the score over the seeds."""
    runs = results.drop_duplicates([*SAME, "seed", "layer"]).groupby(SAME, sort=False)
    means = {name: (name, "mean") for name in OPTIONAL if name in results}
    return runs.agg(
        mean=("score", "mean"),
        std=("score", "std"),
        seeds=("seed", "nunique"),
        texts=("texts", "first"),
        train_texts=("train_texts", "first"),
        trained_parameters=("trained_parameters", "first"),
        **means,
    ).reset_index()


def told_apart(differences: pd.Series) -> bool:
    """Does the 95 % interval of the mean (Student's t) leave 0 out? Of three seeds that takes 4.3 standard errors.

    Args:
        differences: one a seed; NaN where a seed is missing.
    """
    from scipy.stats import t

    return bool(abs(differences.mean()) > t.ppf(0.975, differences.count() - 1) * differences.sem())


def pairwise(results: pd.DataFrame, method: str) -> pd.DataFrame:
    """A method against each other one, seed by seed on the same texts.

    Returns:
        method, difference (mean over the shared seeds, 0..1), standard_error, seeds, told_apart (see there).

    Raises:
        BadInput: the table has no such method.
    """
    scores = results.dropna(subset=["seed"]).pivot_table(index=["test_task", "seed"], columns="method", values="score")
    if method not in scores:
        raise BadInput(f"The table has no method {method!r}; it has {', '.join(scores)}.")
    differences = scores.drop(columns=method).rsub(scores[method], axis=0)
    found = pd.DataFrame(
        {"difference": differences.mean(), "standard_error": differences.sem(), "seeds": differences.count()}
    )
    found["told_apart"] = differences.apply(told_apart)
    return found.sort_values("difference").reset_index()


def as_markdown(summary: pd.DataFrame) -> str:
    """The summary for a README."""
    lines = ["| trained on | evaluated on | method | trained parameters | score |", "| --- | --- | --- | ---: | ---: |"]
    for row in summary.itertuples():
        lines.append(
            f"| {row.train_task} ({row.train_texts:,}) | {row.test_task} ({row.texts:,}) | {row.method} | "
            f"{row.trained_parameters:,.0f} | {spread(row)} |"
        )
    return "\n".join(lines)


def as_text(summary: pd.DataFrame, paper: str | None = None) -> str:
    """The summary for a terminal, the best mean first.

    Args:
        paper: a backbone of the paper ("roberta-base"), to print its score beside ours.
    """
    columns = ["evaluated on", "method", "score (%)", "seeds", "trained", "train ms/text", "predict ms/text", "MB"]
    columns += [f"paper, {paper}"] if paper else []
    rows = []
    for row in summary.sort_values(["test_task", "mean"], ascending=[True, False]).itertuples():
        cells = [row.test_task, row.method, spread(row), str(row.seeds) if row.seeds else None]
        cells += [f"{row.trained_parameters:,.0f}"]
        cells += [milliseconds(getattr(row, name, None)) for name in OPTIONAL[:2]]
        cells += [number(getattr(row, "adapter_mb", None), "{:.1f}")]
        cells += [paper_score(row, paper)] if paper else []
        rows.append(cells)
    return table(rows, columns, width=120)


def spread(row) -> str:
    """ "84.1 ± 0.6", in percent."""
    return f"{100 * row.mean:.1f}" + (f" ± {100 * row.std:.1f}" if row.seeds > 1 else "")


def milliseconds(seconds: float | None) -> str | None:
    """Seconds as milliseconds."""
    return number(None if seconds is None else 1000 * seconds, "{:.2f}")


def number(value: float | None, form: str) -> str | None:
    """A number as text; None where there is none."""
    return None if value is None or pd.isna(value) else form.format(value)


def paper_score(row, backbone: str) -> str | None:
    """The paper's score of this method on this pair of tasks, with its standard deviation; None where it has none."""
    found = paper_scores()
    wanted = {
        "backbone": backbone,
        "method": IN_THE_PAPER.get(row.method),
        "train_task": TASKS_IN_THE_PAPER.get(row.train_task),
        "test_task": TASKS_IN_THE_PAPER.get(row.test_task),
    }
    for column, value in wanted.items():
        found = found[found[column] == value]
    if found.empty:
        return None
    first = found.iloc[0]  # of Tables 2 and 3, which both have ID-SPAM, Table 2
    return f"{first['score']:.1f}" + ("" if pd.isna(first["std"]) else f" ± {first['std']:.1f}")
