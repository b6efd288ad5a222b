"""The methods, one small file each; a file holds only what differs."""

from ..errors import BadInput
from .base import Encoded, LatePrompt, Method
from .idspam import IDSPAM
from .linear_head import LinearHead

METHODS: dict[str, type[Method]] = {
    "idspam": IDSPAM,
    "linear_head": LinearHead,
}


def build_method(name: str, backbone, options: dict) -> Method:
    """The named method for this backbone.

    Raises:
        BadInput: no such method, or an option that it does not have.
    """
    if name not in METHODS:
        raise BadInput(f"There is no method {name!r}; there are {', '.join(METHODS)}.")
    try:
        return METHODS[name](backbone, **options)
    except TypeError as error:
        raise BadInput(f"Method {name!r} does not take these options {sorted(options)}: {error}.") from error


__all__ = ["METHODS", "Encoded", "IDSPAM", "LatePrompt", "LinearHead", "Method", "build_method"]
