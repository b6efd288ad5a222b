"""The teacher's page: its plans add up, its links lead somewhere, its commands are there."""

import re
import shlex

import pytest

from idspam_lab.cli.grammar import parser
from idspam_lab.lessons import SERIES


@pytest.fixture(scope="module")
def page(request):
    return (request.config.rootpath / "notebooks" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("title", "minutes"), [("A plan for 90 minutes", 90), ("A plan for 3 hours", 180)])
def test_a_plan_fills_its_time_and_leaves_each_lesson_the_time_it_computes(page, title, minutes):
    part = page.split(f"## {title}")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| (?:\[[^]]*\]\((\S+)\.ipynb\))? ?\|", part, re.MULTILINE)
    assert sum(int(share) for share, _ in rows) == minutes
    computing = {lesson.name: lesson.minutes for lesson in SERIES}
    lessons = [(int(share), name) for share, name in rows if name]
    assert len(lessons) >= 4 and all(share > 2 * computing[name] for share, name in lessons)


def test_links_lead_somewhere(page, request):
    folder = request.config.rootpath / "notebooks"
    links = re.findall(r"\]\(([^)#]+)\)", page)
    assert links and all((folder / link).is_file() for link in links)
    assert "(notebooks/README.md)" in (request.config.rootpath / "README.md").read_text(encoding="utf-8")


def test_commands_are_there(page, request):
    makefile = (request.config.rootpath / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`make (\w+)`", page)) | set(re.findall(r" make (\w+)$", page, re.MULTILINE))
    assert {"setup", "html", "app", "wheels"} <= targets
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
    for line in re.findall(r"`(idspam-lab [^`]+)`", page):
        assert callable(parser().parse_args(shlex.split(line)[1:]).run)


def test_files_that_it_names_are_there(page, request):
    root = request.config.rootpath
    assert "`data/adapters`" in page and (root / "data" / "adapters").is_dir()
    assert "`environment.yml`" in page and (root / "environment.yml").is_file()
