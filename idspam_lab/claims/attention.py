"""Do the generator's weights say which tokens matter? The study of lesson 03."""

from pathlib import Path

from ..analysis.faithfulness import findings
from ..errors import BadInput
from ..experiments.faithfulness import read_study
from .verdict import Finding, Verdict


def weights_matter(folder: Path) -> Finding:
    """The study of lesson 03."""
    try:
        found = findings(read_study(folder / "faithfulness_rotten_tomatoes"))
    except BadInput:
        return Finding("There is no study yet.", Verdict.UNTESTED)
    verdict, first = found[0].split(": ", 1)
    verdicts = {"Held": Verdict.HOLDS, "Did not hold": Verdict.FAILS}
    return Finding(" ".join([first[0].upper() + first[1:], *found[1:3]]), verdicts.get(verdict, Verdict.OPEN))
