"""From a name to a frozen, staged model: the embedded one, a folder, or a hub address."""

import json
import os
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path

import torch
import transformers
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from torch.nn import Module
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, AutoTokenizer
from transformers.utils import cached_file

from ..errors import BadInput
from ..files import first_line
from ..hub import hub_reachable
from .base import Backbone
from .families import FAMILIES
from .packaged import PACKAGED, packaged_folder


def supported(model_type: str) -> type[Backbone]:
    """The class that runs this family in stages.

    Raises:
        BadInput: no class does; names those there are.
    """
    if model_type not in FAMILIES:
        raise BadInput(
            f"A {model_type!r} model cannot be run in stages here; supported families: {', '.join(FAMILIES)}."
        )
    return FAMILIES[model_type]


def pooling_default(source: str | Path, where: dict) -> str | None:
    """ "mean" where a sentence-transformers model says that it was trained so; None where nothing is said."""
    try:
        pooling = json.loads(Path(cached_file(str(source), "1_Pooling/config.json", **where)).read_text())
    except (OSError, ValueError):  # most models have no such file
        return None
    return "mean" if pooling.get("pooling_mode_mean_tokens") else None


@contextmanager
def quiet():
    """No load report: a frozen model without its unused pooler or head is what is wanted here."""
    before, bars = transformers.logging.get_verbosity(), transformers.logging.is_progress_bar_enabled()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers.logging.set_verbosity(before)
        if bars:  # who has turned them off wants none
            transformers.logging.enable_progress_bar()


def pick_attention() -> str | None:
    """Plain attention without CUDA (on a CPU the fused backward is slower at short lengths); with it, transformers'."""
    return None if torch.cuda.is_available() else "eager"


def dtype_of(dtype: torch.dtype | str) -> torch.dtype:
    """A type of weights, or its name as an adapter's config.json has it.

    Raises:
        BadInput: there is no such type; or it is fp16 without a GPU: in bf16 passes, which "auto" takes on newer CPUs,
            torch refuses to mix it with fp32 there, and in fp32 passes fp32 weights are several times as quick.
    """
    found = getattr(torch, dtype.removeprefix("torch."), None) if isinstance(dtype, str) else dtype
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise BadInput(f"dtype is {dtype!r}, but weights are of torch.float32 or torch.bfloat16, or float16 on a GPU.")
    if found is torch.float16 and not torch.cuda.is_available():
        raise BadInput("fp16 weights need a GPU: take torch.float32 or torch.bfloat16 here.")
    return found


def load_backbone(
    name: str | Path = "minilm",
    *,
    attention: str = "auto",
    dtype: torch.dtype | str = torch.float32,
    revision: str | None = None,
    words: bool = False,
    device: str | torch.device | None = None,
    cache_dir: str | Path | None = None,
    token: str | bool | None = None,
    local_files_only: bool = False,
) -> Backbone:
    """A frozen model that can be run in stages.

    Args:
        name: "minilm" (embedded, no network), "smollm2" or "mpnet" (after `make models`), a folder with a
            config.json, or a hub address ("roberta-base").
        attention: "eager", "sdpa", any other name that transformers knows, or "auto" (see `pick_attention`).
        dtype: of the frozen weights, or its name: "bfloat16".
        revision: the hub's branch, tag or commit.
        words: with the head that the masked language model was trained with, to read by words (verbalizer.py).
        device: where to put it; default: the CPU. `fit` moves it to where accelerate trains.
        cache_dir, token: of the hub, as its own functions take them.
        local_files_only: ask the hub's local cache alone, as is done anyway where the hub is out of reach.

    Raises:
        BadInput: the name is nothing that can be loaded here, its family has no class, or it has no such head; or the
            dtype is none for weights (see `dtype_of`); or there is no such device.
    """
    if not isinstance(name, str | Path):
        raise BadInput(
            f"A {type(name).__name__} was given where a name or a folder is wanted: save the model and its tokenizer "
            "into one folder (save_pretrained) and name it."
        )
    dtype = dtype_of(dtype)
    name = str(name)
    source: str | Path = packaged_folder(name) if name in PACKAGED else name
    where = hub_arguments(source, local_files_only, revision=revision, cache_dir=cache_dir, token=token)
    if name in PACKAGED and PACKAGED[name].gguf:
        where["gguf_file"] = PACKAGED[name].gguf
    config = load_config(name, source, where)
    family = supported(config.model_type)
    if family.causal and getattr(config, "use_bidirectional_attention", None):
        raise BadInput(f"{name!r} is a {config.model_type} that reads in both directions, which cannot be run here.")
    if not family.causal and getattr(config, "is_decoder", False):
        raise BadInput(f"{name!r} is a {config.model_type} that reads from left to right, which cannot be run here.")
    chosen = pick_attention() if attention == "auto" else attention
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(source, **where)
            options = {"config": config, "attn_implementation": chosen, "dtype": dtype, **where}
            if words:
                model, word_head = load_with_words(source, family, name, options)
            else:
                model, word_head = load_plain(source, name, options), None
            refuse_empty_tokenizer(name, tokenizer)
    except BadInput:
        raise
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:  # not there, damaged, or of other shapes
        raise BadInput(f"The model {name!r} could not be loaded: {first_line(error)}") from error
    if hasattr(model, "pooler"):
        model.pooler = None  # it reads the last block's first token, which is no part of the stages
    folder = Path(source) if os.path.isdir(source) else None
    label = Path(os.path.abspath(folder)).name if folder and name not in PACKAGED else name
    commit = None if folder else hub_commit(name, where)
    found = family(model, tokenizer, label, commit, pooling_default(source, where), word_head)
    found.folder = folder.resolve() if folder and name not in PACKAGED else None
    return found if device is None else move(found, device)


