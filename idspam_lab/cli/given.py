"""From what was typed to what the package takes: tasks, adapters, texts."""

import shlex
import sys
from pathlib import Path

from ..errors import BadInput

TABLES = {".csv", ".parquet", ".jsonl"}  # where pairs are asked for, a .tsv may be lines of two texts each


def typed() -> str:
    """The command line as it can be typed again: what needs quotes has them."""
    return shlex.join(["idspam-lab", *sys.argv[1:]])


def told(chosen, *names: str) -> dict:
    """Those of the options that were said; of the others the package knows what is right."""
    return {name: getattr(chosen, name) for name in names if getattr(chosen, name) is not None}


def method_of(chosen, *names: str) -> tuple[str, dict]:
    """The method that was named and its options: those in its name, and those that were said for themselves.

    Raises:
        BadInput: there is no such method, or an option is said in both places.
    """
    from ..methods.spelled import read_method

    method, options = read_method(chosen.method)
    alone = told(chosen, *names)
    for name, value in alone.items():
        if name in options:
            raise BadInput(f"{chosen.method} names {name} and so does --{name} {value}: leave one of the two out.")
    return method, options | alone


def task_of(chosen):
    """The task or table that was named, to train on.

    Raises:
        BadInput: columns are named but no table, a seed draws nothing, or what `load_task` raises.
    """
    from ..tasks import TASKS, load_task

    own = [chosen.task, chosen.transfer] if getattr(chosen, "transfer", None) else [chosen.task]
    if any(columns(chosen).values()) and all(name in TASKS for name in own):
        raise BadInput(f"--text, --pair and --label name columns of a table of yours, but {own[0]} has its own.")
    if chosen.data_seed and chosen.limit is None:
        raise BadInput(f"--data-seed {chosen.data_seed} draws the texts of --limit, but there is none: give both.")
    options = {name: getattr(chosen, name) for name in ("source", "holdout", "limit", "metric")}
    return load_task(chosen.task, seed=chosen.data_seed, **options, **columns(chosen))


def transfer_of(chosen, data):
    """The other task's texts that were asked for, labelled by the classes that are trained; None if none were.

    Raises:
        BadInput: it has other classes.
    """
    from ..experiments import Target
    from ..tasks import TASKS, load_for_evaluation

    if not chosen.transfer:
        return None
    names, limit = data.task.labels, chosen.transfer_limit
    own = {} if chosen.transfer in TASKS else columns(chosen)
    there = load_for_evaluation(chosen.transfer, source=chosen.source, whole=True, limit=limit, names=names, **own)
    return Target(there.answered_by(names), chosen.max_length)


def load_adapter(chosen, name: str | None = None, backbone=None):
    """The classifier of a session's folder or of an adapter's own."""
    from ..classifier import PromptClassifier

    return PromptClassifier.from_pretrained(name or chosen.adapter, backbone=backbone or chosen.backbone)


def given_texts(chosen, pairs: bool) -> list[str] | list[tuple[str, str]]:
    """The texts of the command line, or of a table, or of a file's lines, or of standard input ("-").

    Args:
        pairs: two after each other, or the two sides of a line's tab, are one pair.

    Raises:
        BadInput: there is none, one is left without its second text, or the file cannot be read.
    """
    if chosen.file is not None and chosen.texts:
        raise BadInput(f"There are texts on the command line and in --file {chosen.file}: give one of the two.")
    if chosen.file is None:
        if not chosen.texts:
            raise BadInput(
                'There is no text: give one in quotes, or --file NAME with one a line ("-" for standard input).'
            )
        if pairs and len(chosen.texts) % 2:
            raise BadInput(f"It was trained on pairs of texts, but there are {len(chosen.texts)}: give two for each.")
        return list(zip(chosen.texts[::2], chosen.texts[1::2], strict=True)) if pairs else chosen.texts
    suffix = Path(chosen.file).suffix.lower()
    if chosen.text or suffix in TABLES or (suffix == ".tsv" and not pairs):
        return table_texts(chosen, pairs)
    try:
        content = sys.stdin.read() if chosen.file == "-" else Path(chosen.file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{chosen.file} cannot be read as text ({error}): give a file in UTF-8 with one text a line."
        ) from error
    # Not splitlines, which also breaks at characters that a text may hold (a form feed, U+2028).
    lines = [line.removesuffix("\r") for line in content.removesuffix("\n").split("\n")]
    if lines == [""]:
        raise BadInput(f"{chosen.file} is empty: write one text a line.")
    if not pairs:
        return lines
    for number, line in enumerate(lines, start=1):
        if line.count("\t") != 1:
            raise BadInput(f"Line {number} of {chosen.file} is no pair: write the two texts with one tab between them.")
    return [tuple(line.split("\t")) for line in lines]


def table_texts(chosen, pairs: bool) -> list[str] | list[tuple[str, str]]:
    """The texts of a table of the user's own; its labels, if it has any, are not looked at."""
    from ..tasks import read_table

    if chosen.pair and not pairs:
        raise BadInput("It was trained on single texts: leave --pair out.")
    table = read_table(chosen.file, text=chosen.text, pair=chosen.pair, labelled=False)
    if chosen.text is None:  # guessed
        print(f"note: {table.said}", file=sys.stderr)
    found = table.examples
    if pairs and found.pairs is None:
        raise BadInput(f"It was trained on pairs of texts: say which column of {chosen.file} has the second (--pair).")
    return list(zip(found.texts, found.pairs, strict=True)) if pairs else list(found.texts)


def columns(chosen) -> dict:
    """The columns of the user's own table."""
    return {"text": chosen.text, "pair": chosen.pair, "label": chosen.label}
