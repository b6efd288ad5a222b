"""What the frozen model knows of a task with two texts before anything is trained: the texts' cosine, as a rival."""

from pathlib import Path

import pandas as pd

from ..experiments.summary import read_results
from .scores import at_home, at_one_block, away, read_table
from .verdict import OURS

COSINE, TABLES = "cosine similarity", "similarity*.csv"
HEAD = """MiniLM was trained to give texts of like meaning like vectors, on pairs from the web. Quora's question pairs
and those of SNLI and MultiNLI are among them (`trained_on()` in `backbones/packaged.py` reads its authors' list). So
test questions of QQP may be too, and no score on QQP here is that of a model that never saw the task. And on a task
with two texts there is a rival that reads each text alone: the cosine of their two vectors, with two trained numbers,
its weight and where the line is (`{files}`). The methods' numbers are means over their seeds."""


def known(folder: Path) -> list[str]:
    """Lines of Markdown: each cosine beside the best method of the tables with its tests and as many training texts."""
    rows = [row for path in sorted(folder.glob(TABLES)) for _, row in read_results(path).iterrows()]
    paths = sorted({path for _, path, _ in (*at_home(folder), *away(folder, "transfer_*.csv"))})
    tables = {path.name: at_one_block(read_table(path)).dropna(subset=["seed"]) for path in paths}
    told = [f"- {beside(row, tables)}" for row in rows if row["method"] == COSINE]
    return ["", "## What the frozen model knows already", "", HEAD.format(files=TABLES), "", *told] if told else []


def beside(row: pd.Series, tables: dict[str, pd.DataFrame]) -> str:
    """One cosine's score, and the best method's and ID-SPAM's in the tables (by file) that can be held beside it."""
    told = []
    for file, runs in tables.items():
        for name in ("train_task", "test_task", "backbone", "fingerprint", "metric", "train_texts"):
            runs = runs[runs[name] == row[name]]
        means = runs[runs["method"] != "linear head"].groupby("method")["score"].mean()
        if len(means):
            best = means.idxmax()
            ours = f", ID-SPAM {100 * means[OURS]:.1f}" if OURS in means and best != OURS else ""
            told.append(f"{best} {100 * means[best]:.1f}{ours} (the best of {len(means)}, `{file}`)")
    task = row["test_task"] if row["train_task"] == row["test_task"] else f"{row['train_task']} to {row['test_task']}"
    texts = f"{int(row['train_texts']):,} training texts, {int(row['texts']):,} test texts"
    return f"{task} ({texts}): {100 * row['score']:.1f} %; {'; '.join(told) or 'no table to hold it beside'}."
