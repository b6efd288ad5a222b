"""Exercises whose answers are numbers or truth values: tried on cases that tell the usual mistakes apart."""

import copy
from collections.abc import Callable, Sequence

import numpy as np

from .checks import Verdict


def judge_cases(
    student: Callable, cases: Sequence[tuple], right: Callable, mistakes: dict[str, Callable], praise: str
) -> Verdict:
    """Runs `student` on every case and tells what it did.

    mistakes: what to say, with a function that makes the mistake.
    """
    given, stopped = [], ""
    for case in cases:
        try:
            given.append(student(*copy.deepcopy(case)))  # an answer may sort or shorten what it is given
        except Exception as error:  # whatever a student's code raises is an answer too
            stopped = f"for ({', '.join(map(str, case))}) it stops with {type(error).__name__}: {error}"
            break
    if any(answer is None or answer is ... for answer in given):
        return Verdict(False, "it returns nothing yet; end it with a return.")
    answered = list(zip(given, cases, strict=False))  # up to where it stops
    off = [(answer, case) for answer, case in answered if not same(answer, right(*case))]
    for sentence, wrong in mistakes.items() if off or not stopped else ():
        if all(same(answer, wrong(*case)) for answer, case in answered):
            return Verdict(False, sentence)
    if stopped:
        return Verdict(False, stopped)
    if off:
        answer, case = off[0]
        asked, wanted = ", ".join(map(str, case)), right(*case)
        return Verdict(False, f"for ({asked}) it says {answer}, but {wanted} is right; no usual mistake fits.")
    return Verdict(True, praise)


def same(given, wanted) -> bool:
    """Equal numbers, truth values or tuples of them, up to float arithmetic."""
    try:
        return np.shape(given) == np.shape(wanted) and np.allclose(given, wanted, rtol=1e-6, atol=1e-6)
    except (TypeError, ValueError):
        return False
