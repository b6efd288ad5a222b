"""What can be typed: the verbs of `idspam-lab` and their options."""

import argparse

from .. import __version__
from ..metrics import METRICS
from . import grids, tables, verbs

EXAMPLES = """examples:
  idspam-lab demo                                     the main job on the embedded model and texts
  idspam-lab train sst2 --layer 3 --out runs/sst2     a task (see: idspam-lab tasks)
  idspam-lab train reviews.csv --text review --label verdict
  idspam-lab curve rotten_tomatoes --limit 2000       at which block should the prompt join?
  idspam-lab grid grids/table_03.toml --dry-run       many runs from a file: what they are, what they will take
  idspam-lab evaluate runs/sst2 imdb --limit 1000     zero-shot on another task
  idspam-lab predict runs/sst2 "a gripping film"      or: --file texts.txt
  idspam-lab explain runs/sst2 "a gripping film"      which tokens the prompt was made from
  idspam-lab faithfulness runs/a runs/b sst2          do the token weights say what predictions hang on?
  idspam-lab count idspam --backbone roberta-base     trainable parameters, beside the paper's
  idspam-lab paper 2                                  a table of the paper; paper audit: what does not add up

IDSPAM_DATA_DIR names a folder with TASK/SPLIT.parquet files (the hub's columns); without it, tasks come from what is
embedded, else from the hub."""


