"""Two routes from a token to the label: through the prompt, and through the frozen model itself.

The weights of eq. (1) speak of the first route only. To tell the routes apart, the prompt of one text is put in front
of another: the same text without a token (a knock-out), or another text altogether (a swap).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ..backbones import pieces_of
from ..classifier import PromptClassifier
from ..errors import BadInput
from ..generator import Trace
from ..methods.base import run_with_prompt
from ..methods.idspam import only_prompts
from ..training.batches import Collate, Row
from ..training.device import device_of
from ..training.predict import BATCH_TOKENS, evaluating


@dataclass(frozen=True)
class Knockout:
    """One text after some of its tokens were taken away."""

    tokens: list[str]  # N, all of the text, special tokens included
    weights: np.ndarray | None  # (N,) w of eq. (1): 0 where taken away, sums to 1; None: no prompt from tokens
    probabilities: dict[str, float]  # by label
    left: list[int]  # places of the tokens that the prompt was made from


def knockout(
    clf: PromptClassifier,
    text: str | tuple[str, str],
    generator: Collection[int] = (),
    backbone: Collection[int] = (),
    *,
    max_length: int | None = None,
) -> Knockout:
    """What the classifier says when tokens are taken away on one route or on both.

    A route gets the text without the token: later tokens move up by one, as in a text that never had it.

    Args:
        text: one text, or a pair.
        generator, backbone: places of tokens (0 is the first, special tokens count) that are taken away on the way to
            the prompt, and on the way through the frozen model.

    Raises:
        BadInput: a place is not in the text, nothing would be left, the token is the one that the head reads, or the
            method has no prompt of its own to take a token from.
    """
    row = clf.rows([text], max_length)[0]
    check_places(clf, row, set(generator), set(backbone))
    return knock_out(clf, row, [(set(generator), set(backbone))])[0]


def knock_out_each(
    clf: PromptClassifier, text: str | tuple[str, str], *, max_length: int | None = None
) -> dict[str, list[Knockout | None]]:
    """Every token taken away alone, for each of the classifier's `routes`.

    None stands for a token that cannot be taken away on that route.
    """
    row, found = clf.rows([text], max_length)[0], {}
    N = len(row["input_ids"])
    for route in routes(clf):
        places = [i for i in range(N) if N > 1 and (route == "generator" or i != read_place(clf, row))]
        sets = [({i} if route != "backbone" else set(), {i} if route != "generator" else set()) for i in places]
        by_place = dict(zip(places, knock_out(clf, row, sets) if sets else [], strict=True))
        found[route] = [by_place.get(i) for i in range(N)]
    return found


def knock_out(clf: PromptClassifier, row: Row, sets: Sequence[tuple[set[int], set[int]]]) -> list[Knockout]:
    """One text with each of several sets of places taken away (generator's, backbone's), as many at once as fit."""
    at_once = max(1, BATCH_TOKENS // len(row["input_ids"]))
    if len(sets) > at_once:
        return [one for i in range(0, len(sets), at_once) for one in knock_out(clf, row, sets[i : i + at_once])]
    generator, backbone = zip(*[(without(row, g), without(row, b)) for g, b in sets], strict=True)
    logits, trace = logits_by_route(clf, generator, backbone)
    tokens = pieces_of(clf.backbone.tokenizer, row["input_ids"])
    found = []
    for i, (out, _) in enumerate(sets):
        probabilities = dict(zip(clf.id2label.values(), logits[i].float().softmax(-1).tolist(), strict=True))
        left = [place for place in range(len(tokens)) if place not in out]
        weights = None
        if trace is not None:
            weights = np.zeros(len(tokens), np.float32)
            weights[left] = trace.w[i, : len(left)].float().cpu().numpy()
        found.append(Knockout(tokens, weights, probabilities, left))
    return found


def logits_by_route(
    clf: PromptClassifier, generator: Sequence[Row], backbone: Sequence[Row]
) -> tuple[Tensor, Trace | None]:
    """Logits (B, K) of the texts `backbone` behind the prompts of the texts `generator`, and those prompts' trace.

    Both are B tokenised rows. A method with its own way through the model has one route only: there both rows must
    be the same.
    """
    with evaluating(clf):
        ids, mask, types = batch_of(clf, backbone)
        if has_own_route(clf):
            S, later, trace = prompts_of(clf, generator)
            _, hidden = clf.method.trunk(clf.backbone, ids, mask, types)  # (B, N, n)
            return above(clf, S, later, hidden, ids, mask), trace
        elif list(generator) != list(backbone):
            raise BadInput(no_route_sentence(clf))
        else:
            hidden, mask, trace = clf.method.encode(clf.backbone, ids, mask, types)
            return clf.classify(hidden, mask, ids), trace


def above(
    clf: PromptClassifier, S: Tensor, later: dict[int, Tensor], hidden: Tensor, ids: Tensor, mask: Tensor
) -> Tensor:
    """From block m to the logits (B, K): prompts (B, t, n), any t, in front of the texts' states there (B, N, n)."""
    model = getattr(clf.method, "adapted", None) or clf.backbone
    return clf.classify(run_with_prompt(model, S, hidden, mask, clf.method.layer, later), mask, ids)


