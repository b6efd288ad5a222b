"""RESULTS.md: a table of verdicts, each claim with its evidence, and what was aimed for in speed."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ..errors import BadInput
from ..experiments.summary import MEASURED
from .claims import CLAIMS, QUESTIONS, Claim
from .known import known
from .looked_into import looked_into
from .speed import speed
from .verdict import Finding, Verdict

HEAD = """# What holds

The paper's claims, in short, held against the tables in this folder. `idspam-lab claims` writes this page from them; a
test holds the two together. All scores were measured with MiniLM-L6 (6 blocks, 384 wide), a far smaller model than the
paper's, but one layer curve with MPNet-base (12 blocks, 768 wide), and mostly on fewer texts: what fails here may still
hold there. Speed was measured on models of random weights
too, which take as long. [README.md](README.md) says on what each table was measured and with which command."""

RULES = """![ID-SPAM's leads over its rivals, table by table](../../docs/pictures/leads.png)

## How it is counted

- A **lead** is the mean over the seeds of the difference in points of the score, on the same texts with the same seed;
  in brackets stands its 95 % interval (Student's t over the seeds: of three, 4.3 standard errors to each side).
- A lead **counts** when the interval leaves 0 out and the method that has it does better than the best constant answer.
- *Holds*: every lead counts. *Holds partly*: some do, or not in every table. *Does not hold*: some count the other way
  and none this way. *Cannot be told*: none counts.
- **Luck.** Leads to one side of a claim are taken for none where luck alone may give as many: 1 of 40 to each side;
  more than luck is a number with a chance below 5 %, if the tables were independent. Several share a task and its test
  texts, so luck alone gives somewhat more.
- *Comparable*: the interval does not reach below -2 points; there luck is not taken off.
- Every table of this folder that has the methods of a claim is in its list; of a table of several blocks it is the
  middle one. Tables of one seed have no intervals and are not counted.
- What was **asked again**, of the same texts, as many of them, the same model and the same rival, counts where it was
  measured first: later tables look into what came out, and share its runs or its texts.
- The paper counts the tasks on which ID-SPAM is ahead, by single runs; leads that must be told apart ask for more.
- The seeds of a table share one choice of training texts, except where few-shot texts are drawn, and in some tables the
  order of the batches, so an interval says nothing of other texts.
- On the average of the tasks the interval is over the tasks, each with the mean of its seeds and tables.
- The other soft prompts that decide are those of the paper's tables.
- A method whose rate is the largest or smallest of those tried is named: beyond it, it might do better."""

TOLD = {
    Verdict.HOLDS: "hold",
    Verdict.PARTLY: "hold partly",
    Verdict.OPEN: "cannot be told",
    Verdict.FAILS: "do not hold",
    Verdict.UNTESTED: "not tested here",
}  # of several claims


def page(folder: str | Path = MEASURED) -> str:
    """RESULTS.md for the tables of a folder.

    Raises:
        BadInput: there is no such folder, or a table there is damaged.
    """
    if not Path(folder).is_dir():
        raise BadInput(f"There is no {folder}: measured results lie in a clone of the project, beside the package.")
    claims, questions = ([(one, one.evidence(Path(folder))) for one in some] for some in (CLAIMS, QUESTIONS))
    paper, beyond = part("The paper", claims), part("What it leaves open", questions)
    opening = [HEAD, "", tally(finding.verdict for _, finding in claims), "", RULES]
    more = [*looked_into(Path(folder)), *known(Path(folder))]
    return "\n".join([*opening, *paper, *more, *beyond, *speed(Path(folder)), ""])


def tally(verdicts: Iterable[Verdict]) -> str:
    """One sentence: how many claims there are of each verdict."""
    times = Counter(verdicts)
    said = [f"{times[verdict]} {of_several}" for verdict, of_several in TOLD.items()]
    return f"**Of the paper's {times.total()} claims: {', '.join(said)}.**"


def part(title: str, found: list[tuple[Claim, Finding]]) -> list[str]:
    """A table of verdicts whose rows lead to what they rest on, claim by claim."""
    lines = ["", f"## {title}", "", "| claim | where | here |", "| --- | --- | --- |"]
    for claim, finding in found:
        lines.append(f"| [{claim.sentence}](#{anchor(claim.sentence)}) | {claim.where} | {finding.verdict} |")
    for claim, finding in found:
        where = claim.where[:1].upper() + claim.where[1:]
        lines += ["", f"### {claim.sentence}", "", f"*{str(finding.verdict).capitalize()}.* {where}.", ""]
        lines += [f"- {sentence}" for sentence in finding.sentences]
    return lines


def anchor(heading: str) -> str:
    """Where a Markdown heading is found: small letters, hyphens for spaces, no other marks."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
