"""What `transformers.Trainer` asks of a model, beside its loss and logits: PromptClassifier has it from here."""

import copy

from transformers import PretrainedConfig

from .backbones import Backbone
from .errors import BadInput


class TrainerVerbs:
    """Hugging Face's verbs for blocks that are computed again, and a configuration to look at."""

    def activation_checkpointing_enable(
        self, activation_checkpointing_kwargs: dict | None = None, every_n_layers: int = 1, offload: bool = False
    ) -> None:
        """Hugging Face's verb: blocks are computed again in the backward pass, which costs time and saves memory.

        It is the backbone that does so, for every classifier on it; the ways that torch has of doing it are not chosen
        from, for above frozen blocks one alone is right (`use_reentrant=False`).

        Raises:
            BadInput: only some blocks, or what they keep somewhere else.
        """
        if every_n_layers != 1:
            raise BadInput(f"every_n_layers is {every_n_layers}, but here every block is computed again: leave it out.")
        if offload:
            raise BadInput(f"offload is {offload}, but nothing is moved to another memory here: leave it out.")
        self._checkpointing(True)

    def activation_checkpointing_disable(self) -> None:
        """Hugging Face's verb that ends it."""
        self._checkpointing(False)

    def gradient_checkpointing_enable(self, gradient_checkpointing_kwargs: dict | None = None, **options) -> None:
        """What `activation_checkpointing_enable` is called by older versions of transformers."""
        self.activation_checkpointing_enable(gradient_checkpointing_kwargs, **options)

    def gradient_checkpointing_disable(self) -> None:
        """What `activation_checkpointing_disable` is called by older versions of transformers."""
        self.activation_checkpointing_disable()

    def _checkpointing(self, on: bool) -> None:
        for module in self.modules():
            if isinstance(module, Backbone):
                module.checkpointing = on

    @property
    def config(self) -> PretrainedConfig:
        """The backbone's configuration with this classifier's classes, for `transformers.Trainer`, which asks for it.

        A copy: the Trainer writes into it, and others may use the backbone.
        """
        found = copy.deepcopy(self.backbone.config)
        found.id2label, found.label2id = dict(self.id2label), dict(self.label2id)
        found.problem_type = "single_label_classification"
        return found