METHOD_NAMES = (  # those of methods.METHODS, which takes seconds to import
    "linear_head", "fine_tuning", "lora", "prompt_tuning", "p_tuning", "p_tuning_v2", "prefix_tuning", "smop", "lpt",
    "dept", "idpg", "mean_pooling", "idspam",
)  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """What can be typed."""
    top = argparse.ArgumentParser(
        prog="idspam-lab", description="Soft prompts made from the input (ID-SPAM): train, evaluate, predict, explain.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    top.add_argument("--version", action="version", version=f"idspam_lab {__version__}")
    found = top.add_subparsers(title="verbs", metavar="VERB", required=True)

    def verb(function, text: str) -> argparse.ArgumentParser:
        sub = found.add_parser(function.__name__, help=text, description=text)
        sub.set_defaults(run=function)
        return sub

    sub = verb(
        verbs.demo,
        "Train on the embedded model and texts, evaluate, explain, and write a report. Minutes on two cores.",
    )
    sub.add_argument(
        "--out",
        default="runs/demo",
        metavar="FOLDER",
        help="where to write (default: %(default)s); a killed run goes on there",
    )
    sub.add_argument(
        "--seed", type=int, default=0, help="of the first weights, dropout and the batches' order (default: 0)"
    )
    sub.add_argument("--epochs", type=int, default=3, help="default: %(default)s")
    sub.add_argument("--limit", type=int, metavar="N", help="train on N texts only")
    fresh(sub)
    device(sub)

    sub = verb(verbs.train, "Train a method on a task or on your own table, beside a linear head; leaves a folder.")
    sub.add_argument(
        "task",
        help="a task's name (see: idspam-lab tasks), a .csv, .tsv, .parquet or .jsonl file, or a folder with train.csv "
        "and perhaps validation.csv and test.csv",
    )
    sub.add_argument(
        "--method", default="idspam",
        help=f"{', '.join(METHOD_NAMES)}; with options as in idspam:heads=4,lora=8; several blocks: idspam:layer=1+2 "
        "(default: %(default)s)",
    )  # fmt: skip
    backbone(sub)
    sub.add_argument(
        "--layer", type=layer, metavar="M",
        help="the block whose input gets the prompt, 0 to L-1 (default: L // 2); auto: best on the validation texts",
    )  # fmt: skip
    sub.add_argument("--t", type=int, help="prompt tokens (default: 10)")
    sub.add_argument("--c", type=int, help="width of the bottleneck (default: 34)")
    sub.add_argument("--bias", choices=["up", "both"], help="up: Table 12's counts (default); both: the paper's text")
    sub.add_argument("--dropout", type=float, help="on the bottleneck (default: 0.1)")
    sub.add_argument(
        "--read", choices=["first", "mean", "last"], help="the token that the head reads (default: the backbone's)"
    )
    training(sub)
    sub.add_argument("--warmup", type=float, help="share of the steps in which the rate rises (default: 0.06)")
    sub.add_argument("--clip", type=float, help="largest norm of the gradient (default: 1)")
    sub.add_argument("--seed", type=int, help="of the first weights, dropout and the batches' order (default: 0)")
    sub.add_argument("--order-seed", type=int, help="of the batches' order alone (default: --seed)")
    rows(sub)
    transfer(sub)
    sub.add_argument(
        "--out", metavar="FOLDER", help="where to write (default: runs/TASK-METHOD); a killed run goes on there"
    )
    fresh(sub)
    metric(sub)
    texts_and_tables(sub)
    device(sub)

    sub = verb(verbs.compare, "Train several methods on a task, over seeds, beside the baselines; one table.")
    sub.add_argument("--task", required=True, help="a task's name or a table of your own")
    sub.add_argument(
        "--methods", nargs="+", default=list(METHOD_NAMES), metavar="METHOD",
        help="names, with options as in idspam:heads=4,layer=2 (default: all: %(default)s)",
    )  # fmt: skip
    sub.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="K", help="default: 0 1 2")
    backbone(sub)
    training(sub, "each method's own")
    rows(sub)
    transfer(sub)
    sub.add_argument("--paper", metavar="BACKBONE", help="print the paper's scores with this backbone beside ours")
    sub.add_argument("--out", metavar="FOLDER", help="default: runs/compare-TASK; what is done there is not done again")
    fresh(sub)
    metric(sub)
    texts_and_tables(sub)
    device(sub)

    sub = verb(verbs.curve, "The layer curve: train at every block, all runs in one go, and draw the scores.")
    sub.add_argument("task", help="a task's name or a table of your own")
    sub.add_argument("--layers", type=int, nargs="+", metavar="M", help="blocks (default: all)")
    sub.add_argument("--seeds", type=int, default=3, metavar="N", help="runs a block (default: %(default)s)")
    sub.add_argument("--method", default="idspam", help="with options as in idspam:heads=4 (default: %(default)s)")
    backbone(sub)
    training(sub)
    rows(sub)
    sub.add_argument("--out", metavar="FOLDER", help="default: runs/curve-TASK")
    fresh(sub)
    metric(sub)
    texts_and_tables(sub)
    device(sub)

    sub = verb(verbs.evaluate, "Score a trained adapter on a task or on your own table.")
    sub.add_argument("adapter", help="a folder that train or demo wrote, or a hub address")
    sub.add_argument("task", help="a task's name or a table")
    sub.add_argument("--limit", type=int, metavar="N", help="on N texts, in the classes' proportions")
    sub.add_argument(
        "--whole",
        action="store_true",
        help="all rows of an embedded task or of a folder without a test file, not the rows alone that training keeps "
        "back (if it was not trained on)",
    )
    metric(sub)
    sub.add_argument("--backbone", help="default: the one it was trained on")
    texts_and_tables(sub, "as in training")
    device(sub)

    for function, text in (
        (verbs.predict, "Label texts."),
        (verbs.explain, "Show which tokens each text's prompt was made from."),
    ):
        sub = verb(function, text)
        sub.add_argument("adapter", help="a folder that train or demo wrote, or a hub address")
        sub.add_argument("texts", nargs="*", help="texts, each in quotes")
        sub.add_argument("--file", metavar="NAME", help="one text a line (- for standard input), or a table")
        if function is verbs.predict:
            sub.add_argument("--out", metavar="FILE", help="a CSV with the probability of every class")
        sub.add_argument("--text", metavar="COLUMN", help="of your own table (default: guessed)")
        sub.add_argument("--pair", metavar="COLUMN", help="the second text, where there is one")
        sub.add_argument("--max-length", type=int, metavar="N", help="cut texts at N tokens (default: as in training)")
        sub.add_argument("--backbone", help="default: the one it was trained on")
        device(sub)

    sub = verb(
        verbs.faithfulness,
        "Do the token weights say what predictions hang on? Adapters that differ by their seed, on texts of a task.",
    )
    sub.add_argument("adapters", nargs="+", metavar="ADAPTER", help="folders that train, compare or demo wrote")
    sub.add_argument("task", help="a task's name or a table")
    sub.add_argument("--limit", type=int, default=100, metavar="N", help="on N texts (default: %(default)s)")
    sub.add_argument("--draws", type=int, default=3, help="random orders (default: %(default)s)")
    sub.add_argument("--steps", type=int, default=16, help="of integrated gradients, at first (default: %(default)s)")
    sub.add_argument("--out", default="runs/faithfulness", metavar="FOLDER", help="default: %(default)s")
    sub.add_argument("--backbone", help="default: the one that they were trained on")
    texts_and_tables(sub, "as in training")
    device(sub)

    sub = verb(verbs.count, "Trainable parameters from the model's shape alone, beside the paper's numbers.")
    sub.add_argument("method", help=f"{', '.join(METHOD_NAMES)}; with options as in lora:r=16")
    sub.add_argument(
        "--backbone",
        default="roberta-base",
        help="a model of the paper, minilm, or anything with a config.json (default: %(default)s)",
    )
    sub.add_argument("--labels", type=int, default=2, help="classes (default: 2)")
    sub.add_argument("--t", type=int, help="prompt tokens (default: 10)")
    sub.add_argument("--c", type=int, help="width of the bottleneck (default: 34)")
    sub.add_argument("--bias", choices=["up", "both"], help="up: Table 12's counts (default); both: the paper's text")

    verb(verbs.tasks, "List the tasks that are known by name.")

    sub = verb(verbs.cache, "List the hidden states that are kept on disk, so that no run computes them twice.")
    sub.add_argument("--clear", action="store_true", help="remove them; they are made again when they are needed")

    sub = verb(verbs.bench, "How fast, beside PEFT and transformers' Trainer, on this machine: let nothing else run.")
    sub.add_argument(
        "--shape", default="minilm", help="minilm, roberta-base or roberta-large; random weights (default: %(default)s)"
    )
    sub.add_argument("--parts", nargs="+", metavar="P", help="a to i (default: all), see idspam_lab/bench")
    sub.add_argument("--blocks", choices=["all", "middle"], default="all", help="of part a (default: %(default)s)")
    sub.add_argument("--quick", action="store_true", help="see whether it runs; the numbers mean nothing")
    sub.add_argument("--out", metavar="FILE", help="default: runs/bench/SHAPE-DEVICE.json")
    device(sub)

    sub = verb(tables.paper, "The paper's tables as printed, and what does not add up in them.")
    sub.add_argument("what", nargs="?", metavar="TABLE", help="1 to 16, or audit; without it: a list of the tables")
    sub.add_argument("--all", action="store_true", help="with audit: also the claims that do add up")

    sub = verb(tables.collect, "Gather the reports of several runs into one CSV table.")
    sub.add_argument("reports", nargs="+", metavar="FOLDER", help="folders that train or demo wrote")
    sub.add_argument("--out", default="results.csv", metavar="FILE", help="default: %(default)s")

    sub = verb(tables.summary, "Mean and standard deviation over the seeds, from a table of collect, as Markdown.")
    sub.add_argument("table", help="a CSV that collect or compare wrote")

    sub = verb(tables.claims, "Which of the paper's claims hold, by the measured tables: writes RESULTS.md anew.")
    sub.add_argument("--out", metavar="FILE", help="default: data/results/RESULTS.md of this clone")
    grids.add(verb, backbone, rows, metric, texts_and_tables, device)
    return top


