"""Whole experiments: what the command line and the lessons run."""

from ..metrics import with_interval
from .results import evaluate, majority
from .session import Session, Target, run_session

__all__ = ["Session", "Target", "evaluate", "majority", "run_session", "with_interval"]
