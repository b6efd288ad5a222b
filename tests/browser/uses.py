"""What a person does in the lessons beyond running them, and with the panels: the same gestures for both."""

import re

from playwright.sync_api import expect

MINUTE = 60_000  # milliseconds


def panel(page, kind):
    """By its kind, not its place: JupyterLab takes cells that are out of sight off the page."""
    return page.locator(f".idspam-{kind}")


# Live training -------------------------------------------------------------------------------------------------------


def stop_the_training(watched):
    """Waits for the first epoch, presses Stop, and reads what is kept."""
    live = panel(watched.page, "LiveTraining")
    live.wait_for(state="attached", timeout=10 * MINUTE)
    live.scroll_into_view_if_needed()
    expect(live.get_by_text(re.compile("Best so far: epoch [1-9]"))).to_be_visible(timeout=3 * MINUTE)
    expect(live.locator(".idspam-chart").first.locator("path").first).to_be_visible()
    watched.shot("live-training", live)
    stop = live.get_by_role("button", name="Stop")
    stop.press("Enter")
    expect(live.get_by_text(re.compile("Stopped by hand. Epoch [1-9]"))).to_be_visible(timeout=MINUTE)
    expect(stop).to_be_disabled()


def look_back(watched):
    """The slider shows the weights of earlier steps."""
    live = panel(watched.page, "LiveTraining")
    live.scroll_into_view_if_needed()
    now = live.locator(".idspam-times").first.inner_text(), live.locator(".idspam-number").all_inner_texts()
    live.get_by_role("slider", name="Look back:").press("Home")
    expect(live.get_by_text("step 0", exact=True)).to_be_visible()
    expect(live.get_by_role("slider", name="Look back:")).to_have_attribute("aria-valuetext", "step 0")
    assert now != (live.locator(".idspam-times").first.inner_text(), live.locator(".idspam-number").all_inner_texts())


def look_back_at_a_whole_run(watched):
    """As an app: the cells have run before the page is there, so nothing is left to stop."""
    live = panel(watched.page, "LiveTraining")
    expect(live.get_by_text(re.compile(r"Done: 20 epochs in \d+ s\. Epoch \d+"))).to_be_visible()
    expect(live.get_by_role("button", name="Stop")).to_be_disabled()
    look_back(watched)


def read_without_a_kernel(watched):
    """As a page: the curve and the watched texts are there, and the page says that nothing answers."""
    live = panel(watched.page, "LiveTraining")
    expect(live.get_by_text("This page has no kernel")).to_be_visible()
    expect(live.get_by_text("Done: 20 epochs")).to_be_visible()
    expect(live.locator(".idspam-token").first).to_be_visible()


# The layer curve and the transfer ------------------------------------------------------------------------------------


def open_runs(watched):
    """A click on a point shows that run's weights, for any of the texts; a metric is chosen."""
    curve = panel(watched.page, "LayerCurve")
    curve.scroll_into_view_if_needed()
    curve.get_by_role("button", name="ID-SPAM, layer 3, seed 1:").click()
    expect(curve.locator(".idspam-sentence").first).to_contain_text("ID-SPAM, layer 3, seed 1", timeout=MINUTE)
    expect(curve.locator(".idspam-token").nth(2)).to_contain_text("gripping")
    curve.get_by_label("Text:").select_option(index=1)
    expect(curve.locator(".idspam-token").nth(1)).to_contain_text("dull")
    curve.get_by_role("button", name="ID-SPAM, layer 5, seed 0:").press("Enter")
    expect(curve.locator(".idspam-sentence").first).to_contain_text("ID-SPAM, layer 5, seed 0")
    curve.get_by_label("Metric:").select_option("macro F1")
    expect(curve.get_by_text("macro F1 (%)").first).to_be_visible()
    watched.shot("lesson-layer-curve", curve)


def see_the_runs(watched):
    """As a page: every run is a mark with its score, and the page says that nothing answers."""
    curve = panel(watched.page, "LayerCurve")
    expect(curve.get_by_text("This page has no kernel")).to_be_visible()
    expect(curve.get_by_role("img", name="ID-SPAM, layer 3, seed 1:")).to_be_visible()


