"""The paper's claims, held against data/results: `idspam-lab claims` writes RESULTS.md, and a test compares.

claims.py lists the sentences; scores.py, blocks.py, costs.py and attention.py read the tables; verdict.py has the rule;
page.py writes, and speed.py its part on what was aimed for. Nothing is typed in: a table that is not there leaves its
claim untested.
"""

from .claims import CLAIMS, QUESTIONS, Claim
from .page import page

__all__ = ["CLAIMS", "QUESTIONS", "Claim", "page"]
