"""Every lesson in a real browser: run in JupyterLab through the menu, served by Voila, and as a page from disk.

New lessons are found by themselves; what a person does in them stands in uses.py. They run on their small setting
(IDSPAM_QUICK).
"""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from idspam_lab.demo import run_demo
from idspam_lab.tasks import load_task

from .servers import jupyterlab, voila
from .uses import AFTERWARDS, AS_A_PAGE, AS_AN_APP, WHILE_IT_RUNS, nothing

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LESSONS = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
MINUTES = 20  # a lesson may take, on a machine that does other things too
pytestmark = pytest.mark.browser
each_lesson = pytest.mark.parametrize("name", LESSONS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of the lessons; the small setting for all kernels."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(NOTEBOOKS, root / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDSPAM_QUICK", "1")
        yield root / "notebooks"


@pytest.fixture(scope="module")
def demo(folder):
    """The result of a small demo, which the first lesson shows: a twentieth of the texts to test on."""

    def fewer(*arguments, **options):
        data = load_task(*arguments, **options)
        parts = {name: getattr(data, name) for name in ("validation", "test")}
        return replace(data, **{name: part.select(range(0, len(part), 20)) for name, part in parts.items()})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("idspam_lab.demo.load_task", fewer)
        run_demo(folder.parent / "runs" / "demo", limit=40, epochs=1, reviews=10, say=lambda line: None)


@pytest.fixture(scope="module")
def server(chromium, folder, tmp_path_factory):
    with jupyterlab(folder, tmp_path_factory.mktemp("course-home")) as found:
        yield found


@pytest.fixture
def course(server):
    """JupyterLab on the lessons, without the kernels of the lesson before."""
    yield server
    server.stop_kernels()


@pytest.fixture(scope="module")
def apps(chromium, folder, tmp_path_factory):
    with voila(folder, tmp_path_factory.mktemp("apps-home")) as found:
        yield found


@pytest.mark.slow
@each_lesson
def test_a_lesson_runs_in_jupyterlab(demo, course, watched, name):
    watched.open_in_lab(course, name)
    watched.start_all()
    WHILE_IT_RUNS.get(name, nothing)(watched)
    watched.finish_all(course, name, 60 * MINUTES)
    AFTERWARDS.get(name, nothing)(watched)
    cells = watched.page.locator(".jp-CodeCell .jp-InputPrompt").all_text_contents()
    assert cells and all(re.fullmatch(r"\[\d+\]:", text.strip()) for text in cells)
    assert watched.trouble() == []
    watched.shots_of_all(Path(name).stem)


@pytest.mark.slow
@each_lesson
def test_a_lesson_is_an_app(demo, apps, watched, name):
    watched.open_in_voila(apps, name, 60 * MINUTES)
    expect(watched.page.locator("h1").first).to_be_visible()
    AS_AN_APP.get(name, nothing)(watched)
    assert watched.trouble() == []


@pytest.mark.slow
@each_lesson
def test_a_lesson_is_a_page(demo, folder, watched, render, tmp_path, name):
    render.copy_scripts(tmp_path / "scripts")
    page = tmp_path / Path(name).with_suffix(".html")
    page.write_text(render.page(render.executed(folder / name)), encoding="utf-8")
    watched.open_page(page)
    expect(watched.page.locator("h1").first).to_be_visible()
    AS_A_PAGE.get(name, nothing)(watched)
    assert watched.trouble() == []
    watched.page.screenshot(path=watched.shots / f"page-{page.stem}.png", full_page=True)


def test_the_list_of_apps_asks_nobody_either(apps, watched):
    watched.page.goto(apps.address, timeout=120_000)
    expect(watched.page.get_by_text(LESSONS[0])).to_be_visible()
    watched.shot("apps")
