"""The paper's claims, held against data/results: `idspam-lab claims` writes RESULTS.md, and a test compares.

claims.py lists the sentences, evidence.py reads the tables and decides, page.py writes.
"""

from .claims import CLAIMS, QUESTIONS, Claim
from .page import page

__all__ = ["CLAIMS", "QUESTIONS", "Claim", "page"]
