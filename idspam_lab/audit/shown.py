"""The audit as text for a terminal."""

import textwrap

import pandas as pd

from ..terminal import WIDTH

SIGNS = {"yes": "adds up", "perhaps": "perhaps", "no": "does not add up"}


def shown(found: pd.DataFrame, *, everything: bool = False) -> str:
    """A paragraph for each row of `audit` that does not plainly add up, or for each row; then how many of each kind."""
    parts = []
    for name, row in found.iterrows():
        if everything or row["adds_up"] != "yes":
            number, _, what = name.partition(": ")
            said = f"{row['claim']}. Printed: {row['printed']}; recomputed: {row['recomputed']}. {row['sentence']}"
            lines = textwrap.indent(textwrap.fill(said, WIDTH - 4, break_on_hyphens=False), "    ")
            parts.append(f"Table {number}, {what}: {SIGNS[row['adds_up']]}\n{lines}")
    counts = found["adds_up"].value_counts()
    said = (
        f"{len(found)} claims recomputed: {counts.get('yes', 0)} add up, {counts.get('perhaps', 0)} perhaps (only with "
        f"hidden decimals, or in another reading of the words), {counts.get('no', 0)} do not."
    )
    return "\n\n".join([*parts, textwrap.fill(said, WIDTH)])
