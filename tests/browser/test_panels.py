"""Every panel used as a person would: typed into, chosen from, clicked, stopped; by mouse and by keyboard."""

import re

import pytest
from playwright.sync_api import expect

from .panels import HOSTILE, ONE_CLASSIFIER, TRAINS_IN_VOILA, notebook_of, panels
from .servers import voila
from .uses import look_back, panel, stop_the_training

pytestmark = pytest.mark.browser


def test_panels_in_jupyterlab(lab, watched):
    """One visit, in the order of the notebook: the training is stopped by hand, all else follows from it."""
    (lab.folder / "panels.ipynb").write_text(panels())
    page = watched.page
    watched.open_in_lab(lab, "panels.ipynb")
    watched.start_all()
    stop_the_training(watched)
    watched.finish_all(lab, "panels.ipynb")
    assert re.search(r"\d+ epochs, stopped: stopped by hand, kept: [1-9]", page.locator(".jp-Notebook").text_content())
    look_back(watched)
    explore(watched, panel(page, "PromptExplorer"))
    open_a_run(watched, panel(page, "LayerCurve"))
    compare(watched, panel(page, "Transfer"))
    see_attention(watched)
    expect(page.locator("pre", has_text="all cells ran")).to_be_visible()
    assert watched.trouble() == []
    lab.stop_kernels()
    click_without_an_answer(panel(page, "PromptExplorer"))


SLOW_START = """
const address = URL.createObjectURL;
URL.createObjectURL = (blob) => { // anywidget loads each of our scripts from such an address
    const end = performance.now() + (blob.type === "text/javascript" ? 2500 : 0);
    while (performance.now() < end);
    return address.call(URL, blob);
};
"""


def test_panels_on_a_slow_machine(lab, watched):
    """A page that needs longer for a script than anywidget waits shows the kernel's later words all the same."""
    (lab.folder / "slow.ipynb").write_text(notebook_of(ONE_CLASSIFIER))
    watched.page.add_init_script(SLOW_START)
    watched.open_in_lab(lab, "slow.ipynb")
    watched.start_all()
    watched.finish_all(lab, "slow.ipynb")
    curve, explorer = panel(watched.page, "LayerCurve"), panel(watched.page, "PromptExplorer")
    curve.get_by_role("button", name="idspam, layer 3, seed 0: 70.0").click()
    expect(curve.locator(".idspam-token").nth(2)).to_contain_text("gripping")
    explorer.locator(".idspam-token").nth(2).click()
    expect(explorer.locator(".idspam-number").first).to_contain_text("was")
    assert watched.trouble() == []


@pytest.mark.slow
def test_panels_in_voila(chromium, watched, tmp_path):
    """As an app: the cells have run before the page is there, so one panel trains on behind it."""
    folder = tmp_path / "apps"
    folder.mkdir()
    (folder / "panels.ipynb").write_text(panels(epochs=1))
    (folder / "training.ipynb").write_text(notebook_of(TRAINS_IN_VOILA))
    with voila(folder, tmp_path / "home") as server:
        watched.open_in_voila(server, "panels.ipynb")
        explore(watched, panel(watched.page, "PromptExplorer"))
        open_a_run(watched, panel(watched.page, "LayerCurve"))
        compare(watched, panel(watched.page, "Transfer"))
        see_attention(watched)
        assert watched.trouble() == []
        watched.open_in_voila(server, "training.ipynb")
        stop_the_training(watched)
        assert watched.trouble() == []


@pytest.mark.slow
def test_panels_on_a_page_without_kernel(watched, render, tmp_path):
    """From disk: pictures, numbers and single tokens taken away; what needs a kernel says so."""
    (tmp_path / "panels.ipynb").write_text(panels(epochs=1))
    render.copy_scripts(tmp_path / "scripts")
    page = tmp_path / "panels.html"
    page.write_text(render.page(render.executed(tmp_path / "panels.ipynb")), encoding="utf-8")
    watched.open_page(page)
    explorer = panel(watched.page, "PromptExplorer")
    expect(explorer.get_by_text("This page has no kernel")).to_be_visible()
    tokens, status = explorer.locator(".idspam-token"), explorer.locator(".idspam-status")
    whole = status.inner_text()
    tokens.nth(2).press("Enter")
    expect(status).to_contain_text("The whole text")
    explorer.get_by_label("the frozen model", exact=True).check()
    tokens.nth(4).click()  # one at a time: the other comes back
    expect(tokens.nth(4)).to_contain_text("−model")
    expect(tokens.nth(2)).to_have_attribute("aria-pressed", "false")
    watched.shot("page-without-kernel", explorer)
    tokens.nth(4).click()
    expect(status).to_have_text(whole)
    expect(panel(watched.page, "LiveTraining").get_by_text("Done: 1 epochs")).to_be_visible()
    expect(panel(watched.page, "LayerCurve").get_by_role("img", name="idspam, layer 3, seed 1: 69.4")).to_be_visible()
    transfer = panel(watched.page, "Transfer")
    expect(transfer.get_by_text("idspam, trained on reviews: what it read as what")).to_be_visible()
    see_attention(watched)
    assert watched.trouble() == []


