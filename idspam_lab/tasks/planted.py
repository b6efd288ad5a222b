"""Texts whose label hangs on words that were planted there, so that an explanation can be held against the truth.

    pair    Two cue words, each an animal or a tool, among words that are neither. The class: are both of one kind?
            A linear head on the frozen model hardly reads that. A prompt can, if it is made from the cues.
    word    One cue word; the class is its kind. The frozen model shows it to the head by itself, so that the weights
            have no need to find it: they may or may not, and the prediction is right either way.
    place   Animals and tools alone; the class is the kind of the first. The generator reads a bag of words, and in a
            bag no word is the first: whatever it learns, its weights cannot find this cue. The frozen model can.
"""

import random
from dataclasses import dataclass

from ..errors import BadInput
from .examples import Examples

KINDS = ("pair", "word", "place")
LABELS = {"pair": ("different", "same"), "word": ("animal", "tool"), "place": ("animal", "tool")}
# Every word is one token to BERT's tokenizers.
ANIMALS = ("horse", "rabbit", "tiger", "eagle", "salmon", "beetle", "monkey", "turtle")
TOOLS = ("hammer", "ladder", "bucket", "shovel", "needle", "basket", "rope", "screw")
OTHERS = (
    "window", "garden", "river", "street", "paper", "table", "bottle", "morning", "letter", "winter",
    "music", "corner", "bridge", "doctor", "village", "station", "summer", "market", "island", "kitchen",
)  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """Texts and the truth about them.

    Attributes:
        examples: texts of words with a space between, and labels.
        cues: for each text the numbers of the words, from 0, that decide its label.
    """

    examples: Examples
    cues: tuple[tuple[int, ...], ...]


def planted(kind: str, count: int, *, words: int = 8, seed: int = 0) -> Planted:
    """`count` texts of `words` words; half of them of each class, the same for the same seed.

    Train on one seed and look for the cues with another.

    Raises:
        BadInput: no such kind, no text, or fewer than three words.
    """
    if kind not in KINDS:
        raise BadInput(f"There is no planted task {kind!r}; there are {', '.join(KINDS)}.")
    if count < 1 or words < 3:
        raise BadInput(f"{count} texts of {words} words were asked for: ask for one text and three words at least.")
    draw, make = random.Random(seed), {"pair": pair, "word": word, "place": place}[kind]
    rows = [(*make(draw, words, i % 2), i % 2) for i in range(count)]
    texts, cues, labels = zip(*rows, strict=True)
    return Planted(Examples(texts, None, labels, f"planted/{kind}"), cues)


def pair(draw: random.Random, words: int, label: int) -> tuple[str, tuple[int, ...]]:
    """Label 1: both cues of one kind."""
    first = draw.choice((ANIMALS, TOOLS))
    second = first if label else TOOLS if first is ANIMALS else ANIMALS
    text, cues = draw.choices(OTHERS, k=words), draw.sample(range(words), 2)
    for place, kind in zip(cues, (first, second), strict=True):
        text[place] = draw.choice(kind)
    return " ".join(text), tuple(sorted(cues))


def word(draw: random.Random, words: int, label: int) -> tuple[str, tuple[int, ...]]:
    """Label 1: the cue is a tool."""
    text, cue = draw.choices(OTHERS, k=words), draw.randrange(words)
    text[cue] = draw.choice((ANIMALS, TOOLS)[label])
    return " ".join(text), (cue,)


def place(draw: random.Random, words: int, label: int) -> tuple[str, tuple[int, ...]]:
    """Label 1: the first word is a tool."""
    text = draw.choices(ANIMALS + TOOLS, k=words)
    text[0] = draw.choice((ANIMALS, TOOLS)[label])
    return " ".join(text), (0,)
