"""Mean and standard deviation over the seeds, from a tidy table of `compare`, `curve`, `grid` or `collect`.

A mean is over the seeds and nothing else: runs of another block, rate or number of texts have a row of their own.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from scipy.stats import t

from ..errors import BadInput
from ..intervals import interval
from ..metrics import METRICS
from ..paper_tables import scores as paper_scores
from ..terminal import table

MEASURED = Path(__file__).resolve().parents[2] / "data" / "results"  # in a clone of the project
SAME = ["train_task", "test_task", "backbone", "method"]  # one row for each of these together, and for each of:
CONFIGURATION = (
    "spelled", "layer", "read", "head_dropout", "epochs", "batch_size", "lr", "weight_decay", "warmup", "eps", "clip",
    "order_seed", "max_length", "precision", "train_texts", "few_shot", "metric", "texts", "trained_parameters",
    "fingerprint",
)  # fmt: skip
TEXTS = ("fingerprint", "texts", "train_texts", "metric")  # what runs that are held together have in common
REPEAT = "repeat"  # 2: the second run of a configuration and seed, with other scores; what differs is in no column
SCORES = ("score", "accuracy", "macro_f1")
ALWAYS = ("few_shot",)  # texts of the other task that were trained on in the end: without them it were zero-shot
LAST_RESORT = ("fingerprint", REPEAT)  # tell a reader little: shown where nothing else tells two rows apart
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


def different(results: pd.DataFrame) -> pd.DataFrame:
    """The runs without those that are the same run once more: one configuration, seed and scores.

    Few-shot texts are drawn by the seed, so there the texts' fingerprint says nothing beside it and is left out.
    """
    runs = results.copy()
    if {"few_shot", "fingerprint"} <= set(runs):
        runs["fingerprint"] = runs["fingerprint"].where(runs["few_shot"].isna())
    telling = [name for name in (*SAME, *CONFIGURATION, "seed", *SCORES) if name in runs]
    return runs.drop_duplicates(telling)


def summarize(results: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation (n - 1) of the score over the seeds, a row a configuration.

    Returns:
        The columns of SAME, those of CONFIGURATION that the table has, and `repeat`: together they are each row's own.
        Then mean, std, seeds, and the means of the OPTIONAL ones.

    Raises:
        BadInput: the table does not say on how many texts, or how many parameters were trained.
    """
    missing = [name for name in ("texts", "train_texts", "trained_parameters") if name not in results]
    if missing:
        raise BadInput(f"The table has no column {missing[0]!r}, without which its runs cannot be summarised.")
    runs = different(results)
    same = [*SAME, *(name for name in CONFIGURATION if name in runs)]
    runs[REPEAT] = runs.groupby([*same, "seed"], dropna=False).cumcount() + 1
    means = {name: (name, "mean") for name in OPTIONAL if name in runs}
    found = runs.groupby([*same, REPEAT], sort=False, dropna=False)
    return found.agg(mean=("score", "mean"), std=("score", "std"), seeds=("seed", "nunique"), **means).reset_index()


def told_apart(differences: pd.Series) -> bool:
    """Does the interval leave 0 out? Two equal differences do not say so: on few texts scores coincide by chance."""
    low, high = interval(differences)
    return bool(low > 0 or high < 0) and not (differences.count() == 2 and differences.nunique() == 1)


def pairwise(results: pd.DataFrame, method: str) -> pd.DataFrame:
    """A method against each other one, seed by seed, trained on as many texts and scored alike on the same ones.

    Returns:
        method, difference (mean over the shared seeds, 0..1), low, high (see `interval`), standard_error, seeds,
        told_apart (see there).

    Raises:
        BadInput: the table has several tasks or frozen models, which are no seeds; no such method; several runs of a
            method with one seed (blocks, rates, ...); or runs with one seed on other texts or with another metric.
    """
    runs = different(results.dropna(subset=["seed"]))
    index = [name for name in ("train_task", "test_task", "backbone", "seed") if name in runs]
    twice = runs[runs.duplicated([*index, "method"], keep=False)]
    if len(twice):
        first = twice["method"].iloc[0]
        several = varying(twice[twice["method"] == first], [*index, "method"])
        raise BadInput(
            f"The table has several runs of {first} with one seed, which differ in "
            f"{' and '.join(several) or 'nothing that is a column'}: leave one of them for each seed in the table."
        )
    for name in (name for name in TEXTS if name in runs):
        if (runs.groupby(index)[name].nunique() > 1).any():
            raise BadInput(f"Runs with one seed differ in {name}: only runs on the same texts can be held together.")
    scores = runs.pivot_table(index=index, columns="method", values="score")
    if method not in scores:
        raise BadInput(f"The table has no method {method!r}; it has {', '.join(scores)}.")
    differences = scores.drop(columns=method).rsub(scores[method], axis=0).dropna(how="all")
    for name in index[:-1]:
        several = differences.index.unique(name)
        if len(several) > 1:
            raise BadInput(
                f"The table has several of {name} ({', '.join(map(str, several))}), but intervals are over seeds: "
                "leave one of them in the table."
            )
    found = pd.DataFrame(
        {"difference": differences.mean(), "standard_error": differences.sem(), "seeds": differences.count()}
    )
    found[["low", "high"]] = [interval(differences[name]) for name in found.index]
    found["told_apart"] = differences.apply(told_apart)
    return found.sort_values("difference").reset_index()


