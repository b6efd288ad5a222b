"""Is this folder an adapter, and this frozen model the one that it was trained on? Each refusal is one sentence."""

import hashlib
import json

import torch

from .backbones import Backbone
from .backbones.trust import hash_tensors
from .errors import BadInput

WEIGHTS, CONFIG, FORMAT = "adapter.safetensors", "config.json", "idspam_lab adapter 1"
IDENTITY = ("name", "family", "L", "n", "weights_sha256")  # of base_model
NEEDED = ("method", "options", "read", "head_dropout", "id2label", "base_model")
SAMPLE = "Don't look: it's a naïve, 3-star REMAKE -- and so unforgettable! Watch it twice? (No.)"


def read_config(folder: str, find) -> dict:
    """The adapter's config.json.

    Raises:
        BadInput: there is none, or it is not an adapter's.
    """
    wanted = f"an adapter has {CONFIG} and {WEIGHTS}, as save_pretrained writes them"
    try:
        config = json.loads(find(CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{folder!r} is not an adapter folder, nor a hub address within reach: {wanted}.") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT or not set(NEEDED) <= set(config):
        raise BadInput(f"{folder!r} is not an adapter of this library: {wanted}.")
    ids, base = config["id2label"], config["base_model"]
    whole = isinstance(config["options"], dict) and isinstance(base, dict) and set(IDENTITY) <= set(base)
    whole = whole and isinstance(config.get("max_length"), int | None)
    check = config.get("tokenizer_check", {"text": "", "ids": ""})
    whole = whole and isinstance(check, dict) and all(isinstance(check.get(key), str) for key in ("text", "ids"))
    if not whole or not isinstance(ids, dict) or set(ids) != {str(i) for i in range(len(ids))}:
        raise BadInput(f"{folder!r} has a damaged {CONFIG}: save the adapter again, or take a copy that is whole.")
    return config


def in_words(identity: dict, dtype: bool = False) -> str:
    """A frozen model's identity for a sentence, with the type of its weights if that is what matters."""
    size = f"{identity['family']}, {identity['L']} blocks x {identity['n']}"
    kind = f" in {dtype_of(identity)}" if dtype else ""
    return f"{identity['name']!r} ({size}, weights {identity['weights_sha256'][:12]}{kind})"


def dtype_of(identity: dict) -> str:
    """The type of a frozen model's weights; it was float32 before adapters said so."""
    return identity.get("dtype", "float32")


def refuse_other_backbone(identity: dict, backbone: Backbone) -> None:
    """The adapter was trained on exactly these frozen weights.

    Raises:
        BadInput: it was not.
    """
    found, wanted = backbone.identity().to_dict(), dtype_of(identity)
    if found["weights_sha256"] != identity["weights_sha256"]:
        other = dtype_of(found) != wanted  # rounded otherwise, the same weights have another hash
        raise BadInput(
            f"The adapter was trained on {in_words(identity, other)}, but the backbone given is "
            f"{in_words(found, other)}: load the one that it was trained on{f', with dtype=torch.{wanted}' * other}, "
            "or leave backbone out if the adapter's own can be loaded."
        )


def tokenizer_check(backbone: Backbone) -> dict[str, str]:
    """What tells a tokenizer from others, in any version: a sentence's ids as the model gets them, and the vocabulary.

    The tokenizer's file would tell more, but other versions write it otherwise.
    """
    return {"text": SAMPLE, "ids": ids_of(backbone, SAMPLE), "vocabulary_sha256": vocabulary_sha256(backbone)}


def ids_of(backbone: Backbone, text: str) -> str:
    """The token ids of a text with a space between them, and for a decoder what is put behind a text (`encode`)."""
    ids = list(backbone.tokenizer(text)["input_ids"])
    return " ".join(map(str, [*ids, backbone.tokenizer.eos_token_id] if backbone.causal else ids))


def vocabulary_sha256(backbone: Backbone) -> str:
    """Over every token and its id."""
    return hashlib.sha256(json.dumps(sorted(backbone.tokenizer.get_vocab().items())).encode()).hexdigest()


def refuse_other_tokenizer(saved: dict | None, backbone: Backbone) -> None:
    """The adapter was trained on texts that were cut into tokens as this backbone cuts them, with the same ids.

    Args:
        saved: what `tokenizer_check` gave; None, or without the vocabulary, in older adapters.

    Raises:
        BadInput: something differs.
    """
    if saved is None:
        return
    vocabulary = saved.get("vocabulary_sha256") in (None, vocabulary_sha256(backbone))
    if not vocabulary or ids_of(backbone, saved["text"]) != saved["ids"]:
        differs = f"cuts the sentence in {CONFIG} into other tokens" if vocabulary else "has another vocabulary"
        raise BadInput(
            f"The adapter was trained with another tokenizer than that of {backbone.name!r}, which {differs}: load the "
            "model with its own tokenizer."
        )


def refuse_other_word_head(saved: str | None, backbone: Backbone) -> None:
    """An adapter with a verbalizer read with exactly this frozen masked-language-model head.

    Raises:
        BadInput: it did not.
    """
    if backbone.word_head is not None and hash_tensors(backbone.word_head) != saved:
        raise BadInput(
            f"The adapter read at a mask with another masked-language-model head than that of {backbone.name!r}: "
            "load the model that it was trained on."
        )


@torch.no_grad()
def fill(model, tensors: dict, folder: str) -> None:
    """Puts the saved tensors into the model's trained parameters.

    Raises:
        BadInput: names or shapes do not fit.
    """
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if set(parameters) != set(tensors):
        raise BadInput(
            f"{folder!r}: the saved tensors {sorted(set(tensors) ^ set(parameters))} do not fit the method: "
            "train it again."
        )
    for name, parameter in parameters.items():
        if parameter.shape != tensors[name].shape:
            raise BadInput(
                f"{folder!r}: {name} has shape {tuple(tensors[name].shape)}, but {tuple(parameter.shape)} is needed: "
                "train it again."
            )
        parameter.copy_(tensors[name])
