"""A faithfulness study on disk: three tables and one picture.

FOLDER/erasure.csv         run, order, route, text, comprehensiveness, sufficiency (AOPC)
FOLDER/prompts.csv         run, intervention, text, probability, drop, flipped, correct
FOLDER/completeness.csv    run, text, gap of integrated gradients
FOLDER/faithfulness.png    their means with intervals, and in sentences what held
"""

from pathlib import Path

from ..analysis.faithfulness import Study, findings, prompt_table, summary
from ..files import write_text


def write_study(study: Study, folder: str | Path) -> None:
    """Writes all four.

    Raises:
        BadInput: the folder cannot be written.
    """
    from ..plots import faithfulness, save

    folder = Path(folder)
    for name in ("erasure", "prompts", "completeness"):
        write_text(folder / f"{name}.csv", getattr(study, name).to_csv(index=False))
    save(faithfulness(summary(study), prompt_table(study), findings(study)), folder / "faithfulness.png")