def holm(pairs: pd.DataFrame) -> pd.DataFrame:
    """Which differences of `pairwise` remain if it counts how many comparisons were made (Holm 1979).

    The smallest p is held against 5 % over all K comparisons, the next one against 5 % over K - 1, and so on.

    Returns:
        method, p (Student's t over the seeds, two-sided), p_holm (to hold against 0.05), remains; smallest p first.
    """
    errors = pairs["standard_error"].where(pairs["standard_error"] > 0)  # equal differences are no certainty
    p = 2 * t.sf((pairs["difference"] / errors).abs(), pairs["seeds"] - 1)
    found = pd.DataFrame({"method": pairs["method"], "p": p}).dropna().sort_values("p", ignore_index=True)
    made = (pairs["seeds"] > 1).sum()  # those without a p, too
    found["p_holm"] = (found["p"] * (made - found.index)).cummax().clip(upper=1.0)
    return found.assign(remains=found["p_holm"] < 0.05)


def in_points(pairs: pd.DataFrame) -> pd.DataFrame:
    """What `pairwise` gives for a reader: differences and intervals in points, 0..100."""
    told = pairs[["method", "difference", "low", "high", "seeds", "told_apart"]].copy()
    told[["difference", "low", "high"]] = (100 * told[["difference", "low", "high"]]).round(2)
    return told


def varying(summary: pd.DataFrame, alike: list[str], among: Sequence[str] = CONFIGURATION) -> list[str]:
    """The columns in which rows differ that agree in the columns `alike`."""
    groups = summary.groupby(alike, sort=False, dropna=False)
    return [name for name in among if name in summary and (groups[name].nunique(dropna=False) > 1).any()]


def telling(summary: pd.DataFrame, shown: Sequence[str]) -> list[str]:
    """The columns that a reader needs to tell the rows apart, beside those of SAME and those `shown` anyway."""
    found = [name for name in varying(summary, SAME) if name not in (*shown, *LAST_RESORT)]
    for name in LAST_RESORT:
        if name in summary and summary.duplicated([*SAME, *shown, *found], keep=False).any():
            found += varying(summary, [*SAME, *shown, *found], [name])
    return found


def always(summary: pd.DataFrame) -> list[str]:
    """Of ALWAYS the columns that say something here, and the metric where there are several."""
    several = ["metric"] if len(metrics_of(summary)) > 1 else []
    return [*several, *(name for name in ALWAYS if name in summary and summary[name].notna().any())]


def metrics_of(summary: pd.DataFrame) -> list[str]:
    """What the scores are; nothing where the table does not say it."""
    return list(summary["metric"].dropna().unique()) if "metric" in summary else []


def as_markdown(summary: pd.DataFrame) -> str:
    """The summary for a README, with a column more for each thing in which rows differ that else look alike."""
    more = [*varying(summary, ["train_task", "test_task", "method"], ["backbone"]), *always(summary)]
    more += telling(summary, ["train_texts", "texts", "trained_parameters", *always(summary)])
    heads = ["trained on", "evaluated on", "method", *map(heading, more), "trained parameters", "score"]
    rules = [*["---"] * (3 + len(more)), "---:", "---:"]
    rows = [heads, rules]
    for row in summary.itertuples():
        texts = f"{row.train_task} ({row.train_texts:,})", f"{row.test_task} ({row.texts:,})"
        told = [value_of(getattr(row, name)) or "" for name in more]
        rows.append([*texts, row.method, *told, f"{row.trained_parameters:,.0f}", spread(row)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def as_text(summary: pd.DataFrame, paper: str | None = None) -> str:
    """The summary for a terminal, the best mean first, with a column more for each thing in which rows differ that
    else look alike.

    Args:
        paper: a backbone of the paper ("roberta-base"), to print its score beside ours.

    Raises:
        BadInput: the paper has no scores with that backbone.
    """
    more = [*varying(summary, ["test_task", "method"], ["train_task", "backbone"]), *always(summary)]
    more += telling(summary, ["trained_parameters", *always(summary)])
    metrics = metrics_of(summary)
    score = METRICS.get(metrics[0], metrics[0]) if len(metrics) == 1 else "score"
    columns = ["evaluated on", "method", *map(heading, more), f"{score} (%)", "seeds", "trained"]
    columns += ["train ms/text", "predict ms/text", "MB"]
    known = sorted(paper_scores()["backbone"].unique()) if paper else ()
    if paper and paper not in known:
        raise BadInput(f"The paper has no scores with {paper!r}; it has {', '.join(known)}.")
    columns += [f"paper, {paper}"] if paper else []
    rows = []
    for row in summary.sort_values(["test_task", "mean"], ascending=[True, False]).itertuples():
        cells = [row.test_task, row.method, *(value_of(getattr(row, name)) for name in more)]
        cells += [spread(row), str(row.seeds) if row.seeds else None, f"{row.trained_parameters:,.0f}"]
        cells += [milliseconds(getattr(row, name, None)) for name in OPTIONAL[:2]]
        cells += [number(getattr(row, "adapter_mb", None), "{:.1f}")]
        cells += [paper_score(row, paper)] if paper else []
        rows.append(cells)
    return table(rows, columns, width=120)


def heading(name: str) -> str:
    """A column's name as people read it."""
    return {"train_task": "trained on", "few_shot": "few-shot texts"}.get(name, name.replace("_", " "))


def value_of(value) -> str | None:
    """A cell; None where there is nothing, as the block of a method that joins at none."""
    if pd.isna(value):
        return None
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"


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