def move(model: Module, device: str | torch.device) -> Module:
    """The model on a device.

    Raises:
        BadInput: torch has no such device here.
    """
    try:
        return model.to(device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # no such word, not built in, or not there
        raise BadInput(
            f"device is {str(device)!r}, which torch cannot use here ({first_line(error)}): take cpu, or cuda where "
            "there is a GPU."
        ) from error


def refuse_empty_tokenizer(name: str, tokenizer) -> None:
    """Where a folder has no tokenizer, transformers makes one that knows its own marks alone: every text is unknown.

    Raises:
        BadInput: it is such a one.
    """
    if set(tokenizer.get_vocab()) <= set(tokenizer.all_special_tokens):
        raise BadInput(
            f"The model {name!r} came without its tokenizer, so every word would be unknown to it: "
            "put the tokenizer's files beside config.json (tokenizer.save_pretrained)."
        )


def load_plain(source: str | Path, name: str, options: dict):
    """The model without any head.

    Raises:
        BadInput: weights are missing in the files.
    """
    model, info = AutoModel.from_pretrained(source, output_loading_info=True, **options)
    refuse_missing(name, info["missing_keys"])
    return model


def refuse_missing(name: str, keys: Iterable[str]) -> None:
    """transformers fills what it does not find with random numbers: only the pooler, which nobody reads, may lack.

    Raises:
        BadInput: something else is.
    """
    missing = sorted(key for key in keys if "pooler" not in key)
    if missing:
        raise BadInput(
            f"The model {name!r} is not whole: its files lack {len(missing)} tensors that it needs, {missing[0]} the "
            "first. Download it again, or save it with save_pretrained."
        )


def load_with_words(source: str | Path, family: type[Backbone], name: str, options: dict):
    """(model, word head) of a masked language model.

    Raises:
        BadInput: the family has no such head, or weights are missing in the files.
    """
    if family.causal:
        raise BadInput(f"{name!r} is a decoder and has no masked-language-model head: read its last token instead.")
    masked, info = AutoModelForMaskedLM.from_pretrained(source, output_loading_info=True, **options)
    inside = masked.base_model_prefix + "."
    if any(not key.startswith(inside) for key in info["missing_keys"]):
        raise BadInput(
            f"{name!r} came without its masked-language-model head (sentence encoders do): "
            "read a token with a head of its own, or take the model it was made from."
        )
    refuse_missing(name, info["missing_keys"])
    return masked.base_model, family.word_head_of(masked)


def hub_arguments(source: str | Path, local_files_only: bool = False, **more) -> dict:
    """How to ask: a folder is never looked up; without network the hub's local cache alone is."""
    return more | {"local_files_only": os.path.isdir(source) or local_files_only or not hub_reachable()}


def hub_commit(address: str, where: dict) -> str | None:
    """The commit that was loaded: the hub's cache keeps each one's files in a folder of its name."""
    parts = Path(cached_file(address, "config.json", **where)).parts
    return parts[parts.index("snapshots") + 1] if "snapshots" in parts else None


def load_config(name: str, source: str | Path, where: dict):
    """The configuration alone; one sentence where there is none.

    Raises:
        BadInput: no such embedded name, folder or hub address, or no network to ask the hub.
    """
    try:
        return AutoConfig.from_pretrained(source, **where)
    except (OSError, ValueError, StrictDataclassError) as error:
        if os.path.isfile(Path(source) / "config.json"):
            raise BadInput(f"The model {name!r} could not be loaded: {first_line(error)}") from error
        asked = (
            f"the hub does not give it ({first_line(error)})"
            if hub_reachable()
            else "there is no network to ask the hub, nor a local copy of it"
        )
        raise BadInput(
            f"The model {name!r} was not found: it is neither a packaged model ({', '.join(PACKAGED)}) nor "
            f"a folder with a config.json, and {asked}."
        ) from error
