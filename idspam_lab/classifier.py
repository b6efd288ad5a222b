"""A frozen backbone, a method, a read token and a head: a text classifier with scikit-learn's verbs.

clf = PromptClassifier(load_backbone("minilm"), "idspam", labels=("negative", "positive"), layer=3)
clf.fit(train, validation)
clf.predict(["a gripping film"])        # ["positive"]
clf.evaluate(test)["accuracy"]          # 0..1; ["interval"]: its 95 % interval
clf.save_pretrained("my-adapter")       # 2.4 MB: what was trained, and which backbone it belongs to
"""

import json
import warnings
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers.utils import ModelOutput

from .adapter import AdapterFiles
from .backbones import Backbone, check_length, encode, pad_right, pieces_of
from .errors import BadInput
from .frozen import Store
from .frozen.fast import FastPath, fast_path
from .generator import PromptGenerator, Trace
from .inputs import as_json, check_labels, check_training, columns, level_outside
from .methods import build_method, check_share
from .methods.code import code_of
from .metrics import check_metric, with_interval
from .readout import READOUTS, check_readout
from .tasks.examples import Examples
from .trainer_verbs import TrainerVerbs
from .training import Callback, Run, Settings, fit, predict_logits
from .training.batches import Collate
from .training.device import device_of
from .training.predict import evaluating
from .verbalizer import Verbalizer, WordHead, at_mask, check_masks, check_verbalizer

Texts = Sequence[str] | Sequence[tuple[str, str]]  # or tasks.Examples


@dataclass
class ClassifierOutput(ModelOutput):
    """Hugging Face's convention, so that `transformers.Trainer` can train the classifier."""

    loss: Tensor | None = None  # scalar
    logits: Tensor | None = None  # (B, K)


@dataclass(frozen=True)
class Explanation:
    """Where one text's prompt came from and what was predicted."""

    tokens: list[str]  # N, special tokens included; see pieces_of
    weights: np.ndarray  # (N,) w of eq. (1): sums to 1
    attention: np.ndarray  # (N, N) alpha of eq. (1): rows sum to 1
    probabilities: dict[str, float]  # by label
    label: str  # the most probable


