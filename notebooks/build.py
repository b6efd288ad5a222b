"""Builds the notebooks from their sources: notebooks/source/*.py -> notebooks/*.ipynb, solutions/ likewise.

    python notebooks/build.py            writes those that changed
    python notebooks/build.py --check    writes nothing; exit status 1 if one is missing or stale

A source is Python in the "percent" format. The same source gives the same bytes: a cell's id comes from its place and
content, and there are no outputs.
"""

import hashlib
import sys
from pathlib import Path

import jupytext
import nbformat

HERE = Path(__file__).resolve().parent
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def build(source: Path) -> str:
    """The notebook's text."""
    notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    for number, cell in enumerate(notebook.cells):
        cell["id"] = hashlib.sha256(f"{number} {cell.cell_type} {cell.source}".encode()).hexdigest()[:8]
        cell["metadata"] = {}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def targets() -> dict[Path, Path]:
    """Source -> notebook."""
    lessons = {path: HERE / f"{path.stem}.ipynb" for path in sorted((HERE / "source").glob("*.py"))}
    solutions = {path: path.with_suffix(".ipynb") for path in sorted((HERE / "solutions").glob("*.py"))}
    return lessons | solutions


def main(check: bool) -> int:
    """Builds or checks all; returns the exit status."""
    stale = []
    for source, target in targets().items():
        text = build(source)
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            stale.append(target.relative_to(HERE))
            if not check:
                target.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{path} is not what its source gives: run `make notebooks`." if check else f"built {path}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