def explore(watched, explorer):
    tokens, status = explorer.locator(".idspam-token"), explorer.locator(".idspam-status")
    watched.shot("explorer", explorer)
    before = status.inner_text()

    tokens.nth(2).hover()
    expect(explorer.locator(".idspam-detail")).to_contain_text("of the prompt's weight")
    tokens.nth(2).click()  # both routes
    expect(tokens.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(tokens.nth(2)).to_contain_text("−both")
    expect(status).to_contain_text("The whole text")

    explorer.get_by_label("the prompt", exact=True).check()  # and on with the keyboard
    expect(explorer.get_by_label("the prompt", exact=True)).to_be_focused()
    tokens.nth(2).press("ArrowRight")
    tokens.nth(3).press("ArrowRight")
    tokens.nth(4).press("Enter")
    expect(tokens.nth(4)).to_contain_text("−prompt")
    tokens.nth(4).press("End")
    tokens.last.press("Space")
    expect(tokens.last).to_contain_text("−prompt")
    watched.shot("explorer-taken-away", explorer)
    assert re.search(r"\d %, x|taken away from the prompt", tokens.nth(4).get_attribute("aria-label"))
    explorer.get_by_role("button", name="Put all back").click()
    expect(status).to_have_text(before)

    box = explorer.get_by_label("Sentence:")
    box.fill("dull")
    expect(tokens).to_have_count(3)
    milliseconds = time_to_answer(watched.page, box, " and long")
    print(f"the page answered a key after {milliseconds:.0f} ms")
    expect(tokens).to_have_count(5)
    assert milliseconds < 3_000  # asked for: 300 on a machine that does nothing else

    explorer.get_by_label("Pick a text:").select_option(index=1)
    expect(box).to_have_value(HOSTILE)
    expect(tokens.filter(has_text="script").first).to_be_visible()
    explorer.get_by_label("Layer m:").select_option("0")
    explorer.get_by_label("Adapter:").select_option("frozen")
    expect(explorer.get_by_text("A click takes a token away")).to_be_visible()
    expect(explorer.locator(".idspam-weight").first).to_be_hidden()
    box.fill("   ")
    expect(status).to_contain_text("Type a text.")
    box.fill("a fine film")
    expect(tokens).to_have_count(5)


def click_without_an_answer(explorer):
    """A kernel that is gone has taken nothing away, and the page does not say so either."""
    explorer.scroll_into_view_if_needed()
    tokens, status = explorer.locator(".idspam-token"), explorer.locator(".idspam-status")
    tokens.nth(2).click()
    expect(status).to_contain_text("No kernel answers", timeout=15_000)
    expect(tokens.nth(2)).to_have_attribute("aria-pressed", "false")
    expect(explorer.locator(".idspam-number").first).not_to_contain_text("was")


def time_to_answer(page, box, text):
    """Milliseconds from the last key to the change of the tokens on the page."""
    box.evaluate("""box => {  // its own panel: JupyterLab takes cells that are out of sight off the page
        const list = box.closest(".idspam-panel").querySelector(".idspam-list");
        document.addEventListener("keydown", () => { window.pressed = performance.now(); }, true);
        new MutationObserver(() => { window.answered = performance.now(); }).observe(list, { childList: true });
    }""")
    box.press("End")
    box.press_sequentially(text, delay=150)
    page.wait_for_function("window.answered > window.pressed")
    return page.evaluate("window.answered - window.pressed")


def open_a_run(watched, curve):
    expect(curve.get_by_text("A click on a point")).to_be_visible()
    curve.get_by_role("button", name="idspam, layer 3, seed 1:").click()
    expect(curve.locator(".idspam-token").nth(2)).to_contain_text("gripping")
    expect(curve.locator(".idspam-sentence")).to_contain_text("idspam, layer 3, seed 1")
    watched.shot("layer-curve", curve)
    curve.get_by_role("button", name="idspam, layer 3, seed 1:").press("ArrowRight")
    curve.get_by_role("button", name="idspam, layer 4, seed 0:").press("Enter")
    expect(curve.locator(".idspam-sentence")).to_contain_text("weights were not kept")
    curve.get_by_role("checkbox", name="lpt").uncheck()
    expect(curve.get_by_role("button", name="lpt")).to_have_count(0)
    curve.get_by_label("Metric:").select_option("macro F1")
    expect(curve.get_by_role("button", name="idspam, layer 0, seed 0: 60.0")).to_be_visible()
    curve.get_by_label("Task:").select_option("reviews → imdb")
    expect(curve.get_by_role("button", name="idspam, layer 0, seed 0: 50.0")).to_be_visible()
    curve.locator("summary").click()
    expect(curve.get_by_role("cell", name="50.00")).to_have_count(6)


def compare(watched, transfer):
    expect(transfer.get_by_text("idspam, trained on reviews: what it read as what")).to_be_visible()
    transfer.get_by_label("Method:").select_option("linear head")
    expect(transfer.get_by_text("linear head, trained on reviews: what it read as what")).to_be_visible()
    transfer.get_by_label("Compared with:").select_option("idspam, trained on nothing")
    expect(transfer.get_by_text("Texts that flip against idspam, trained on nothing")).to_be_visible()
    watched.shot("transfer", transfer)
    transfer.get_by_label("Trained on:").select_option("nothing")
    expect(transfer.get_by_text("linear head, trained on nothing, has not read held out")).to_be_visible()


def see_attention(watched):
    """bertviz's views draw their lines, in frames of their own; no token has become a script."""
    frames = watched.page.locator('iframe[title="attention view"]')
    expect(frames).to_have_count(3)
    asked = []
    watched.page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    for number, token in enumerate(("<prompt 10>", "Heads", "script")):
        frames.nth(number).scroll_into_view_if_needed()
        inside = frames.nth(number).content_frame
        expect(inside.locator("svg text", has_text=token).first).to_be_visible()
        assert inside.locator("svg line").count() > 20
        watched.shot(f"attention-{number}", frames.nth(number))
    assert asked == []
