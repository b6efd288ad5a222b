"""Why is ID-SPAM not ahead of LoRA and LPT? What could be the matter is changed, one thing at a time."""

from pathlib import Path

import pandas as pd

from ..experiments.summary import read_results, told_apart
from .scores import at_one_block
from .verdict import OURS, lead_of

RIVALS = ("LPT", "LoRA")
TABLES = "looked_into_*.csv"
FEW_AND_ALL = ("curve_sst2.csv", "sst2.csv")
HEAD = """A claim that fails may fail for a reason of ours: the rate, the number of epochs, the token that is read, the
block, the initial values, the size of the generator. Each is changed here. A row of ID-SPAM and of its rivals has the
best of four rates by 300 validation texts ({texts:,} training texts, {seeds} seeds, `{files}`). Leads are in
points, with their 95 % intervals, over rivals of the same task that have the same epochs and read the same token."""


def looked_into(folder: Path) -> list[str]:
    """Lines of Markdown: a row for each configuration of ID-SPAM, with its leads over its rivals."""
    paths = sorted(folder.glob(TABLES))
    if not paths:
        return []
    tables = [read_results(path).dropna(subset=["seed"]) for path in paths]
    first = tables[0].iloc[0]
    head = HEAD.format(texts=int(first["train_texts"]), seeds=tables[0]["seed"].nunique(), files=TABLES)
    rows = sorted((row for table in tables for row in rows_of(table)), key=lambda row: row["task"])
    told = [line for task in dict.fromkeys(row["task"] for row in rows) for line in ("", in_a_sentence(rows, task))]
    return ["", "## Looked into", "", head, "", *as_table(rows), *told, *by_number_of_texts(folder)]


def by_number_of_texts(folder: Path) -> list[str]:
    """Its lead over LPT on SST-2 after few texts and after all, in a paragraph; nothing if a table is missing.

    Only of two tables with the same block, rate, epochs and token that is read.
    """
    paths = [folder / name for name in FEW_AND_ALL]
    if not all(path.is_file() for path in paths):
        return []
    parts, terms = [], set()
    for path in paths:
        runs = at_one_block(read_results(path)).dropna(subset=["seed"])
        home = runs[runs["test_task"] == "sst2"]
        ours, lpt = (by_seed(home[home["method"] == name]) for name in (OURS, "LPT"))
        terms |= set(
            home[home["method"].isin((OURS, "LPT"))][["layer", "read", "epochs", "lr"]].itertuples(index=False)
        )
        texts = int(home["train_texts"].iloc[0])
        parts.append(f"{lead_of(ours - lpt)} after {texts:,} (`{path.name}`)")
    if len(terms) != 1:
        return []  # what differs could be something else
    return ["", f"The number of texts, under the same terms: on SST-2 its lead over LPT is {' and '.join(parts)}."]


def rows_of(table: pd.DataFrame) -> list[dict]:
    """One table: {"task", "terms", "method", "rate", "score", and for each rival the leads of each seed}."""
    found = []
    rivals = {name: by_seed(table[table["method"] == name]) for name in RIVALS}
    ours = table[table["method"].str.startswith(OURS)]
    for (method, layer), runs in ours.groupby(["method", "layer"], sort=False):
        scores, one = by_seed(runs), runs.iloc[0]
        found.append(
            {
                "task": one["train_task"],
                "terms": f"{one['train_task']}, {one['epochs']:.0f} epochs, reads the {one['read']}",
                "method": f"{method}, block {layer:.0f}",
                "rate": one["lr"],
                "score": scores.mean(),
                **{name: scores - theirs for name, theirs in rivals.items() if len(theirs)},
            }
        )
    return found


def by_seed(runs: pd.DataFrame) -> pd.Series:
    """The scores, 0..1."""
    return runs.set_index("seed")["score"]


def as_table(rows: list[dict]) -> list[str]:
    """A Markdown table."""
    heads = ["terms", "ID-SPAM", "rate", "score", *(f"lead over {name}" for name in RIVALS)]
    lines = [f"| {' | '.join(heads)} |", "| --- | --- | ---: | ---: | --- | --- |"]
    for row in rows:
        leads = [lead_of(row[name]) if name in row else "" for name in RIVALS]
        cells = [row["terms"], row["method"], f"{row['rate']:g}", f"{100 * row['score']:.1f}", *leads]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def in_a_sentence(rows: list[dict], task: str) -> str:
    """How many configurations are ahead of each rival on a task, and how many behind."""
    parts = []
    for name in RIVALS:
        leads = [row[name] for row in rows if name in row and row["task"] == task]
        told = [lead.mean() for lead in leads if told_apart(lead)]
        ahead, behind = sum(mean > 0 for mean in told), sum(mean < 0 for mean in told)
        parts.append(f"over {name} {ahead} of {len(leads)} leads count, and {behind} the other way")
    return f"On {task}, {'; '.join(parts)}."
