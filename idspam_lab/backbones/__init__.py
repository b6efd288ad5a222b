"""Frozen Hugging Face models that can be run in stages (base.py), one small class a family (families.py)."""

from .base import Backbone, Identity, check_layer, pad_right, positions
from .families import FAMILIES
from .load import load_backbone, supported
from .packaged import PACKAGED
from .pieces import pieces_of
from .tokens import check_length, encode

__all__ = [
    "FAMILIES",
    "PACKAGED",
    "Backbone",
    "Identity",
    "check_layer",
    "check_length",
    "encode",
    "load_backbone",
    "pad_right",
    "pieces_of",
    "positions",
    "supported",
]
