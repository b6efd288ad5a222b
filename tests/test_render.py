"""The lessons' web pages, without a browser: formulas, links, scripts and their licences, refusals."""

import importlib.util
import re
from pathlib import Path

import nbformat
import pytest

from idspam_lab import BadInput
from idspam_lab.widgets.parts import is_static

FOLDER = Path(__file__).parents[1] / "notebooks"


@pytest.fixture(scope="module")
def render():
    spec = importlib.util.spec_from_file_location("render", FOLDER / "render.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def notebook(*sources):
    cells = [nbformat.v4.new_markdown_cell(sources[0]), *map(nbformat.v4.new_code_cell, sources[1:])]
    return nbformat.v4.new_notebook(cells=cells)


def test_a_page_names_no_other_machine(render):
    page = render.page(notebook("# A title\n\n$w_j$ and $$\\frac{a}{b}$$", "1"))
    asked = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?(https?:[^"\')\s]+)', page)
    assert asked == [] and "cdnjs" not in page and "jsdelivr" not in page
    assert "<title>A title</title>" in page and "<msub>" in page and "<mfrac>" in page


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.name)
def test_every_formula_of_the_lessons_is_known(render, path, recwarn):
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    html = "\n".join(map(render.markdown, cells))
    assert [str(warning.message) for warning in recwarn if "stays as it is" in str(warning.message)] == []
    assert not re.search(r"<m[ion][^>]*>[^<]*\\[^<]*</m", html)  # no command that was left over


def test_braces_and_aligned_lines_become_mathml(render):
    assert "\\" not in render.mathml(r"\Big\{x\Big\}", "inline")
    assert render.mathml(r"\begin{aligned} a &= b \\ c &= d\end{aligned}", "block").count("<mtr>") == 2


def test_a_formula_that_is_not_known_stays_readable(render):
    with pytest.warns(UserWarning, match="stays as it is"):
        assert render.mathml(r"\left( <b>", "inline") == r"<code>\left( &lt;b&gt;</code>"


def test_links_lead_to_the_other_pages(render):
    html = render.markdown("[a](01_x.ipynb) [b](solutions/01_x.ipynb#c) [d](https://example.org/x.ipynb)")
    assert 'href="01_x.html"' in html and 'href="solutions/01_x.html#c"' in html
    assert 'href="https://example.org/x.ipynb"' in html


def test_pages_deeper_down_find_the_scripts(render):
    made = notebook("# Title")
    made.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    page = render.page(made, depth=1)
    assert 'src="../scripts/require.min.js"' in page and "'../scripts/widgets.js'" in page
    assert 'href="../index.html"' in page


def test_scripts_come_with_their_licences(render, tmp_path):
    render.copy_scripts(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names >= {"widgets.js", *render.SCRIPTS}
    for _, package in render.SCRIPTS.values():
        assert "Copyright" in (tmp_path / f"LICENSE-{package}.txt").read_text()


def test_the_list_names_what_is_there(render, tmp_path):
    (tmp_path / "solutions").mkdir()
    (tmp_path / "00_start_here.html").touch()
    (tmp_path / "solutions" / "01_id_spam_from_scratch.html").touch()
    render.write_contents(tmp_path)
    links = re.findall(r'href="([^"]+)"', (tmp_path / "index.html").read_text())
    assert links == ["00_start_here.html", "solutions/01_id_spam_from_scratch.html"]


def test_the_kernel_alone_is_told_that_its_page_will_have_none(render, tmp_path):
    path = tmp_path / "told.ipynb"
    nbformat.write(notebook("# Told", "from idspam_lab.widgets.parts import is_static", "is_static()"), path)
    (output,) = render.executed(path).cells[-1].outputs
    assert output["data"]["text/plain"] == "True" and not is_static()


def test_a_name_that_is_not_there_and_a_cell_that_fails_are_said(render, tmp_path):
    with pytest.raises(BadInput, match="no lesson '99'"):
        render.chosen(["99"])
    path = tmp_path / "bad.ipynb"
    nbformat.write(notebook("# Bad", "1 / 0"), path)
    with pytest.raises(BadInput, match="bad.ipynb does not run(.|\n)*ZeroDivisionError"):
        render.executed(path)