def layer(word: str) -> int | str:
    """A block's number, or "auto"."""
    if word == "auto" or word.isdecimal():
        return word if word == "auto" else int(word)
    raise argparse.ArgumentTypeError(f"{word!r} is neither a block's number nor auto")


def backbone(sub: argparse.ArgumentParser) -> None:
    """The frozen model that is adapted."""
    sub.add_argument(
        "--backbone", default="minilm", help="minilm (embedded), a folder, or a hub name such as roberta-base"
    )


def training(sub: argparse.ArgumentParser, own: str = "the method's own") -> None:
    """What a training run is told; `own` says what holds if nothing is."""
    sub.add_argument("--epochs", type=int, help=f"times through the training texts (default: {own})")
    sub.add_argument("--batch-size", type=int, metavar="N", help=f"texts a step (default: {own})")
    sub.add_argument("--lr", type=float, help=f"learning rate (default: {own})")
    sub.add_argument("--weight-decay", type=float, metavar="W", help=f"of the trained matrices (default: {own})")
    sub.add_argument(
        "--precision", choices=["auto", "fp32", "bf16"],
        help="of the passes (default: auto: bf16 where the device multiplies it in hardware)",
    )  # fmt: skip


def rows(sub: argparse.ArgumentParser) -> None:
    """Which rows train, and which pick the epoch."""
    sub.add_argument(
        "--holdout", type=float, default=0.1,
        help="training rows that pick the epoch: a share or a number; 0: none, the last epoch is kept (default: 0.1)",
    )  # fmt: skip
    sub.add_argument("--limit", type=int, metavar="N", help="train on N texts only, in the classes' proportions")
    sub.add_argument(
        "--data-seed", type=int, default=0, metavar="K",
        help="draws the texts of --limit (default: 0); those that are held out or tested on stay the same",
    )  # fmt: skip


def transfer(sub: argparse.ArgumentParser) -> None:
    """Another task to evaluate on."""
    sub.add_argument("--transfer", metavar="TASK", help="also evaluate on this task, without training on it")
    sub.add_argument("--transfer-limit", type=int, metavar="N", help="on N of its texts only")


def metric(sub: argparse.ArgumentParser) -> None:
    """What is reported, and where there is training picks the epoch."""
    sub.add_argument("--metric", choices=[*METRICS], help="the score, which picks the epoch (default: the task's)")


def texts_and_tables(sub: argparse.ArgumentParser, length: str = "what the model takes") -> None:
    """How texts are read; `length` says how long they may be if nothing is told."""
    sub.add_argument("--source", default="auto", help="auto, embedded, hub, or a folder with TASK/SPLIT.parquet")
    sub.add_argument("--text", metavar="COLUMN", help="of your own table (default: guessed)")
    sub.add_argument("--pair", metavar="COLUMN", help="the second text, where there is one")
    sub.add_argument("--label", metavar="COLUMN", help="the class (default: guessed)")
    sub.add_argument("--max-length", type=int, metavar="N", help=f"cut texts at N tokens (default: {length})")


def fresh(sub: argparse.ArgumentParser) -> None:
    """Whether what the folder holds is taken for done."""
    sub.add_argument("--fresh", action="store_true", help="train anew in place of the run that the folder holds")


def device(sub: argparse.ArgumentParser) -> None:
    """Where to compute."""
    sub.add_argument("--device", choices=["auto", "cpu"], default="auto", help="auto picks CUDA, MPS or the CPU")
