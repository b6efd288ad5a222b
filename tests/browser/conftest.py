"""Chromium, the servers, and where screenshots go."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from .pages import Watched
from .servers import jupyterlab

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


@pytest.fixture(scope="package")
def chromium():
    """A running headless Chromium."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("No Chromium is installed, so nothing is tried in a real browser: apt-get install chromium.")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)  # a slow machine's kernel takes more than the 5 seconds that are the default
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def shots(tmp_path_factory):
    """The folder of screenshots: IDSPAM_SCREENSHOTS, or one that pytest keeps for a while."""
    named = os.environ.get("IDSPAM_SCREENSHOTS")
    folder = Path(named).absolute() if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets a fixture know whether its test failed."""
    report = yield
    item.failed = getattr(item, "failed", False) or report.failed
    return report


@pytest.fixture
def watched(chromium, shots, request):
    """A fresh page as wide as a projector; whatever a test did, nothing may have been asked of another machine."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    found = Watched(context.new_page(), shots)
    yield found
    if request.node.failed:
        found.shot(f"failed-{request.node.name}")
    context.close()
    assert found.requests and found.off_site == []


@pytest.fixture(scope="package")
def render():
    """notebooks/render.py."""
    path = Path(__file__).parents[2] / "notebooks" / "render.py"
    spec = importlib.util.spec_from_file_location("render", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="package")
def lab(chromium, tmp_path_factory):
    """A JupyterLab for all tests: copy notebooks into `lab.folder`."""
    home, folder = tmp_path_factory.mktemp("lab-home"), tmp_path_factory.mktemp("lab")
    (folder / "notebooks").mkdir()
    with jupyterlab(folder, home) as server:
        yield server
