"""The paper's own arithmetic, done again from its own printed numbers: means, percentages, ratios, counts of wins.

What "adds up" means. Printed numbers are rounded, so each stands for a small interval.

    yes       the printed numbers, as they stand, give what is claimed
    perhaps   only hidden decimals do, or another usual reading of the words; the sentence says which
    no        neither does

Scores without a decimal (81, 57) are taken as 81.0 and 57.0, the stricter choice. Claims without a bound ("comparable",
"tends to increase") and the figures are not audited.
"""

import pandas as pd

from .rows import Row
from .scores import score_rows
from .shown import shown
from .sizes import size_rows
from .times import time_rows

__all__ = ["audit", "shown"]


def audit() -> pd.DataFrame:
    """Every claim that can be recomputed: name (the index), table, claim, printed, recomputed, adds_up, sentence.

    Seconds, most of them for imports; needs neither weights nor network.

    Raises:
        BadInput: data/paper is not there.
    """
    rows = [*score_rows(), *size_rows(), *time_rows()]
    found = pd.DataFrame(rows, columns=Row._fields).set_index("name")
    found.insert(0, "table", [int(name.partition(":")[0]) for name in found.index])
    return found.sort_values("table", kind="stable")
