"""Checks of the exercises: not only whether an answer is wrong, but which of the usual mistakes it is.

Each check runs the student's function on small random tensors, holds the result against the right one, and, where it
differs, against what each usual mistake would give.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Verdict:
    """A check's answer."""

    right: bool
    sentence: str

    def __repr__(self) -> str:
        return f"{'Right' if self.right else 'Not yet'}: {self.sentence}"


def judge(student: Callable, arguments: tuple, right: Tensor, mistakes: dict[str, Tensor], praise: str) -> Verdict:
    """Runs `student(*arguments)` and tells what it did.

    mistakes: what to say, with what the mistake gives.
    """
    try:
        given = student(*arguments)
    except Exception as error:  # whatever a student's code raises is an answer too
        return Verdict(False, f"it stops with {type(error).__name__}: {error}")
    if given is None or given is ...:
        return Verdict(False, "it returns nothing yet; end it with a return.")
    if not isinstance(given, Tensor):
        return Verdict(False, f"it returns a {type(given).__name__}; a tensor is wanted.")
    if not given.is_floating_point():
        return Verdict(False, f"its numbers are of type {given.dtype}; decimal ones are wanted, such as torch.float32.")
    given = given.detach().to_dense().float()  # in whatever precision and layout it was worked out
    for sentence, wrong in mistakes.items():
        if given.shape == wrong.shape and torch.allclose(given, wrong, atol=TOLERANCE, equal_nan=True):
            return Verdict(False, sentence)
    if given.shape != right.shape:
        return Verdict(False, f"the shape is {tuple(given.shape)}, but {tuple(right.shape)} is wanted.")
    if torch.allclose(given, right, atol=TOLERANCE):
        return Verdict(True, praise)
    difference = float((given - right).abs().max())
    return Verdict(False, f"the numbers differ, by up to {difference:.3g}; no usual mistake fits.")


def check_scores(student: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Verdict:
    """scores(E, W_Q, W_K) -> (B, N, N), the argument of the softmax in eq. (1)."""
    generator = torch.Generator().manual_seed(1)
    E, W_Q, W_K = (torch.randn(size, generator=generator) for size in ((2, 5, 8), (8, 8), (8, 8)))
    Q, K = E @ W_Q, E @ W_K
    plain = Q @ K.transpose(1, 2)
    right = plain / math.sqrt(8)
    return judge(
        student,
        (E, W_Q, W_K),
        right,
        {
            "the scaling is missing: divide by sqrt(d_k), here d_k = n.": plain,
            "divided by d_k; it is its square root.": plain / 8,
            "that is the n of the notebook's model: here the vectors are shorter, so take E.shape[-1].": (
                plain / math.sqrt(384)
            ),
            "queries and keys changed places: row i should be token i asking.": right.transpose(1, 2),
            "these are weights already: leave the softmax to the next step.": right.softmax(-1),
            "divided by sqrt(N), the number of tokens; it is sqrt(d_k), here d_k = n.": plain / math.sqrt(5),
        },
        "row i holds how much token i asks for each token j.",
    )


def check_weights(student: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """weights(scores, mask) -> w (B, N): softmax over the real keys, then the mean over the real queries."""
    generator = torch.Generator().manual_seed(2)
    scores = torch.randn((3, 5, 5), generator=generator)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0]])
    real = mask.bool()
    masked = scores.masked_fill(~real[:, None, :], float("-inf"))
    alpha = masked.softmax(-1)
    queries = alpha * mask[:, :, None]
    right = queries.sum(1) / mask.sum(1, keepdim=True)
    zeroed = scores.softmax(-1) * mask[:, None, :]
    wrong_axis = (masked.softmax(1).nan_to_num() * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
    free = scores.softmax(-1)
    unmasked = (scores * mask[:, None, :]).softmax(-1)
    both = scores.masked_fill(~(real[:, None, :] & real[:, :, None]), float("-inf")).softmax(-1)
    return judge(
        student,
        (scores, mask),
        right,
        {
            "padding was not kept out at all: mask the keys before the softmax, and leave padded rows "
            "out of the mean.": free.mean(1),
            "the keys are masked, but the mean still counts the padded rows.": alpha.mean(1),
            "padded rows are summed as 0 but still counted: divide by the number of real tokens.": queries.mean(1),
            "the mean leaves padded rows out, but the keys are not masked: real tokens still look at padding.": (
                (free * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
            ),
            "keys were set to 0 after the softmax, so the rows no longer sum to 1: use -inf before it.": (
                (zeroed * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
            ),
            "a score of 0 is no mask: exp(0) = 1 still takes its share, so use -inf.": (
                (unmasked * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
            ),
            "a padded row that is -inf throughout becomes nan in the softmax: mask the keys alone, and leave these "
            "rows out of the mean.": (both * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True),
            "the softmax runs over the queries; it should run over the keys, the last axis.": wrong_axis,
            "the mean runs over the keys, but each row sums to 1, so that it is the same for all: average over the "
            "queries, axis 1.": alpha.mean(-1),
            "the sum runs over the keys, but each row sums to 1, so that it is the same for all: sum over the queries, "
            "axis 1.": queries.sum(-1) / mask.sum(1, keepdim=True),
            "this is alpha itself; take the mean over its rows.": alpha,
            "the rows are summed, not averaged: divide by the number of real tokens.": queries.sum(1),
        },
        "one weight a token, 0 on padding, sum 1.",
    )


def check_prompt(student: Callable[[Tensor, Tensor, Tensor, Tensor, int], Tensor]) -> Verdict:
    """prompt(A, W_down, W_up, b_up, t) -> S (B, t, n): eq. (2)."""
    generator = torch.Generator().manual_seed(3)
    B, n, c, t = 2, 6, 4, 3
    A, W_down, W_up, b_up = (torch.randn(size, generator=generator) for size in ((B, n), (n, c), (c, n * t), (n * t,)))
    bottleneck = A @ W_down
    flat = (bottleneck.relu() @ W_up + b_up).relu()
    return judge(
        student,
        (A, W_down, W_up, b_up, t),
        flat.view(B, t, n),
        {
            "the outer ReLU is missing: in eq. (2) it stands in front of W_up, so no entry of a prompt is below 0.": (
                (bottleneck.relu() @ W_up + b_up).view(B, t, n)
            ),
            "the inner ReLU is missing: without it two matrices in a row are only one.": (
                (bottleneck @ W_up + b_up).relu().view(B, t, n)
            ),
            "both ReLUs are missing.": (bottleneck @ W_up + b_up).view(B, t, n),
            "the bias of the up-projection is missing.": (bottleneck.relu() @ W_up).relu().view(B, t, n),
            "the numbers are cut up as n rows of t; a prompt is t vectors of length n, so view(B, t, n).": (
                flat.view(B, n, t)
            ),
            "cut up as n rows of t and then transposed: as good a resize, but the package's is view(B, t, n).": (
                flat.view(B, n, t).transpose(1, 2)
            ),
            "this is still one long vector a text: resize it to t vectors of length n.": flat,
        },
        "t vectors for each text, none of their entries below 0.",
    )
