"""Gradients: which tokens the probability of the predicted class hangs on, along each of the two routes.

A token's row of the table goes to the generator and to the frozen model. Both copies get a gradient of their own, so an
attribution comes in two parts, and their sum is the usual one.
"""

from collections.abc import Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..backbones import Backbone
from ..errors import BadInput
from ..training.batches import Row
from ..training.predict import BATCH_TOKENS, evaluating
from .paths import above, batch_of
from .routes import check_routes, own_prompts, special_ids

TOLERANCE, MOST_STEPS = 0.01, 256  # of integrated gradients: a point of probability, and the most steps to get there


class Attribution(NamedTuple):
    """One text's tokens, in points of the probability (0..1) of the class that is predicted for the whole text."""

    generator: np.ndarray  # (N,) through the prompt
    backbone: np.ndarray  # (N,) through the frozen model
    gap: float  # sum of all - (p(text) - p(baseline)); NaN for gradient x input, which promises nothing

    @property
    def both(self) -> np.ndarray:
        """(N,)"""
        return self.generator + self.backbone


def gradient_x_input(clf, rows: Sequence[Row]) -> list[Attribution]:
    """d p / d x_j times x_j, x_j token j's row of the table.

    Raises:
        BadInput: the method makes no prompt from the tokens.
    """
    found = []
    for row in rows:
        with evaluating(clf, gradients=True):
            x = rows_of(clf, row)  # (1, N, width)
            gradients = slopes(clf, row, x, predicted(clf, row, x))
        found.append(Attribution(*((x * g).sum(-1)[0].cpu().numpy() for g in gradients), gap=float("nan")))
    return found


def integrated_gradients(
    clf, rows: Sequence[Row], *, steps: int = 16, tolerance: float = TOLERANCE
) -> list[Attribution]:
    """The gradient's mean on the straight line from a baseline to the text, times the way (Sundararajan et al. 2017).

    Baseline: zeros in place of each token's row of the table; special tokens stay. The mean is a Gauss-Legendre sum.
    Completeness: the attributions sum to p(text) - p(baseline), up to `gap`.

    Args:
        steps: of the sum. They are doubled for a text until its gap is at most `tolerance`, but not beyond MOST_STEPS.

    Raises:
        BadInput: the method makes no prompt from the tokens, or steps is below 1.
    """
    if steps < 1:
        raise BadInput(f"steps is {steps}, but an integral needs one at least.")
    found = []
    for row in rows:
        taken = steps
        found.append(integrated(clf, row, taken))
        while abs(found[-1].gap) > tolerance and taken < MOST_STEPS:
            taken *= 2
            found[-1] = integrated(clf, row, taken)
    return found


def integrated(clf, row: Row, steps: int) -> Attribution:
    """One text's, with so many steps."""
    places, shares = (torch.tensor(part / 2)[:, None, None] for part in np.polynomial.legendre.leggauss(steps))
    special = special_ids(clf.backbone.tokenizer)
    with evaluating(clf, gradients=True):
        x = rows_of(clf, row)  # (1, N, width)
        stays = torch.tensor([token in special for token in row["input_ids"]], device=x.device)[:, None]  # (N, 1)
        start, label = torch.where(stays, x, 0.0), predicted(clf, row, x)
        points, shares = start + (places + 0.5).to(x) * (x - start), shares.to(x)  # (steps, N, width), (steps, 1, 1)
        at_once = max(1, BATCH_TOKENS // x.shape[1])  # so that memory does not grow with the steps
        sums = [
            [(share * g).sum(0) for g in slopes(clf, row, some, label)]  # (N, width) each
            for some, share in zip(points.split(at_once), shares.split(at_once), strict=True)
        ]
        means = [torch.stack(parts).sum(0) for parts in zip(*sums, strict=True)]  # (N, width) each
        parts = [((x[0] - start[0]) * mean).sum(-1).cpu().numpy() for mean in means]  # (N,) each
        ends = torch.cat([x, start])
        p = probability(clf, row, ends, ends, label).tolist()
    return Attribution(*parts, gap=float(sum(part.sum() for part in parts)) - (p[0] - p[1]))


# The classifier as a function of its token rows ----------------------------------------------------------------------


def rows_of(clf, row: Row) -> Tensor:
    """The text's rows of the token table. (1, N, width)

    Raises:
        BadInput: the method makes no prompt from the tokens.
    """
    check_routes(clf)
    if not clf.explains:
        raise BadInput(
            f"Method {clf.method_name!r} makes no prompt from the tokens by a PromptGenerator: take 'idspam', "
            "'mean_pooling' or a subclass of IDSPAM."
        )
    with torch.no_grad():
        x = clf.backbone.table_rows(batch_of(clf, [row])[0])
    return x.to(torch.promote_types(x.dtype, torch.float32))  # small steps get lost in bf16


def predicted(clf, row: Row, x: Tensor) -> int:
    """The class that the model predicts for the whole text."""
    with torch.no_grad():
        return int(logits(clf, row, x, x).argmax())


def slopes(clf, row: Row, x: Tensor, label: int) -> tuple[Tensor, ...]:
    """Gradients of p(label) at B points x (B, N, width): through the generator, through the frozen model."""
    ways = [x.detach().clone().requires_grad_() for _ in range(2)]
    return torch.autograd.grad(probability(clf, row, *ways, label).sum(), ways)


def probability(clf, row: Row, to_generator: Tensor, to_backbone: Tensor, label: int) -> Tensor:
    """p(label) of B versions of one text. (B,)"""
    return logits(clf, row, to_generator, to_backbone).softmax(-1)[:, label]


def logits(clf, row: Row, to_generator: Tensor, to_backbone: Tensor) -> Tensor:
    """The classifier on one text whose token rows are given for each route. (B, N, width) twice -> (B, K)"""
    rows, backbone = [row] * len(to_generator), clf.backbone
    ids, mask, types = batch_of(clf, rows)
    with token_rows(backbone, to_generator):
        S, later = own_prompts(clf, rows)
    with token_rows(backbone, to_backbone):
        hidden = backbone.run(backbone.embed(ids, mask, types), mask, 0, clf.method.layer)  # a trunk with gradients
    return above(clf, S, later, hidden, ids, mask)


@contextmanager
def token_rows(backbone: Backbone, rows: Tensor):
    """The token table gives these rows, whatever ids are asked for."""
    table = backbone.model.get_input_embeddings()
    handle = table.register_forward_hook(lambda *_: rows.to(table.weight.dtype))
    try:
        yield
    finally:
        handle.remove()