def prompts_of(clf: PromptClassifier, rows: Sequence[Row]) -> tuple[Tensor, dict[int, Tensor], Trace | None]:
    """The prompts (B, t, n) that B rows give: the first block's, those of later blocks, and the first one's trace."""
    method, (ids, mask, types) = clf.method, batch_of(clf, rows)
    source, hidden = method.trunk(clf.backbone, ids, mask, types)  # (B, N, n) each
    S, trace = method.prompt(source, hidden, mask)
    later = {int(m): make(source.to(S.dtype), mask)[0] for m, make in getattr(method, "later", {}).items()}
    return S, later, trace


# Which routes there are ----------------------------------------------------------------------------------------------


def routes(clf: PromptClassifier) -> tuple[str, ...]:
    """The routes on which a token can be taken away: all, or only "both" where the method has no prompt of its own."""
    return ("generator", "backbone", "both") if has_own_route(clf) else ("both",)


def has_own_route(clf: PromptClassifier) -> bool:
    """Whether the method makes a prompt from the text and puts it in front, so that the two can be told apart."""
    return only_prompts(clf.method)


def no_route_sentence(clf: PromptClassifier) -> str:
    return (
        f"Method {clf.method_name!r} has its own way through the model, so no prompt can be told apart from the text: "
        "take tokens away from both at once, or choose a method such as 'idspam' or 'lpt'."
    )


# Rows ----------------------------------------------------------------------------------------------------------------


def without(row: Row, places: set[int]) -> Row:
    """The row without the tokens at these places."""
    return {name: [x for i, x in enumerate(column) if i not in places] for name, column in row.items()}


def batch_of(clf: PromptClassifier, rows: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor | None]:
    """Ids, mask and perhaps types, (B, N) each, where the classifier lies."""
    clf.follow_backbone()
    batch = {key: value.to(device_of(clf)) for key, value in Collate(clf.pad_id)(list(rows)).items()}
    return batch["input_ids"], batch["attention_mask"], batch.get("token_type_ids")


def read_place(clf: PromptClassifier, row: Row) -> int | None:
    """The place of the token that the head reads; None where it reads the mean of all."""
    if clf.verbalizer:
        return row["input_ids"].index(clf.backbone.tokenizer.mask_token_id)
    return {"first": 0, "last": len(row["input_ids"]) - 1}.get(clf.read)


def check_places(clf: PromptClassifier, row: Row, generator: set[int], backbone: set[int]) -> None:
    """Each route keeps at least one token, and the backbone the one that the head reads.

    Raises:
        BadInput: otherwise.
    """
    N = len(row["input_ids"])
    for name, places in (("generator", generator), ("backbone", backbone)):
        for place in places:
            if not 0 <= place < N:
                raise BadInput(f"There is no token {place}: the text has {N} tokens, 0 to {N - 1}.")
        if len(places) == N:
            raise BadInput(f"All {N} tokens would be gone for the {name}: leave at least one.")
    read = read_place(clf, row)
    if read in backbone:
        (token,) = pieces_of(clf.backbone.tokenizer, [row["input_ids"][read]])
        raise BadInput(f"The head reads the {clf.read} token ({token}): it cannot be taken from the backbone.")
    if generator != backbone and not has_own_route(clf):
        raise BadInput(no_route_sentence(clf))
