"""Checks of lesson 02's exercises: the learning rate over a run, and what training holds in memory."""

import math
from collections.abc import Callable

from ..training.loop import rate
from .checks import Verdict
from .judging import judge_cases


def check_lr_factor(student: Callable[[int, int, float], float]) -> Verdict:
    """lr_factor(step, steps, warmup) -> what the learning rate is multiplied with at a step, counted from 0."""

    def by(rise: Callable, fall: Callable, whole: Callable = round) -> Callable:
        """A factor that rises and falls as the two say, over a warm-up that `whole` makes a whole number."""

        def factor(step: int, steps: int, warmup: float) -> float:
            first = whole(warmup * steps)
            return rise(step, first) if step < first else fall(step, steps, first)

        return factor

    def up(step: int, rise: int) -> float:
        return (step + 1) / rise

    def down(step: int, steps: int, rise: int) -> float:
        return (steps - step) / max(1, steps - rise)

    def turn(step: int, steps: int, rise: int) -> float:
        return math.pi * (step - rise) / max(1, steps - rise)

    return judge_cases(
        student,
        # 50 and 150 steps with the paper's warm-up; 30, where 0.06 of them is 1.8; 20, 1.2; none; nothing but
        [(step, 50, 0.06) for step in (0, 1, 2, 3, 20, 49)]
        + [(step, 30, 0.06) for step in (0, 1, 2, 29)]
        + [
            (0, 20, 0.06),
            (1, 20, 0.06),
            (8, 150, 0.06),
            (9, 150, 0.06),
            (75, 150, 0.06),
            (0, 10, 0.0),
            (9, 10, 0.0),
            (0, 4, 1.0),
            (3, 4, 1.0),
        ],
        rate,
        {
            "the first step has the factor 0, so its texts teach nothing: steps count from 0, so rise with step + 1.": (
                by(lambda step, rise: step / rise, down)
            ),
            "it never falls: after the warm-up a straight line goes down to 0.": by(up, lambda *_: 1.0),
            "there is no warm-up: it only falls.": lambda step, steps, warmup: (steps - step) / steps,
            "after the warm-up it does not start from 1: divide by the steps that are left, K - r.": by(
                up, lambda step, steps, rise: (steps - step) / steps
            ),
            "it falls along a cosine; here it is a straight line.": by(
                up, lambda *where: (1 + math.cos(turn(*where))) / 2
            ),
            "it reaches 0 one step early, so the last texts teach nothing: step runs to steps - 1.": by(
                up, lambda step, steps, rise: (steps - 1 - step) / max(1, steps - 1 - rise)
            ),
            "it falls by the steps since the warm-up, which are k - r; what is left is K - k.": by(
                up, lambda step, steps, rise: (step - rise) / max(1, steps - rise)
            ),
            "int() cuts: 0.06 of 30 steps is 1.8, so 2 with round().": by(up, down, int),
            "ceil() adds: 0.06 of 20 steps is 1.2, so 1 with round().": by(up, down, math.ceil),
        },
        "up to 1 over the warm-up, then down in a straight line; no step is without effect.",
    )


def check_training_bytes(student: Callable[[int, int], int]) -> Verdict:
    """training_bytes(frozen, trained) -> bytes of weights, gradients and AdamW's moments, all of them fp32."""

    def of(frozen_bytes: int, trained_bytes: int) -> Callable[[int, int], int]:
        return lambda frozen, trained: frozen_bytes * frozen + trained_bytes * trained

    return judge_cases(
        student,
        [(22_565_376, 590_594), (0, 22_566_146), (22_565_376, 770), (1_000, 10)],
        of(4, 16),
        {
            "these are the weights alone: what trains has a gradient and two moments too.": of(4, 4),
            "what is frozen has no gradient and no moments: 4 bytes a frozen number are all.": of(16, 16),
            "4 bytes of a trained number are missing: it has its weight, its gradient and two moments.": of(4, 12),
            "8 bytes of a trained number are missing: it has its weight, its gradient and two moments.": of(4, 8),
            "the frozen weights are missing: they do not train, but they are there.": of(0, 16),
            "these are numbers, not bytes: an fp32 number has 4 bytes.": of(1, 4),
            "these are bits: a byte has 8.": of(32, 128),
            "8 bytes a number are float64; fp32 has 4.": of(8, 32),
            "2 bytes a number are bf16; weights, gradients and moments are kept in fp32.": of(2, 8),
            "these are megabytes; return bytes.": lambda frozen, trained: of(4, 16)(frozen, trained) / 1e6,
        },
        "4 bytes a frozen number, 16 a trained one.",
    )
