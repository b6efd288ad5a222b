"""ID-SPAM's scores against those of other methods: on the task it was trained on, and on others."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from ..errors import BadInput
from ..experiments.summary import pairwise, read_results
from .constant import above, best_constant, in_macro_f1_alone
from .rates import at_the_edge
from .verdict import (
    OURS,
    Evidence,
    Finding,
    Verdict,
    beyond_luck,
    count_in_words,
    in_words,
    task_of,
    together,
    verdict_of,
)

# Those of the paper's tables decide. Its "P-tuning" may be either: section 3.1 cites the second version, appendix A
# sets the first one's encoder.
SOFT_PROMPTS = ("prompt tuning", "P-tuning", "P-tuning v2", "SMoP", "LPT", "DePT")
OTHERS = ("prefix tuning", "IDPG")  # that it only cites; they are shown

Rule = Callable[[pd.DataFrame], Verdict]  # of one table's leads
Case = tuple[str, Path, pd.DataFrame]  # how its sentence begins, the file, runs that were tested on the same texts


def at_home(folder: Path) -> Iterator[Case]:
    """Every table of scores, on the task that its methods were trained on, task by task; none is left out."""
    found = []
    for path in sorted(folder.glob("*.csv")):
        if not path.stem.endswith("-epochs"):  # of losses
            table = at_one_block(read_table(path))
            home = table[table["train_task"] == table["test_task"]]
            found += [(task, path, runs) for task, runs in home.groupby("train_task", sort=False)]
    for _, path, runs in sorted(found, key=lambda case: case[:2]):
        yield "", path, runs


def read_table(path: Path) -> pd.DataFrame:
    """A table of `data/results`, in which no method has two rows of one seed on the same texts at one block.

    Raises:
        BadInput: it is none, or the runs of a method differ in a setting: which of them would count?
    """
    table = read_results(path)
    runs = table.dropna(subset=["seed"])
    twice = runs[runs.duplicated(["train_task", "test_task", "backbone", "method", "layer", "seed"], keep=False)]
    if len(twice):
        raise BadInput(
            f"{path} has several runs of {twice['method'].iloc[0]} with one seed: leave the chosen one alone in it, as "
            "NAME-tuned.csv of `idspam-lab grid` has it."
        )
    return table


def at_one_block(table: pd.DataFrame) -> pd.DataFrame:
    """Of a method that was trained at several blocks, the runs at the block that most methods have.

    A layer curve has all methods at all blocks: of blocks that as many methods have it is the middle one. A method that
    has none of these is taken at the middle one of its own.
    """
    blocks = {name: set(runs["layer"].dropna()) for name, runs in table.groupby("method")}
    common = table.drop_duplicates(["method", "layer"])["layer"].mode()
    for name, own in blocks.items():
        if len(own) > 1:
            among = sorted(own & set(common)) or sorted(own)
            table = table[(table["method"] != name) | (table["layer"] == among[len(among) // 2])]
    return table


def away(folder: Path, tables: str) -> Iterator[Case]:
    """Tables whose name fits, on each task that was not trained on first."""
    for path in sorted(folder.glob(tables)):
        table = read_table(path)
        elsewhere = table[table["train_task"] != table["test_task"]]
        for (source, _), runs in elsewhere.groupby(["train_task", "test_task"], sort=False):
            yield f"{source} to ", path, runs


def question(runs: pd.DataFrame) -> tuple:
    """What a table's leads are about: what was trained on, how many of its texts, what was tested on, which model."""
    first = runs.dropna(subset=["seed"]).iloc[0]
    fingerprint = first.get("fingerprint")
    return (first["train_task"], first["test_task"], first["train_texts"], fingerprint, first["backbone"])


def first_measured(cases: Sequence[Case], name: str) -> dict[tuple, Path]:
    """For each question and rival the file that was measured first: what was asked again, often because of what came
    out, is no further evidence. Files without dates count in their own order."""
    found: dict[tuple, tuple[str, int, Path]] = {}
    for number, (_, path, runs) in enumerate(cases):
        if name not in set(runs["method"]):
            continue
        date = runs["date"].dropna().min() if "date" in runs and runs["date"].notna().any() else ""
        pairs = pairwise(runs, name)
        for rival in pairs["method"][pairs["seeds"] > 1]:
            about, mine = (*question(runs), rival), (date, number, path)
            found[about] = min(found.get(about, mine), mine)
    return {about: path for about, (*_, path) in found.items()}


