"""What the paper prints about sizes (arXiv 2506.05629, Tables 12 and 13), so that counting needs no file."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Printed:
    """A number of trainable parameters as the paper prints it."""

    value: float
    table: str
    digits: int  # the step of its last printed digit: 1, or 100,000 for a number in millions with one decimal
    why: str = ""  # what may be behind a difference

    def agrees(self, count: int) -> bool:
        """Does a count, rounded as the paper rounds, give the printed number?"""
        return abs(count - self.value) <= self.digits / 2


def _exact(value: int, why: str = "") -> Printed:
    return Printed(value, "Table 12", 1, why)


def _millions(value: float, why: str = "") -> Printed:
    return Printed(round(value * 1e6), "Table 13", 100_000, why)


# Trainable parameters of ID-SPAM by backbone.
IDSPAM_PARAMETERS: dict[str, Printed] = {
    "roberta-base": _exact(2_064_384),
    "roberta-large": _exact(3_538_944),
    "gpt2": _millions(2.1),
    "gpt2-medium": _millions(3.5),
    "gpt2-large": _millions(5.1, "It may be a slip for 5.4: the other sizes agree."),
    "gpt2-xl": _millions(8.3),
    "google/gemma-2b": _millions(13.4),
    "google/flan-t5-xl": _millions(13.4),
}
EVERYWHERE = (  # found by trying: see audit/sizes.py
    "The paper states neither rank nor matrices; rank 16 on every linear layer gives its number, "
    "here it is rank 8 on queries and values."
)
# method -> backbone -> trainable parameters, without a head
PARAMETERS: dict[str, dict[str, Printed]] = {
    "idspam": IDSPAM_PARAMETERS,
    "lpt": {"roberta-base": _exact(2_162_688), "roberta-large": _exact(2_883_584)},
    "lora": {
        "roberta-base": _exact(3_495_312, EVERYWHERE),
        "roberta-large": _exact(7_931_280, EVERYWHERE),
        "gpt2": _millions(2.4, EVERYWHERE),
        "gpt2-medium": _millions(6.3, EVERYWHERE),
        "gpt2-large": _millions(11.8, EVERYWHERE),
        "gpt2-xl": _millions(19.7, EVERYWHERE),
        "google/gemma-2b": _millions(19.6, EVERYWHERE),
        "google/flan-t5-xl": _millions(35.5, EVERYWHERE),
    },
}
