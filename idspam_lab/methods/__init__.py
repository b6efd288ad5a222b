"""The methods, one small file each; a file holds only what differs."""

import inspect
import numbers

from torch import nn

from ..backbones import Backbone
from ..errors import BadInput
from .base import Encoded, LatePrompt, Method
from .dept import DePT
from .fine_tuning import FineTuning
from .idpg import IDPG
from .idspam import IDSPAM
from .linear_head import LinearHead
from .lora import LoRA
from .lpt import LPT
from .mean_pooling import MeanPooling
from .p_tuning import PTuning
from .prefix import PrefixTuning, PTuningV2
from .prompt_tuning import PromptTuning
from .smop import SMoP

METHODS: dict[str, type[Method]] = {
    "linear_head": LinearHead,
    "fine_tuning": FineTuning,
    "lora": LoRA,
    "prompt_tuning": PromptTuning,
    "p_tuning": PTuning,
    "p_tuning_v2": PTuningV2,
    "prefix_tuning": PrefixTuning,
    "smop": SMoP,
    "lpt": LPT,
    "dept": DePT,
    "idpg": IDPG,
    "mean_pooling": MeanPooling,
    "idspam": IDSPAM,
}
LABELS = {  # how they are called in tables
    "linear_head": "linear head",
    "fine_tuning": "fine-tuning",
    "lora": "LoRA",
    "prompt_tuning": "prompt tuning",
    "p_tuning": "P-tuning",
    "p_tuning_v2": "P-tuning v2",
    "prefix_tuning": "prefix tuning",
    "smop": "SMoP",
    "lpt": "LPT",
    "dept": "DePT",
    "idpg": "IDPG",
    "mean_pooling": "mean pooling",
    "idspam": "ID-SPAM",
}


def build_method(name: str, backbone, options: dict) -> Method:
    """The named method for this backbone.

    Raises:
        BadInput: no such method, an option that it does not have, or a value out of range.
    """
    if name not in METHODS:
        raise BadInput(f"There is no method {name!r}; there are {', '.join(METHODS)}.")
    check_share(dropout=options.get("dropout", 0))
    known = options_of(name)
    for option in options:
        if option not in known:
            raise BadInput(f"Method {name!r} has no option {option!r}; it has {', '.join(known) or 'none'}.")
    try:
        method = METHODS[name](backbone, **options)
    except TypeError as error:
        raise BadInput(f"Method {name!r} does not take these options {sorted(options)}: {error}.") from error
    buffers = buffers_of(method)
    if buffers:
        raise BadInput(
            f"Method {name!r} keeps {', '.join(buffers)} as buffers, but only what trains is saved and put back: use "
            "layers without running numbers, such as LayerNorm, or register them with persistent=False."
        )
    frozen = frozen_of(method, backbone)
    if frozen:
        raise BadInput(
            f"Method {name!r} does not train {', '.join(frozen)}, but only what trains is saved and put back: let it "
            "train, or make it anew from the options, as a buffer with persistent=False."
        )
    return method


def options_of(name: str) -> list[str]:
    """What a method can be told, beside the backbone."""
    return [option for option in inspect.signature(METHODS[name]).parameters if option != "backbone"]


def buffers_of(module: nn.Module) -> list[str]:
    """Names of the persistent buffers outside of frozen models: nothing would save them."""
    found = [name for name in module._buffers if name not in module._non_persistent_buffers_set]
    for name, part in module.named_children():
        if not isinstance(part, Backbone):
            found += [f"{name}.{inner}" for inner in buffers_of(part)]
    return found


def frozen_of(method: Method, backbone: Backbone) -> list[str]:
    """Names of the method's own parameters that do not train: nothing would save them."""
    theirs = {id(p) for p in backbone.parameters()}
    return [name for name, p in method.named_parameters() if not p.requires_grad and id(p) not in theirs]


def check_share(**values: float) -> None:
    """Rates of dropout.

    Raises:
        BadInput: one is no number from 0 to below 1.
    """
    for name, value in values.items():
        if not isinstance(value, numbers.Real) or not 0 <= value < 1:
            raise BadInput(f"{name} is {value!r}, but it is a share: 0 or more, below 1.")


__all__ = ["LABELS", "METHODS", "Encoded", "LatePrompt", "Method", "build_method", "check_share"]