def judged(
    cases: Iterable[Case], name: str, others: Sequence[str], beside: Sequence[str] = (), rule: Rule = verdict_of
) -> Finding:
    """A method against others, in every case that has it and one of them at least.

    A lead counts only where the method that has it does better than the best constant answer.

    Args:
        others: the rivals that decide.
        beside: methods that are shown with them and decide nothing.
        rule: what one table's leads say.
    """
    rivals, shown, cases = tuple(others), (*others, *beside), list(cases)
    first = first_measured(cases, name)
    sentences, verdicts, counted = [], [], []
    for start, path, runs in cases:
        if name not in set(runs["method"]):
            continue
        constant = best_constant(runs)
        better = above(runs, constant)
        pairs = leads(runs, name, better)
        deciding = pairs[pairs["method"].isin(rivals)]
        if deciding.empty:
            continue
        told = in_words(runs, name, pairs[pairs["method"].isin(shown)])
        if deciding["seeds"].max() < 2:
            sentences.append(f"{start}{told} One seed has no interval: not counted. (`{path.name}`)")
            continue
        level = f"the best constant answer ({100 * constant:.1f} %)"
        before = {rival: first.get((*question(runs), rival), path) for rival in deciding["method"]}
        deciding = deciding[deciding["method"].map(before) == path]
        again = [f"{rival} in `{file.name}`" for rival, file in before.items() if file != path]
        told += f" Counted where it was asked first: {', '.join(again)}." if again else ""
        if better & {name, *deciding["method"]} and len(deciding):
            verdicts.append(rule(deciding))
            counted.append(deciding)
            no_better = [each for each in (name, *pairs["method"][pairs["method"].isin(shown)]) if each not in better]
            told += f" No better than {level}: {', '.join(no_better)}." if no_better else ""
            told += in_macro_f1_alone(runs, name)
        elif len(deciding):
            told += f" No method does better than {level}: not counted."
        told += edges_in_words(runs[runs["method"].isin((name, *shown))], path)
        sentences.append(f"{start}{told} (`{path.name}`)")
    if not sentences:
        return Finding(["No table here has these methods."], Verdict.UNTESTED)
    if not counted:
        return Finding(sentences, Verdict.OPEN)
    every = pd.concat(counted)
    found = together(verdicts)
    if rule is not verdict_of:  # "or comparable": an interval that stays near 0 is more than luck
        return Finding(sentences, found)
    return Finding([*sentences, *([count_in_words(every)] if len(every) > 1 else [])], beyond_luck(found, every))


def edges_in_words(runs: pd.DataFrame, path: Path) -> str:
    """Which of them might do better at a rate that was not tried."""
    edges = at_the_edge(runs, path.parent / "grids" / f"{path.stem}.toml").items()
    told = [f"the {edge} rate tried: {', '.join(methods)}" for edge, methods in edges if methods]
    return f" At {'; at '.join(told)}." if told else ""


def leads(runs: pd.DataFrame, name: str, better: set[str]) -> pd.DataFrame:
    """A method's lead over each other one, with what counts.

    Args:
        better: the methods that do better than the best constant answer (see `above`).

    Returns:
        What `pairwise` gives, with `ahead` and `behind`.
    """
    pairs = pairwise(runs, name)
    pairs["ahead"] = pairs["told_apart"] & (pairs["difference"] > 0) & (name in better)
    pairs["behind"] = pairs["told_apart"] & (pairs["difference"] < 0) & pairs["method"].isin(better)
    return pairs


def all_leads(folder: Path) -> pd.DataFrame:
    """ID-SPAM's lead over every other method, each question once: what the verdicts on scores rest on, for a picture.

    Returns:
        A row a table and rival: `tasks` ("sst2 to imdb, 1,000": tested on another task, after so many texts), `home`
        (is it the task that was trained on?), `file`, `learned` (does any method do better than the best constant
        answer?) and the columns of `leads`.
    """
    found = []
    for home, cases in ((True, list(at_home(folder))), (False, list(away(folder, "transfer_*.csv")))):
        first = first_measured(cases, OURS)
        for start, path, runs in cases:
            if OURS in set(runs["method"]) and runs["seed"].nunique() > 1:  # of one seed there is no interval
                better = above(runs, best_constant(runs))
                texts = f"{start}{task_of(runs)}, {runs['train_texts'].max():,.0f}"
                about = {"tasks": texts, "home": home, "file": path.name, "learned": bool(better)}
                pairs = leads(runs, OURS, better).assign(**about)
                found.append(pairs[[first.get((*question(runs), rival)) == path for rival in pairs["method"]]])
    if not found:
        raise BadInput(f"No table in {folder} has {OURS} beside another method, with two seeds at least.")
    return pd.concat(found, ignore_index=True)


def against(others: Sequence[str], name: str = OURS, beside: Sequence[str] = ()) -> Evidence:
    """ID-SPAM, or a variant of it, against other methods on the task that they were trained on."""
    return lambda folder: judged(at_home(folder), name, others, beside)


def on_another_task(
    tables: str, others: Sequence[str], beside: Sequence[str] = (), rule: Rule = verdict_of
) -> Evidence:
    """ID-SPAM on a task that it was not trained on first, against other methods; `tables` says which files."""
    return lambda folder: judged(away(folder, tables), OURS, others, beside, rule)
