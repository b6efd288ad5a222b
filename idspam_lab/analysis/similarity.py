"""How like two texts are to the frozen model, before anything is trained: the cosine of their vectors.

Sentence encoders such as MiniLM were trained to make it large for texts that say the same. So on a task with two texts
it is what a method has to beat, more than the linear head: that reads both texts at once, as the model never did.
"""

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from ..backbones import Backbone, encode
from ..backbones.tokens import holds_text
from ..errors import BadInput
from ..readout import READOUTS
from ..tasks import Examples, sample
from ..training.batches import Collate
from ..training.device import device_of
from ..training.predict import evaluating, token_chunks

ENOUGH = 10_000


def similarity(backbone: Backbone, examples: Examples, max_length: int | None = None) -> np.ndarray:
    """The cosine of the two texts' vectors, each text read by itself. (texts,), -1..1; 0 where one is empty.

    Args:
        max_length: tokens that are read of each text; default: what the model takes.

    Raises:
        BadInput: the examples are no pairs.
    """
    if examples.pairs is None:
        raise BadInput(f"{examples.name or 'These'} are single texts, but a similarity is that of two.")
    first, second = (vectors(backbone, column, max_length) for column in (examples.texts, examples.pairs))
    return (first * second).sum(dim=1).numpy()


def vectors(backbone: Backbone, texts: tuple[str, ...], max_length: int | None = None) -> Tensor:
    """What the head would read of each text, made one long; zeros for an empty text. (texts, n), fp32 on the CPU."""
    rows, _ = encode(backbone, texts, None, max_length, empty=True)
    some = [i for i, holds in enumerate(holds_text(backbone.tokenizer, rows)) if holds]
    rows, found = [rows[i] for i in some], torch.zeros(len(texts), backbone.n)
    collate, read = Collate(0), READOUTS[backbone.default_read]
    for chunk in token_chunks(rows):
        batch = {name: part.to(device_of(backbone)) for name, part in collate([rows[i] for i in chunk]).items()}
        ids, mask = batch["input_ids"], batch["attention_mask"]
        with evaluating(backbone):
            hidden = backbone.run(backbone.embed(ids, mask, batch.get("token_type_ids")), mask)  # (B, N, n)
            vector = read(backbone.finish(hidden), mask).float()  # (B, n)
        found[[some[i] for i in chunk]] = torch.nn.functional.normalize(vector, dim=-1).cpu()
    return found


class SimilarityClassifier:
    """Two classes, told apart by the cosine alone: two numbers are trained, its weight and where the line is.

    On 10,000 pairs at most, a stratified choice: more would not move the line.

    Raises:
        BadInput: the training texts are no pairs, or not of two classes.
    """

    def __init__(self, backbone: Backbone, train: Examples, max_length: int | None = None):
        if len(set(train.labels or ())) != 2:
            raise BadInput("A line between similar and other pairs has two sides: it takes texts of two classes.")
        self.backbone, self.max_length = backbone, max_length
        train = sample(train, ENOUGH)
        self.line = LogisticRegression(C=np.inf).fit(similarity(backbone, train, max_length)[:, None], train.labels)

    def predict(self, examples: Examples, max_length: int | None = None) -> list[int]:
        """The class ids; max_length: default: the training's."""
        return self.line.predict(similarity(self.backbone, examples, max_length or self.max_length)[:, None]).tolist()
