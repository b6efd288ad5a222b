"""Which block should the prompt join? Successive halving: all blocks start, the losing half ends after each epoch.

The paper leaves an automatic choice as future work. This one looks at the validation texts alone; they have then picked
the block as well as the epoch, so only the test texts say how good the choice is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ..backbones import Backbone
from ..classifier import PromptClassifier
from ..errors import BadInput
from ..tasks import TaskData
from .layer_curve import opened, runs_of, train_together, which_layers, which_seeds


@dataclass(frozen=True)
class LayerChoice:
    """The chosen block, and why."""

    layer: int
    evidence: pd.DataFrame  # a row a block and epoch: layer, epoch, seeds, validation_score, validation_loss, kept

    def __str__(self) -> str:
        """One sentence."""
        last = self.evidence[self.evidence["layer"] == self.layer].iloc[-1]
        return (
            f"Block {self.layer} (the first is 0) was chosen of {self.evidence['layer'].nunique()}: "
            f"{last['validation_score']:.1%} on the validation texts after epoch {last['epoch']}."
        )


class Halving:
    """Told to `fit_many`: after each epoch the worse half of the blocks that are left ends, by the mean over the seeds.

    Blocks of the same score go by their validation loss.
    """

    def __init__(self):
        self.evidence: list[dict] = []

    def __call__(self, epoch: int, clfs: Sequence[PromptClassifier]) -> set[int]:
        kept = self.record(epoch, clfs, lambda blocks: math.ceil(blocks / 2))
        return {place for place, clf in enumerate(clfs) if clf.method.layer not in kept}

    def record(self, epoch: int, clfs: Sequence[PromptClassifier], stay) -> list[int]:
        """Writes down how the blocks stand; those that stay, the best first."""
        seen = pd.DataFrame({"layer": clf.method.layer, **clf.run.history[epoch - 1]} for clf in clfs)
        names = ["validation_score", "validation_loss"]
        table = seen.groupby("layer")[names].mean().sort_values(names, ascending=[False, True])
        kept = table.index[: stay(len(table))].tolist()
        for layer, row in table.sort_index().iterrows():
            seeds = int((seen["layer"] == layer).sum())
            self.evidence.append({"layer": layer, "epoch": epoch, "seeds": seeds, **row, "kept": layer in kept})
        return kept


def choose_layer(
    task: str | TaskData,
    *,
    layers: str | Sequence[int] = "all",
    seeds: int | Sequence[int] = 1,
    method: str = "idspam",
    backbone: str | Backbone = "minilm",
    read: str | None = None,
    progress: bool = True,
    **settings,
) -> LayerChoice:
    """The block whose runs do best on the validation texts. Arguments as for `layer_curve`; `read` as for
    PromptClassifier.

    All blocks share the passes of the frozen model, and half of them end after each epoch: of the work of all runs in
    full, about 2 / epochs is done.

    Raises:
        BadInput: there are no validation texts, or what `layer_curve` raises.
    """
    data, frozen = opened(task, backbone)
    if data.validation is None or not len(data.validation):
        raise BadInput("There are no validation texts to choose a layer by: hold some training texts out (--holdout).")
    clfs, chosen = runs_of(data, frozen, method, which_layers(frozen, layers), which_seeds(seeds), settings, read)
    halving = Halving()
    train_together(clfs, chosen, data, losing=halving, progress=progress)
    last = [clf for clf in clfs if clf.run.stopped is None]
    if not last:
        raise BadInput("The loss became no number at every block: a smaller lr usually helps.")
    (layer,) = halving.record(chosen[0].epochs, last, lambda blocks: 1)
    return LayerChoice(layer, pd.DataFrame(halving.evidence))
