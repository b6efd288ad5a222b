"""How large the tasks are on the hub, so that a grid can be estimated where their texts are not.

`python -m idspam_lab.grid.sizes TASK ...` measures the tokens anew; a test holds the embedded task against it.
"""

import sys
from dataclasses import dataclass

from ..tasks import TASKS, Examples, load_task
from ..tasks.splits import MAX_HOLDOUT
from .plan import GridRun

LONGEST = 512  # where texts are cut
TOKENS_A_WORD = 1.4  # of English in WordPiece, for tables of one's own


@dataclass(frozen=True)
class Size:
    """Rows, and tokens a text."""

    train: int
    test: int
    mean: float  # by MiniLM's tokenizer, pairs as one, special tokens included, cut at LONGEST
    longest: int


# Rows: of the hub's training split and of the split that is reported on. Tokens: of the whole training split; of MNLI,
# QNLI and QQP of some thousand of its rows, of BoolQ, WiC, IMDB and Rotten Tomatoes of every second to tenth row.
SIZES = {
    "sst2": Size(67_349, 872, 13.3, 66),
    "mnli": Size(392_702, 9_815, 40.0, 277),
    "qnli": Size(104_743, 5_463, 49.7, 216),
    "rte": Size(2_490, 277, 70.2, 289),
    "mrpc": Size(3_668, 408, 53.2, 103),
    "qqp": Size(363_846, 40_430, 30.4, 192),
    "cb": Size(250, 56, 83.3, 282),
    "copa": Size(400, 100, 35.2, 50),
    "multirc": Size(27_243, 4_848, 349.0, 512),
    "boolq": Size(9_427, 3_270, 137.0, 512),
    "wic": Size(5_428, 638, 24.9, 73),
    "imdb": Size(25_000, 25_000, 262.1, 512),
    "rotten_tomatoes": Size(8_530, 1_066, 27.4, 70),
}



def size_of(run: GridRun) -> tuple[Size, int]:
    """The texts that a run trains on, cut as it cuts them, and how many more pick its epoch.

    Raises:
        BadInput: a table of one's own that cannot be read.
    """
    if run.task in SIZES:
        size = SIZES[run.task]
        held = run.holdout if run.holdout >= 1 else min(run.holdout * size.train, MAX_HOLDOUT)
        train, test = size.train - int(held), size.test
        mean, longest = size.mean, size.longest
    else:
        data = load_task(run.task, holdout=run.holdout, **run.columns)
        train, test, held = len(data.train), len(data.test), len(data.validation or ())
        words = [TOKENS_A_WORD * len(text.split()) for text in whole(data.train)]
        mean, longest = sum(words) / len(words), int(max(words))
    cut = run.settings.max_length or LONGEST
    return Size(min(train, run.limit or train), test, min(mean, cut), min(longest, cut)), int(held)


def tested(run: GridRun) -> int:
    """Texts that a run is evaluated on in the end."""
    sizes = [size_of(run)[0].test, *(SIZES[name].test for name in run.transfer if name in SIZES)]
    return sum(size if run.test_limit is None else min(size, run.test_limit) for size in sizes)


def whole(examples: Examples) -> list[str]:
    """Both texts of each row as one."""
    return [f"{a} {b}" for a, b in zip(examples.texts, examples.pairs or [""] * len(examples), strict=True)]


def measure(task: str) -> tuple[float, int]:
    """Mean and most tokens of a task's training texts."""
    from ..backbones import encode, load_backbone

    train = load_task(task, holdout=0).train
    rows, _ = encode(load_backbone("minilm"), train.texts, train.pairs, LONGEST)
    lengths = [len(row["input_ids"]) for row in rows]
    return sum(lengths) / len(lengths), max(lengths)


if __name__ == "__main__":
    for name in sys.argv[1:] or TASKS:
        print(name, *measure(name))