class PromptClassifier(nn.Module, TrainerVerbs, AdapterFiles):
    """Backbone + method + readout + head: `fit`, `predict`, `predict_proba`, `evaluate` and `explain`.

    Args:
        backbone: a frozen model from `load_backbone`.
        method: a name in METHODS, with its options as further arguments (`layer=3, t=10, c=34` for "idspam").
        labels: the classes' names in the order of their ids, or how many there are.
        read: the token that the head reads: "first", "mean" or "last". Default: what the backbone was trained with
            ("mean" where a sentence-transformers model says so), else "first" for encoders and "last" for decoders.
        head_dropout: on the vector that the head reads.
        seed: of the trained part's initial values.
        verbalizer: read the frozen masked-language-model head at a mask instead of training a head; the backbone is
            one of `load_backbone(..., words=True)`, and `read` and `head_dropout` have no meaning then.

    Raises:
        BadInput: fewer than two labels, an unknown method, option or read token, a layer out of range, a verbalizer
            without a word for each label or for a backbone without such a head.
    """

    def __init__(
        self,
        backbone: Backbone,
        method: str = "idspam",
        *,
        labels: Sequence[str] | int = 2,
        read: str | None = None,
        head_dropout: float = 0.1,
        seed: int = 0,
        verbalizer: Verbalizer | None = None,
        **options,
    ):
        super().__init__()
        if not isinstance(backbone, Backbone):
            raise BadInput(f"The backbone is {backbone!r}, but a loaded model is wanted: load_backbone({backbone!r}).")
        count = isinstance(labels, Integral) and not isinstance(labels, bool)
        if isinstance(labels, dict | set | frozenset | str) or not (count or isinstance(labels, Iterable)):
            raise BadInput(
                f"The labels are a {type(labels).__name__}, but a list in the order of their ids is wanted, or how "
                "many there are."
            )
        names = [f"LABEL_{i}" for i in range(labels)] if count else [str(name) for name in labels]
        if len(set(names)) < max(2, len(names)):
            raise BadInput(f"The labels are {names}, but a classifier needs at least two, all different ones.")
        check_share(head_dropout=head_dropout)
        options = {key: as_json(value) for key, value in options.items()}
        self.backbone, self.method_name, self.options = backbone, method, options
        self.id2label = dict(enumerate(names))
        self.label2id = {name: i for i, name in self.id2label.items()}
        self.read = "mask" if verbalizer else check_readout(read or backbone.default_read)
        self.head_dropout = float(head_dropout)
        self.verbalizer = verbalizer and check_verbalizer(verbalizer, names, backbone)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.method = build_method(method, backbone, options)
            self.dropout = nn.Dropout(0.0 if verbalizer else head_dropout)
            self.head = WordHead(backbone, verbalizer) if verbalizer else nn.Linear(backbone.n, len(names))
        self.to(device_of(backbone))
        self.register_state_dict_post_hook(leave_frozen_out)
        self.register_load_state_dict_post_hook(miss_no_frozen)
        self.run: Run | None = None  # how it was trained
        self.pairs: bool | None = None  # on pairs of texts?
        self.max_length: int | None = None  # tokens of a text that it was trained on, and reads unless told otherwise
        self.fast: FastPath | None = None  # set while it trains or reads many texts

    # Forward ---------------------------------------------------------------------------------------------

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        labels: Tensor | None = None,
    ) -> ClassifierOutput:
        """(B, N) ids, mask, types and (B,) labels -> loss and (B, K) logits."""
        logits, _ = self.logits_and_trace(input_ids, attention_mask, token_type_ids)
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return ClassifierOutput(loss, logits)

    def logits_and_trace(
        self, ids: Tensor, mask: Tensor | None = None, types: Tensor | None = None
    ) -> tuple[Tensor, Trace | None]:
        """(B, N) -> logits (B, K) and how the prompts came about, in the order of the tokens padded on the right."""
        self.follow_backbone()
        mask = torch.ones_like(ids) if mask is None else mask
        mask, ids, types = pad_right(mask, ids, types)
        hidden, mask, trace = (self.fast or self.method).encode(self.backbone, ids, mask, types)
        return self.classify(hidden, mask, ids), trace

    def classify(self, hidden: Tensor, mask: Tensor, ids: Tensor) -> Tensor:
        """The texts after the last block (B, N, n), their mask and ids (B, N) -> logits (B, K)."""
        if self.verbalizer:
            read = at_mask(hidden, ids, self.backbone.tokenizer.mask_token_id)  # (B, n)
        else:
            read = READOUTS[self.read](hidden, mask)  # (B, n)
        return self.head(self.dropout(read.to(next(self.head.parameters()).dtype)))

    # Verbs -----------------------------------------------------------------------------------------------

    def fit(
        self,
        train,
        validation=None,
        settings: Settings | None = None,
        *,
        metric: str = "accuracy",
        out: str | Path | None = None,
        callbacks: Sequence[Callback] = (),
        progress: bool = True,
        store: Store | bool = True,
    ) -> Run:
        """Trains on labelled Examples and keeps the epoch that is best on `validation` (see training.fit).

        It begins with the weights that the classifier has: a second call trains on, a new classifier starts anew.

        Args:
            train, validation: tasks.Examples with labels, as in Examples(texts, labels=[0, 1, 1]).
            settings: default: the method's preset.
            out: folder for checkpoints; a killed run goes on from there.
            store: keeps what the frozen model makes of each text below the prompt; True: one of this run's own, within
                the default budget. False: nothing is kept, and every step is the plain forward.

        Raises:
            BadInput: labels are missing, outside the classes or all the same; a text is empty; the loss became NaN; an
                unknown metric; settings that are none; nothing is there to train.
        """
        if settings is not None and not isinstance(settings, Settings):
            raise BadInput(
                f"The settings are a {type(settings).__name__}, but Settings are wanted: clf.preset(epochs=3), or "
                "Settings(epochs=3)."
            )
        settings = settings or self.preset()
        check_training(self, train, validation, metric)
        if store is True:
            store = Store() if settings.epochs > 1 else None  # of one epoch every text is met once
        before, begun = (self.pairs, self.max_length), []
        self.pairs, self.max_length = getattr(train, "pairs", None) is not None, settings.max_length
        try:
            rows = self.rows(train, settings.max_length)
            checked = self.rows(validation, settings.max_length) if validation is not None and len(validation) else None
            with ExitStack() as stack:

                def begin() -> None:  # of a run that is only read back, no text is looked at
                    begun.append(True)
                    if store is not False:
                        stack.enter_context(fast_path(self, [*rows, *(checked or ())], settings, store))

                self.run = fit(
                    self,
                    rows,
                    checked,
                    settings,
                    metric=metric,
                    pad_id=self.pad_id,
                    out=out and Path(out),
                    identity=self.run_identity(),
                    callbacks=callbacks,
                    progress=progress,
                    begin=begin,
                )
        except BaseException:
            if not begun:  # nothing was trained
                self.pairs, self.max_length = before
            raise
        return self.run

    def predict_proba(
        self, texts: Texts, *, max_length: int | None = None, precision: str = "auto", progress: str | None = None
    ) -> np.ndarray:
        """Probabilities of the classes. (texts, K), float32, rows sum to 1."""
        rows = self.rows(texts, max_length)
        with evaluating(self), fast_path(self):
            logits = predict_logits(self, rows, self.pad_id, precision=precision, progress=progress)
        return logits.softmax(-1).numpy() if len(logits) else np.empty((0, len(self.id2label)), np.float32)

    def predict(self, texts: Texts, **options) -> list[str]:
        """The most probable label of each text; options as for `predict_proba`."""
        return [self.id2label[i] for i in self.predict_proba(texts, **options).argmax(-1).tolist()]

    def evaluate(self, examples, metric: str = "accuracy", **options) -> dict:
        """Scores on labelled Examples; options as for `predict_proba`.

        Returns:
            {"accuracy", "macro_f1", "score" (the metric's), "interval" (of the accuracy, 95 %), "texts"}; see
            `metrics.with_interval`.

        Raises:
            BadInput: labels are missing or outside the classes, there is no text, or an unknown metric.
        """
        check_metric(metric)
        check_labels(examples, self.id2label, "evaluation")
        predictions = self.predict_proba(examples, **options).argmax(-1)
        return with_interval(metric, examples.labels, predictions, len(self.id2label))

    def explain(self, texts: Texts, *, max_length: int | None = None) -> list[Explanation]:
        """The token weights and attention that each text's prompt was made with, beside its prediction.

        All in fp32 and by the plain path, to the weights' last digit, also in the middle of a training: a text that is
        almost as likely of two classes may get the other one from `predict`, which computes in bf16 where the device
        does.

        Raises:
            BadInput: the method makes no prompt from tokens.
        """
        rows = self.rows(texts, max_length)
        with evaluating(self):
            fast, self.fast = self.fast, None
            try:
                return [self._explained(row) for row in rows]
            finally:
                self.fast = fast

    def _explained(self, row: dict) -> Explanation:
        """One tokenised text's Explanation."""
        batch = {k: v.to(device_of(self)) for k, v in Collate(self.pad_id)([row]).items() if k != "labels"}
        logits, trace = self.logits_and_trace(batch["input_ids"], batch["attention_mask"], batch.get("token_type_ids"))
        if trace is None:
            raise BadInput(
                f"Method {self.method_name!r} makes no prompt from the tokens: there are no token weights to show."
            )
        probabilities = logits[0].float().softmax(-1).tolist()
        by_label = {self.id2label[i]: p for i, p in enumerate(probabilities)}
        tokens = pieces_of(self.backbone.tokenizer, row["input_ids"])
        w, alpha = trace.w[0].float().cpu().numpy(), trace.alpha[0].float().cpu().numpy()
        return Explanation(tokens, w, alpha, by_label, max(by_label, key=by_label.get))

    # What training asks ----------------------------------------------------------------------------------

    def lr_factor(self, name: str) -> float:
        """What the learning rate of a parameter is multiplied with: some methods have parts that need more."""
        first = name.removeprefix("method.").split(".")[0]
        return self.method.lr_factors.get(first, 1.0) if name.startswith("method.") else 1.0

    def run_identity(self) -> str:
        """What the trained weights do not show of a run, so that no other one goes on from its checkpoint."""
        config = self.adapter_config() | {"options": self.options_beside_layer()}
        return json.dumps([config, code_of(type(self.method))], sort_keys=True)

    def options_beside_layer(self) -> dict:
        """The options; one layer is the same whether it was said or is the default, and `method.layer` holds it."""
        several = isinstance(self.options.get("layer"), list)
        return {name: value for name, value in self.options.items() if name != "layer" or several}

    # Helpers ---------------------------------------------------------------------------------------------

    def follow_backbone(self) -> None:
        """Moves what is this classifier's own to its backbone, which goes with any classifier on it that trains."""
        device = device_of(self.backbone)
        if any(p.device != device for part in (self.method, self.head) for p in part.parameters()):
            self.to(device)

    @property
    def explains(self) -> bool:
        """Does the method make its prompt from the tokens, so that they have weights?"""
        return hasattr(self.method, "generator") and isinstance(self.method.generator, PromptGenerator)

    @property
    def pad_id(self) -> int:
        """The id that fills a batch up; any will do where the tokenizer has none that the model knows: it is masked."""
        pad = self.backbone.tokenizer.pad_token_id
        return 0 if pad is None or pad >= self.backbone.vocabulary else pad

    def preset(self, **changes) -> Settings:
        """The settings that suit the method, with changes."""
        return Settings(**(self.method.preset | changes))

    def rows(self, texts, max_length: int | None = None) -> list[dict]:
        """Texts, pairs of texts or Examples -> tokenised rows, with labels where there are any.

        max_length: tokens of a text; default: what it was trained with, else what the model takes. Warns once, with
        their number, if texts are cut.

        Raises:
            BadInput: a text is empty, or has a mask of its own where a verbalizer reads at one.
        """
        first, second, labels = columns(texts)
        check_length(max_length)
        max_length = max_length or self.max_length
        if self.pairs is not None and len(first) and self.pairs != (second is not None):
            kinds = ("single texts", "pairs of texts")
            trained, given = kinds[self.pairs], kinds[not self.pairs]
            said = f"The classifier was trained on {trained} and reads {given} here."
            warnings.warn(said, stacklevel=level_outside())
        if self.verbalizer:
            encode(self.backbone, first, second)  # for its checks: inside the template no text is empty
            limit = min(max_length or self.backbone.max_length, self.backbone.max_length)
            first, cut_before = self.verbalizer.fill(first, second, self.backbone.tokenizer, limit)
            second = None
        rows, cut = encode(self.backbone, first, second, max_length)
        if self.verbalizer:
            check_masks(rows, self.backbone.tokenizer, limit)
            cut += cut_before
        if cut:
            limit = min(max_length or self.backbone.max_length, self.backbone.max_length)
            where = f" of {texts.name}" if isinstance(texts, Examples) and texts.name else ""
            said = f"{cut:,} of {len(rows):,} texts{where} are longer than {limit} tokens and were cut there."
            warnings.warn(said, stacklevel=level_outside())
        if labels is not None:
            for row, label in zip(rows, labels, strict=True):
                row["labels"] = int(label)
        return rows


def leave_frozen_out(clf, state: dict, prefix: str, _) -> None:
    """A state dict holds what trains: else each checkpoint of `transformers.Trainer` would hold the frozen model."""
    trained = {prefix + name for name, p in clf.named_parameters() if p.requires_grad}
    for name in [name for name in state if name.startswith(prefix) and name not in trained]:
        del state[name]


def miss_no_frozen(clf, keys) -> None:
    """What is frozen is in no state dict, so it is not missing there.

    The keys are those of the whole module that is loaded: where it holds the classifier, its name stands before them.
    """
    parts = [*clf.named_parameters(remove_duplicate=False), *clf.named_buffers(remove_duplicate=False)]
    frozen = tuple(f".{name}" for name, tensor in parts if not tensor.requires_grad)
    keys.missing_keys[:] = [name for name in keys.missing_keys if not f".{name}".endswith(frozen)]