def read_the_flips(watched):
    """Another source, target and method; the texts that two classifiers read differently."""
    transfer = panel(watched.page, "Transfer")
    transfer.scroll_into_view_if_needed()
    source = transfer.get_by_label("Trained on:").input_value()
    see_the_predictions(watched)
    transfer.get_by_label("Method:").select_option("linear head")
    expect(transfer.get_by_text(f"linear head, trained on {source}: what it read as what")).to_be_visible()
    transfer.get_by_label("Trained on:").select_option("imdb")
    expect(transfer.get_by_text("linear head, trained on imdb: what it read as what")).to_be_visible()  # offers anew
    transfer.get_by_label("Compared with:").select_option(f"linear head, trained on {source}")
    expect(transfer.get_by_text(f"Texts that flip against linear head, trained on {source}")).to_be_visible()
    expect(transfer.locator("li").first).to_contain_text("true class")
    transfer.get_by_label("Read:").select_option(source)
    expect(transfer.get_by_text(f"Everyone who read {source}")).to_be_visible()
    watched.shot("lesson-transfer", transfer)


def see_the_predictions(watched):
    """The tables are there before anything is chosen."""
    transfer = panel(watched.page, "Transfer")
    expect(transfer.get_by_text("Everyone who read imdb")).to_be_visible()
    expect(transfer.get_by_text(re.compile("^ID-SPAM, trained on .*: what it read as what"))).to_be_visible()


# Token attention -----------------------------------------------------------------------------------------------------


def explore_by_hand(watched):
    """bertviz has drawn its lines; a text is typed, one of its tokens is taken away, another seed is chosen."""
    page = watched.page
    frames = page.locator('iframe[title="attention view"]')
    expect(frames).to_have_count(2)
    for number, token in enumerate(("misleading", "<prompt 10>")):
        frames.nth(number).scroll_into_view_if_needed()
        expect(frames.nth(number).content_frame.locator("svg text", has_text=token).first).to_be_visible()
    explorer = panel(page, "PromptExplorer")
    explorer.scroll_into_view_if_needed()
    tokens = explorer.locator(".idspam-token")
    explorer.get_by_label("Sentence:").fill("a dull film")
    expect(tokens.nth(2)).to_contain_text("dull")
    tokens.nth(2).click()
    expect(tokens.nth(2)).to_contain_text("−both")
    explorer.get_by_label("Adapter:").select_option("seed 1")
    expect(explorer.locator(".idspam-status")).to_contain_text("Predicted")
    watched.shot("lesson-explorer", explorer)


def explore_without_a_kernel(watched):
    """As a page: tokens of the first text can be taken away, and the page says that nothing else answers."""
    explorer = panel(watched.page, "PromptExplorer")
    expect(explorer.get_by_text("This page has no kernel")).to_be_visible()
    explorer.locator(".idspam-token").nth(2).click()
    expect(explorer.locator(".idspam-token").nth(2)).to_contain_text("−")


# The lessons: what is done while a notebook runs, afterwards, in its app and on its page -----------------------------

WHILE_IT_RUNS = {"02_training.ipynb": stop_the_training}
AFTERWARDS = {
    "02_training.ipynb": look_back,
    "03_token_attention.ipynb": explore_by_hand,
    "04_layer_curve.ipynb": open_runs,
    "05_transfer.ipynb": read_the_flips,
}
AS_AN_APP = {
    "02_training.ipynb": look_back_at_a_whole_run,
    "03_token_attention.ipynb": explore_by_hand,
    "04_layer_curve.ipynb": open_runs,
    "05_transfer.ipynb": read_the_flips,
}
AS_A_PAGE = {
    "02_training.ipynb": read_without_a_kernel,
    "03_token_attention.ipynb": explore_without_a_kernel,
    "04_layer_curve.ipynb": see_the_runs,
    "05_transfer.ipynb": see_the_predictions,
}


def nothing(watched):
    """For lessons that are only run."""
