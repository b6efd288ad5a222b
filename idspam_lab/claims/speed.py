"""What was aimed for in speed, what was reached, and where the time goes: from the files of `idspam-lab bench`."""

import json
from collections.abc import Iterator
from pathlib import Path

HEAD = ("| measured | ratio | here | wanted | | bench/ |", "| --- | --- | ---: | --- | --- | --- |")
WANTED = {True: "at most {:g}", False: "at least {:g}"}


def measured(folder: Path) -> Iterator[tuple[str, dict]]:
    """The file's name and one part's findings, of every file in FOLDER/bench."""
    for path in sorted((folder / "bench").glob("*.json")):
        for found in json.loads(path.read_text(encoding="utf-8"))["found"]:
            yield path.name, found


def speed(folder: Path) -> list[str]:
    """Lines of Markdown: a row for each ratio that had an aim, then the shares of the time of each profile."""
    rows, shares = [], []
    for name, found in measured(folder):
        title = found["title"].partition(";")[0]
        for ratio in found["ratios"]:
            if ratio["target"] is not None:
                wanted = WANTED[ratio["at_most"]].format(ratio["target"])
                reached = "reached" if ratio["reached"] else "**not reached**"
                rows.append(f"| {title} | {ratio['what']} | {ratio['value']:.2f} | {wanted} | {reached} | `{name}` |")
        if found["part"] == "i":
            most = ", ".join(f"{what} {share:.0%}" for what, share in found["cases"].items())
            shares += ["", f"{title}: {most} (`bench/{name}`)."]
    return ["", "## How fast", "", *HEAD, *rows, *shares] if rows else []
