"""Frozen Hugging Face models that can be run in stages (base.py), one small class a family (families.py)."""

from .base import Backbone, Identity, check_layer, pad_right, positions
from .families import FAMILIES
from .load import EMBEDDED, load_backbone, supported
from .tokens import encode

__all__ = [
    "EMBEDDED",
    "FAMILIES",
    "Backbone",
    "Identity",
    "check_layer",
    "encode",
    "load_backbone",
    "pad_right",
    "positions",
    "supported",
]
