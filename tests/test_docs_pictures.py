"""The saved examples: one for every picture of the package, small, and each with its caption."""

import importlib.util

import pytest
from PIL import Image

from idspam_lab import plots


@pytest.fixture(scope="module")
def docs(request):
    return request.config.rootpath / "docs"


def test_every_picture_is_drawn_small_and_named(docs):
    spec = importlib.util.spec_from_file_location("make_pictures", docs / "make_pictures.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    drawn = {draw.__name__ for draw in script.DRAWN}
    files = {path.stem: path for path in (docs / "pictures").glob("*.png")}
    text = (docs / "pictures" / "README.md").read_text()
    assert drawn == set(files)
    for name, path in files.items():
        assert path.stat().st_size < 150_000 and f"]({path.name})" in text, name
        with Image.open(path) as image:
            assert image.format == "PNG" and min(image.size) >= 300
    kinds = {name for name in plots.__all__ if name.islower() and name not in ("save", "style")}
    parts = {"erasure", "changed_prompts"}  # panels of the faithfulness figure
    assert kinds - parts <= drawn
