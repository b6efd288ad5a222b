"""The paper's claims, held against data/results: `idspam-lab claims` writes RESULTS.md, and a test compares.

claims.py lists the sentences; scores.py, averages.py, blocks.py, counts.py, times.py and attention.py read the tables,
constant.py says what a constant answer scores and rates.py what the grid files tried; verdict.py has the rule; page.py
writes, and looked_into.py, known.py and speed.py their parts of the page. Nothing is typed in: a table that is not
there leaves its claim untested.
"""

from .claims import CLAIMS, QUESTIONS, Claim
from .page import page

__all__ = ["CLAIMS", "QUESTIONS", "Claim", "page"]
