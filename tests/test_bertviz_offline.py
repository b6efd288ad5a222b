"""The attention views: what is drawn, that nothing is loaded, and that no token can leave its script."""

import hashlib
import json
import re

import numpy as np
import pytest

from idspam_lab import BadInput, PromptClassifier, bertviz_offline, vendor
from idspam_lab.analysis.blocks import BlockAttention, block_attention
from idspam_lab.bertviz_offline import generator_view, head_view, model_view

TEXT = "a gripping film"
HOSTILE = ["</script><b>", "<!--<script>", "\x1b[31m", "\u2028", "a" * 30]


@pytest.fixture(scope="module")
def clf(tiny):
    return PromptClassifier(tiny, "idspam", labels=("neg", "pos"), layer=1, t=3).eval()


def drawn(page):
    """What bertviz's script was given."""
    return json.loads(re.search(r"const params = (\{.*\});", page).group(1))


def test_the_head_view_holds_the_blocks_above_the_prompt(clf):
    made, found = drawn(head_view(clf, TEXT).page), block_attention(clf, TEXT)
    tokens = ["<prompt 1>", "<prompt 2>", "<prompt 3>", "[CLS]", "a", "gripping", "film", "[SEP]"]
    assert made["attention"][0]["left_text"] == tokens
    assert made["include_layers"] == [1, 2] and made["layer"] == 1
    assert np.array(made["attention"][0]["attn"]) == pytest.approx(found.weights, abs=1e-4)


def test_the_model_view_holds_the_same(clf):
    made, found = drawn(model_view(clf, TEXT).page), block_attention(clf, TEXT)
    assert np.array(made["attention"][0]["attn"]) == pytest.approx(found.weights, abs=1e-4)
    assert made["include_layers"] == [1, 2] and made["total_heads"] == 4


def test_the_generators_view_holds_eq_1(clf):
    made = drawn(generator_view(clf, TEXT).page)
    assert np.array(made["attention"][0]["attn"])[0, 0] == pytest.approx(clf.explain([TEXT])[0].attention, abs=1e-4)


@pytest.mark.parametrize("make", [head_view, model_view, generator_view])
def test_a_page_loads_nothing(clf, make, tmp_path):
    page = make(clf, TEXT).save(tmp_path / "view.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=", page) and "cdnjs" not in page
    assert "default-src 'none'" in page


def test_hostile_tokens_stay_in_their_script(clf, monkeypatch):
    attention = np.full((2, 4, 5, 5), 0.2)
    found = BlockAttention(HOSTILE, 0, [1, 2], attention)
    monkeypatch.setattr(bertviz_offline, "block_attention", lambda *_, **__: found)
    page = head_view(clf, TEXT).page
    ours = page[page.index(bertviz_offline.REQUIRE) :]
    assert ours.count("<script") == 1 and ours.count("</script>") == 2 and "<!--" not in ours and "<b>" not in ours
    assert drawn(page)["attention"][0]["left_text"] == [
        "</script><b>",
        "<!--<script>",
        "␛[31m",
        "<U+2028>",
        "a" * 13 + "…",
    ]


def test_a_notebook_shows_the_page_in_a_frame_of_its_own(clf):
    frame = head_view(clf, TEXT)._repr_html_()
    assert frame.startswith('<div><iframe sandbox="allow-scripts" ') and frame.count("<") == 4
    assert "allow-same-origin" not in frame


def test_refuses_what_cannot_be_drawn(clf, tiny):
    with pytest.raises(BadInput, match="beyond 100"):
        head_view(clf, "word " * 120)
    with pytest.warns(UserWarning, match="cut"):
        assert head_view(clf, "word " * 120, max_length=50)
    with pytest.raises(BadInput, match="passes blocks 1 to 2"):
        head_view(clf, TEXT, layer=0)
    with pytest.raises(BadInput):
        head_view(PromptClassifier(tiny, "linear_head", labels=("neg", "pos")), TEXT)


@pytest.mark.parametrize("name", vendor.SHA256)
def test_other_peoples_scripts_are_as_published_and_have_their_licences(name):
    assert hashlib.sha256((vendor.HERE / name).read_bytes()).hexdigest() == vendor.SHA256[name]
    assert "Copyright" in (vendor.HERE / name).with_name("LICENSE.txt").read_text()
    assert {path.relative_to(vendor.HERE).as_posix() for path in vendor.HERE.rglob("*.js")} == set(vendor.SHA256)
