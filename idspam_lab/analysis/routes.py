"""What a classifier says when a text's prompt is another one: made from other rows, or one prompt for all texts.

    rows ──trunk──> E ──generator──> prompts ──┐
    rows ──trunk──> hidden ────────────────────┴──behind──> logits

paths.py takes single tokens away from one text; here whole data sets are read, in batches.
"""

from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor

from ..errors import BadInput
from ..training.batches import Row
from ..training.predict import BATCH_TOKENS, evaluating, token_chunks
from .paths import above, batch_of, has_own_route, no_route_sentence, prompts_of

Prompts = tuple[Tensor, dict[int, Tensor]]  # (B, t, n) at block m, and those at later blocks; (1, t, n): one for all
Maker = Callable[..., Prompts]  # (classifier, B rows) -> their prompts


def check_routes(clf) -> None:
    """The method makes a prompt from the text and puts it in front, so that there are two routes to tell apart.

    Raises:
        BadInput: it does not, or the head reads the word at a mask.
    """
    if not has_own_route(clf):
        raise BadInput(no_route_sentence(clf))
    if clf.verbalizer:
        raise BadInput("A classifier that reads the word at a mask cannot be taken apart here: train one with a head.")


def behind(clf, S: Tensor, later: dict[int, Tensor], rows: Sequence[Row]) -> Tensor:
    """The frozen model's route with given prompts in front of B texts; t may be 0. Logits (B, K).

    A row that is there several times, under several prompts, is run below block m once.
    """
    once = {id(row): row for row in rows}
    number = {key: i for i, key in enumerate(once)}
    index = [number[id(row)] for row in rows]
    ids, mask, types = batch_of(clf, list(once.values()))
    _, hidden = clf.method.trunk(clf.backbone, ids, mask, types)  # (different texts, N, n)
    S, later = S.expand(len(rows), -1, -1), {m: prompt.expand(len(rows), -1, -1) for m, prompt in later.items()}
    return above(clf, S, later, hidden[index], ids[index], mask[index])


def probabilities(
    clf, rows: Sequence[Row], *, made_from: Sequence[Row] | None = None, make: Maker | None = None
) -> np.ndarray:
    """What the classifier says of each text. (texts, K), float32, rows sum to 1.

    Args:
        rows: tokenised texts, as `clf.rows` gives them: what the frozen model reads.
        made_from: as many rows: what each text's prompt is made from; default: the text itself.
        make: how prompts are made of them; default: as the classifier does.

    Raises:
        BadInput: the method has no prompts of its own, see `check_routes`.
    """
    check_routes(clf)
    make, made_from = make or own_prompts, rows if made_from is None else made_from
    found = np.empty((len(rows), len(clf.id2label)), np.float32)
    with evaluating(clf):
        for chunk in chunks(longer(rows, made_from)):
            S, later = make(clf, [made_from[i] for i in chunk])
            logits = behind(clf, S, later, [rows[i] for i in chunk])
            found[chunk] = logits.float().softmax(-1).cpu().numpy()
    return found


def own_prompts(clf, rows: Sequence[Row]) -> Prompts:
    """The prompts that the classifier makes of B texts.

    Where they are made of embeddings, no block is run for them.
    """
    if not clf.explains:
        return prompts_of(clf, rows)[:2]
    source, mask = source_of(clf, rows)
    S, _ = clf.method.prompt(source, source, mask)
    return S, {int(m): make(source, mask)[0] for m, make in clf.method.later.items()}


def source_of(clf, rows: Sequence[Row]) -> tuple[Tensor, Tensor]:
    """What the prompts of B texts are made from, E as a rule (B, N, n), and the mask (B, N)."""
    ids, mask, types = batch_of(clf, rows)
    source = clf.backbone.embed(ids, mask, types) if clf.method.positions else clf.backbone.embed_tokens(ids)
    return source.to(clf.method.generator.W_V.weight.dtype), mask.bool()


def longer(rows: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    """Of each pair the row with more tokens: what a batch has room for hangs on it."""
    return [max(pair, key=lambda row: len(row["input_ids"])) for pair in zip(rows, others, strict=True)]


def chunks(rows: Sequence[Row]) -> list[list[int]]:
    """Row numbers in batches of like length."""
    return token_chunks(rows, BATCH_TOKENS)


def special_ids(tokenizer) -> set[int]:
    """Ids of the tokens that a tokenizer writes around texts.

    By their roles: a tokenizer such as GPT-2's calls one token its unknown word and its end at once.
    """
    roles = (getattr(tokenizer, f"{role}_token_id", None) for role in ("bos", "eos", "cls", "sep", "pad"))
    return {token for token in roles if token is not None}
