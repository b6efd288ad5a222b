"""The panels without a kernel: what their pure functions give, and what their observers do in plain Python."""

import asyncio
import json
import time
import warnings

import numpy as np
import pandas as pd
import pytest

from idspam_lab import BadInput, PromptClassifier, Settings
from idspam_lab.analysis.paths import knockout
from idspam_lab.backbones import load_backbone
from idspam_lab.widgets import LayerCurve, LiveTraining, PromptExplorer, TokenView, Transfer
from idspam_lab.widgets.chart import COLOURS, style_of
from idspam_lab.widgets.curve import curve_series, tasks_of
from idspam_lab.widgets.live import loss_series
from idspam_lab.widgets.tokens import tokens_html, tokens_of, view_of
from idspam_lab.widgets.transfer import confusion, flips, predictions
from tests.grid_models import save_model, tiny_config

TEXT = "a gripping film with a dull end"
HOSTILE = "</script><script>alert(1)</script> <b>bold</b> & \x1b[31m"


@pytest.fixture(scope="module")
def clf(tiny):
    return PromptClassifier(tiny, "idspam", labels=("neg", "<b>pos"), layer=1, read="mean").eval()


def json_of(widget):
    """What goes to the page: JSON must hold it."""
    return json.loads(
        json.dumps({key: value for key, value in widget.get_state().items() if key[0] != "_"}, default=str)
    )


# Tokens --------------------------------------------------------------------------------------------------------------


def test_a_view_says_what_the_knockout_said(clf):
    found = knockout(clf, TEXT, {2}, {2})
    view = view_of(found)
    assert view["weights"] == pytest.approx(found.weights.tolist(), rel=1e-5) and view["weights"][2] == 0
    assert view["left"] == [0, 1, 3, 4, 5, 6, 7, 8] and sum(view["probabilities"]) == pytest.approx(1)
    assert [token["special"] for token in tokens_of(found)] == [True, *[False] * 7, True]


def test_the_page_without_scripts_escapes_and_shows_every_weight(clf):
    found = knockout(clf, HOSTILE)
    html = tokens_html(tokens_of(found), list(found.probabilities), view_of(found))
    assert "<script" not in html and "<b>" not in html and "\x1b" not in html
    assert html.count("<small>x") == len(found.tokens) and "&lt;b&gt;pos" in html


def test_a_page_without_widgets_gets_html(clf):
    view = TokenView()
    view.show(knockout(clf, TEXT))
    assert "gripping" in view._repr_mimebundle_()[0]["text/html"]


# PromptExplorer ------------------------------------------------------------------------------------------------------


@pytest.fixture
def explorer(clf, tiny):
    other = PromptClassifier(tiny, "idspam", labels=("neg", "<b>pos"), layer=2, read="first").eval()
    plain = PromptClassifier(tiny, "linear_head", labels=("neg", "<b>pos")).eval()
    return PromptExplorer({"one": [clf, other], "two": plain}, [TEXT, "dull"])


def test_typing_shows_the_new_text(explorer, clf):
    explorer.text.value = "a moving film"
    assert [token["text"] for token in explorer.tokens.tokens] == ["[CLS]", "a", "moving", "film", "[SEP]"]
    expected = list(clf.explain(["a moving film"])[0].probabilities.values())
    assert explorer.tokens.view["probabilities"] == pytest.approx(expected, abs=1e-6)
    json_of(explorer.tokens)


def test_picking_a_text_puts_it_into_the_box(explorer):
    explorer.pick.value = "dull"
    assert explorer.text.value == "dull" and len(explorer.tokens.tokens) == 3


def test_a_text_of_ones_own_is_none_of_the_menus_and_the_menus_text_can_be_picked_again(explorer):
    explorer.text.value = "a moving film"
    assert explorer.pick.value is None
    explorer.pick.value = TEXT
    assert explorer.text.value == TEXT and explorer.pick.value == TEXT
    explorer.adapter.value = "two"
    assert explorer.pick.value == TEXT


def test_a_long_text_is_said_to_be_cut(clf):
    explorer = PromptExplorer(clf, [TEXT], max_length=8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # says how many texts
        explorer.text.value = "film " * 50
    assert "The text has 52 tokens; the first 8 are read." in explorer.tokens.notes and len(explorer.tokens.tokens) == 8
    explorer.text.value = "a film"
    assert explorer.tokens.said == ""


def take_away(explorer, generator=(), backbone=()):
    """What a click does."""
    explorer.tokens.out = {"generator": list(generator), "backbone": list(backbone)}


def test_a_token_taken_away_moves_the_probabilities_and_comes_back(explorer, clf):
    take_away(explorer, generator=[2])
    expected = list(knockout(clf, TEXT, {2}).probabilities.values())
    assert explorer.tokens.view["probabilities"] == pytest.approx(expected, abs=1e-6)
    assert explorer.tokens.view["probabilities"] != explorer.tokens.whole["probabilities"]
    take_away(explorer)
    assert explorer.tokens.view == explorer.tokens.whole


def test_tokens_stay_away_when_the_classifier_changes_and_return_with_another_text(explorer):
    take_away(explorer, [2], [2])
    explorer.layer.value = "2"
    assert explorer.tokens.out == {"generator": [2], "backbone": [2]} and 2 not in explorer.tokens.view["left"]
    explorer.text.value = "another text"
    assert explorer.tokens.out == {"generator": [], "backbone": []}


def test_a_click_that_asks_too_much_is_undone_and_explained(explorer):
    explorer.layer.value = "2"  # its head reads the first token
    take_away(explorer, [3], [])
    take_away(explorer, [3], [0])
    assert "head reads the first token" in explorer.tokens.said
    assert explorer.tokens.out == {"generator": [3], "backbone": []} and 3 not in explorer.tokens.view["left"]


def test_menus_offer_what_the_adapter_has(explorer):
    assert explorer.layer.options == ("1", "2") and explorer.method.disabled
    explorer.adapter.value = "two"
    assert (explorer.method.value, explorer.layer.value) == ("linear_head", "none")
    assert explorer.tokens.routes == ["both"] and explorer.tokens.view["weights"] is None


def test_a_refusal_names_the_routes_as_the_buttons_do(explorer):
    take_away(explorer, generator=range(9))
    assert "All 9 tokens would be gone for the prompt" in explorer.tokens.said
    explorer.layer.value = "2"
    take_away(explorer, backbone=[0])
    assert "cannot be taken from the frozen model" in explorer.tokens.said


def test_without_texts_nothing_stands_above(clf):
    assert PromptExplorer(clf, []).tokens.said == "Type a text."


def test_a_text_that_cannot_be_read_leaves_the_view(explorer):
    before = explorer.tokens.view
    explorer.text.value = "   "
    assert "Type a text." in explorer.tokens.said and explorer.tokens.view == before
    explorer.text.value = "good again"
    assert explorer.tokens.said == ""


def test_a_click_while_the_text_cannot_be_read_takes_nothing_away(explorer):
    for text in ("", "   "):
        explorer.text.value = text
        before, answered = explorer.tokens.out, explorer.tokens.answered
        take_away(explorer, [2], [2])
        assert explorer.tokens.out == before and explorer.tokens.answered > answered
        assert "Type a text." in explorer.tokens.said


def test_classifiers_that_the_menus_cannot_tell_apart_are_numbered(clf, tiny):
    second = PromptClassifier(tiny, "idspam", labels=("neg", "<b>pos"), layer=1, read="mean", seed=1).eval()
    panel = PromptExplorer([clf, second], [TEXT])
    assert panel.layer.options == ("1", "1 (2)") and panel.clf is clf
    panel.layer.value = "1 (2)"
    assert panel.clf is second


def test_pairs_have_two_boxes(clf):
    panel = PromptExplorer(clf, [("is it good ?", "it is")])
    panel.second.value = "it is not"
    assert [token["text"] for token in panel.tokens.tokens][-4:] == ["it", "is", "not", "[SEP]"]


def test_a_rendered_page_holds_every_answer(clf, monkeypatch):
    assert PromptExplorer(clf, [TEXT]).tokens.alone == {}
    monkeypatch.setenv("IDSPAM_STATIC", "1")
    alone = PromptExplorer(clf, [TEXT]).tokens.alone
    one = knockout(clf, TEXT, backbone={2})
    assert alone["backbone"][2]["probabilities"] == pytest.approx(list(one.probabilities.values()), abs=1e-5)
    assert {route: len(views) for route, views in alone.items()} == {"generator": 9, "backbone": 9, "both": 9}


def test_on_a_rendered_page_only_the_tokens_take_clicks(explorer, frame, clf, monkeypatch):
    monkeypatch.setenv("IDSPAM_STATIC", "1")
    panels = [PromptExplorer(explorer.choices[0].clf, [TEXT, "dull"]), LayerCurve(frame, lambda row: clf)]
    panels += [Transfer(table(x="abba", y="aabb")), LiveTraining(clf)]
    controls = [part for panel in panels for part in everything_in(panel) if part.has_trait("disabled")]
    assert len(controls) > 15 and all(part.disabled for part in controls)
    panels[0].narrow()  # offers anew
    assert panels[0].adapter.disabled and panels[0].pick.disabled
    assert not any(part.disabled for part in (explorer.pick, explorer.text, explorer.adapter))


def everything_in(part):
    yield part
    for child in getattr(part, "children", ()):
        yield from everything_in(child)


def test_no_classifier_is_refused():
    with pytest.raises(BadInput, match="no classifier to explore"):
        PromptExplorer({})


def test_the_first_response_to_thirty_tokens_is_quick(minilm):
    """Asked for: 300 ms on two cores. Measured: 71 to 82 ms with one thread, others at work on the same two cores.

    The bound is three times what was asked for, because the tests may run on a machine that is busier still.
    """
    clf = PromptClassifier(minilm, "idspam", labels=("neg", "pos"), layer=3).eval()
    panel = PromptExplorer(clf, ["warm"])
    text = (
        "a gripping , funny and unexpectedly moving film "
        + "that never ends , but what a cast , what music and what light"
    )
    seconds = []
    for last in ("", " !", " ! !"):
        started = time.perf_counter()
        panel.text.value = text + last
        seconds.append(time.perf_counter() - started)
    assert 25 <= len(panel.tokens.tokens) <= 35 and min(seconds) < 0.9


# LayerCurve ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def frame():
    rows = [
        {"train_task": "a", "test_task": task, "method": method, "layer": layer, "seed": seed, "metric": "acc_f1",
         "score": 0.5 + 0.01 * layer + 0.02 * seed, "accuracy": 0.6, "macro_f1": np.nan}
        for task in ("a", "b") for method in ("idspam", "lpt") for layer in (0, 1) for seed in (0, 1)
    ]  # fmt: skip
    return pd.DataFrame([*rows, {"train_task": "a", "test_task": "a", "method": "linear", "layer": None, "score": 0.4}])


def test_a_curve_is_the_mean_over_seeds_with_every_run_as_a_point(frame):
    (one,) = curve_series(tasks_of(frame.iloc[:-1])["a → b"], "score", ["idspam", "lpt"], ["lpt"])
    assert one["line"][1] == pytest.approx({"x": 1, "y": 52, "low": 51, "high": 53})
    keys = [int(point["key"]) for point in one["points"]]
    assert frame.loc[keys, "method"].unique() == ["lpt"] and frame.loc[keys, "test_task"].unique() == ["b"]
    assert [point["y"] for point in one["points"]] == pytest.approx([50, 52, 51, 53])


def test_menus_choose_task_measure_and_methods(frame):
    panel = LayerCurve(frame)
    assert panel.task.options == ("a", "a → b")
    assert panel.measure.options == ("mean of accuracy and macro F1", "accuracy", "macro F1")
    panel.methods[0].value = False
    assert [one["name"] for one in panel.chart.series] == ["lpt"] and panel.chart.x_ticks == [0, 1]
    panel.measure.value = "accuracy"
    assert panel.chart.y_label == "accuracy (%)" and panel.chart.series[0]["line"][0]["y"] == pytest.approx(60)
    panel.measure.value = "macro F1"
    assert panel.chart.series == [] and not panel.chart.clickable
    json_of(panel.chart)


def test_curves_of_two_frozen_models_are_two(frame):
    small, large = frame.assign(backbone="minilm"), frame.assign(backbone="mpnet", layer=frame["layer"] * 5)
    panel = LayerCurve(pd.concat([small, large], ignore_index=True))
    assert panel.task.options == ("a, minilm", "a → b, minilm", "a, mpnet", "a → b, mpnet")
    assert panel.chart.x_ticks == [0, 1] and len(panel.chart.series[0]["points"]) == 4
    panel.task.value = "a, mpnet"
    assert panel.chart.x_ticks == [0, 5] and len(panel.chart.series[0]["points"]) == 4
    assert LayerCurve(large).task.options == ("a", "a → b")


def test_a_click_opens_that_runs_weights(frame, clf):
    opened = []

    def open_run(row):
        opened.append((row["method"], row["layer"], row["seed"]))
        return clf if row["method"] == "idspam" else None

    panel = LayerCurve(frame, open_run, [TEXT, "dull"])
    assert "A click on a point" in panel.said.value and opened == []
    assert panel.chart.series[0]["points"][3]["text"].startswith("idspam, layer 1, seed 1:")  # not 1.0
    panel.chart.opened = panel.chart.series[0]["points"][3]["key"]
    assert opened == [("idspam", 1, 1)] and panel.tokens.tokens[2]["text"] == "gripping"
    panel.text.value = "dull"
    assert panel.tokens.tokens[1]["text"] == "dull"
    panel.chart.opened = panel.chart.series[1]["points"][0]["key"]
    assert "weights were not kept" in panel.said.value


def test_a_run_without_weights_shows_no_other_runs_tokens(frame, clf):
    def open_run(row):
        if row["seed"] == 1:
            raise RuntimeError("the disk is gone")
        return clf if row["method"] == "idspam" else None

    panel = LayerCurve(frame, open_run, [TEXT])
    first, second = (one["points"] for one in panel.chart.series)
    panel.chart.opened = first[0]["key"]
    assert panel.tokens.tokens
    panel.chart.opened = second[0]["key"]
    assert "weights were not kept" in panel.said.value and panel.tokens.tokens == []
    panel.chart.opened = first[0]["key"]
    panel.chart.opened = first[1]["key"]
    assert "the disk is gone" in panel.said.value and panel.tokens.tokens == []


def test_the_sentence_of_an_opened_run_follows_the_menus(frame, clf):
    opened = []
    panel = LayerCurve(frame, lambda row: opened.append(row) or clf, [TEXT])
    key = panel.chart.series[1]["points"][3]["key"]
    panel.chart.opened = key
    said = "lpt, layer 1, seed 1, a: mean of accuracy and macro F1 53.0"
    assert said in panel.said.value
    panel.measure.value = "accuracy"
    assert "lpt, layer 1, seed 1, a: accuracy 60.0" in panel.said.value and len(opened) == 1  # not opened again
    panel.methods[0].value = False
    assert panel.chart.opened == key and panel.tokens.tokens
    panel.task.value = "a → b"
    assert panel.chart.opened == "" and "A click on a point" in panel.said.value and panel.tokens.tokens == []
    for menu, value in ((panel.methods[1], False), (panel.measure, "macro F1")):
        panel.measure.value, panel.methods[1].value = "accuracy", True
        panel.chart.opened = panel.chart.series[0]["points"][0]["key"]
        menu.value = value
        assert panel.chart.opened == "" and panel.tokens.tokens == []


def test_what_came_of_opening_stays_said_when_the_measure_changes(frame):
    panel = LayerCurve(frame[frame["test_task"] == "b"], lambda row: None, [TEXT])
    panel.chart.opened = panel.chart.series[0]["points"][0]["key"]
    panel.measure.value = "accuracy"
    assert "idspam, layer 0, seed 0: accuracy 60.0\u00a0%. Its weights were not kept." in panel.said.value


def test_while_a_run_opens_the_panel_says_so(frame, clf):
    said = []

    def open_run(row):
        said.append((panel.said.value, panel.chart.answered))
        return clf

    panel = LayerCurve(frame, open_run, [TEXT])
    panel.chart.opened = panel.chart.series[0]["points"][0]["key"]
    ((sentence, answered),) = said
    assert "Opening ..." in sentence and answered == 1 and "Opening" not in panel.said.value


def test_a_frame_that_lacks_a_column_or_rows_is_refused(frame):
    with pytest.raises(BadInput, match="lacks seed"):
        LayerCurve(frame.drop(columns="seed"))
    with pytest.raises(BadInput, match="No row"):
        LayerCurve(frame.iloc[-1:])


def test_series_are_told_apart_without_colour():
    seen = {(style_of(i)["mark"], style_of(i)["dash"]) for i in range(12)}
    assert len(seen) == 12


def test_lines_stand_out_from_a_white_page_and_from_a_dark_one():
    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.05 + 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for colour in COLOURS:  # WCAG asks for 3 : 1
        assert light("#ffffff") / light(colour) >= 3 <= light(colour) / light("#111111"), colour


def test_the_chart_is_a_picture_too(frame):
    panel = LayerCurve(frame)
    ax = panel.figure().axes[0]
    assert ax.get_legend_handles_labels()[1] == ["idspam", "lpt"] and ax.lines[0].get_ydata() == pytest.approx([51, 52])
    assert panel._repr_mimebundle_()["text/html"].startswith('<img alt="a: mean of accuracy')


# Transfer ------------------------------------------------------------------------------------------------------------


def table(**said):
    """A table of predictions: method -> what it said of texts whose classes are a, a, b, b, and so on."""
    rows = [("s", "t", m, f"text {i}", "aabb"[i % 4], one) for m, every in said.items() for i, one in enumerate(every)]
    return pd.DataFrame(rows, columns=["source", "target", "method", "text", "label", "predicted"])


def test_flips_are_counted_by_what_became_of_them():
    frame = table(x="abba", y="aabc")
    found = flips(frame[frame.method == "x"].reset_index(), frame[frame.method == "y"].reset_index())
    assert found[["text", "kind"]].to_numpy().tolist() == [["text 1", "lost"], ["text 3", "neither"]]


def test_confusion_counts_true_by_read():
    counts = confusion(table(x="abbc"))
    assert counts.index.tolist() == ["a", "b", "c"] and counts.to_numpy().tolist() == [[1, 1, 0], [0, 1, 1], [0, 0, 0]]


def test_the_panel_compares_the_chosen_with_another():
    panel = Transfer(table(x="abba", y="aabb"))
    assert panel.other.options == ("y, trained on s",)
    assert "50.0\u00a0%" in panel.result.value and "2 wrong here, right there" in panel.result.value
    panel.method.value = "y"
    assert "2 right here, wrong there" in panel.result.value
    assert panel.figure().axes[0].images[0].get_array().tolist() == [[2, 0], [0, 2]]


def test_all_flips_can_be_read_up_to_a_number():
    two, three, many = (Transfer(table(x="bbaa" * n, y="aabb" * n)).result.value for n in (2, 3, 300))
    assert two.count("<li") == 8 and "The other" not in two
    assert three.count("<li") == 12 and "The other 4</summary>" in three
    assert many.count("<li") == 100 and "The next 92 of the other 1,192</summary>" in many


def test_texts_and_names_are_escaped():
    frame = table(**{"<b>": "aabb", "y": "bbbb"}).assign(text=[HOSTILE] * 8)
    panel = Transfer(frame)
    assert (
        "<script" not in panel.result.value and "\x1b" not in panel.result.value and "&lt;b&gt;" in panel.result.value
    )


def test_predictions_are_what_the_classifier_says(clf, validation):
    some = validation[:6]
    frame = predictions({"made up": {"idspam": clf}}, {"reviews": some})
    assert frame["predicted"].tolist() == clf.predict(some) and frame["text"].tolist() == list(some.texts)
    assert frame["label"].tolist() == [clf.id2label[i] for i in some.labels]
    panel = Transfer(pd.concat([frame, table(x="aabb")]))
    panel.target.value = "t"
    assert "idspam, trained on made up, has not read t" in panel.result.value


def test_classifiers_of_other_numbers_of_classes_are_not_compared(clf, tiny, validation):
    three = PromptClassifier(tiny, "linear_head", labels=3).eval()
    with pytest.raises(BadInput, match="have 2 and 3 classes"):
        predictions({"a": {"one": clf, "two": three}}, {"here": validation})


def test_a_table_without_a_column_is_refused():
    with pytest.raises(BadInput, match="lacks label"):
        Transfer(table(x="aabb").drop(columns="label"))


# LiveTraining --------------------------------------------------------------------------------------------------------


@pytest.fixture
def fresh(tiny):
    return PromptClassifier(tiny, "idspam", labels=("neg", "pos"), layer=1)


SHORT = Settings(epochs=3, lr=1e-2, precision="fp32")


def test_the_panel_follows_a_run_and_trains_as_fit_does(fresh, tiny, train, validation):
    panel = LiveTraining(fresh, [TEXT], levels={"majority class": 0.5})
    run = panel.fit(train, validation, SHORT).wait()
    other = PromptClassifier(tiny, "idspam", labels=("neg", "pos"), layer=1)
    expected = other.fit(train, validation, SHORT, progress=False)
    assert [row["train_loss"] for row in run.history] == [row["train_loss"] for row in expected.history]
    assert [point["key"] for point in panel.accuracy.series[0]["points"]] == ["1", "2", "3"]
    assert panel.accuracy.opened == str(run.best_epoch) and panel.accuracy.levels[0]["y"] == 50
    assert f"Done: 3 epochs in {run.seconds:.0f} s. Epoch {run.best_epoch}" in panel.said.value
    assert panel.stop_button.disabled
    for part in (panel.loss, panel.accuracy, *panel.views):
        json_of(part)


def test_stop_keeps_the_best_epoch_so_far(fresh, train, validation):
    panel = LiveTraining(fresh, [TEXT])
    epochs = []

    def press(progress):
        if progress.metrics:
            epochs.append(progress.metrics["validation_score"])
            if len(epochs) == 2:
                panel.stop_button.click()

    run = panel.fit(train, validation, Settings(epochs=50, lr=1e-2), callbacks=[press]).wait()
    assert run.stopped == "stopped by hand" and len(run.history) == 2
    assert run.best_epoch == 1 + int(np.argmax(epochs))
    assert f"Stopped by hand. Epoch {run.best_epoch}" in panel.said.value
    kept = knockout(fresh, TEXT)
    assert panel.views[0].view["weights"] == pytest.approx(kept.weights.tolist(), rel=1e-4)


def test_watched_texts_change_and_can_be_looked_back_at(fresh, train, validation):
    panel = LiveTraining(fresh, [TEXT, "dull"])
    before = panel.views[0].view
    panel.fit(train, validation, SHORT).wait()
    assert panel.views[0].view != before
    panel.back.value = 0
    assert panel.views[0].view == before and panel.back.text == "step 0"
    found = panel.attention()
    assert found.groupby(["step", "text"])["weight"].sum().to_numpy() == pytest.approx(1, abs=1e-5)
    assert set(found["text"]) == {0, 1} and found["step"].nunique() >= 4


def test_an_awaiting_cell_lets_others_work(fresh, train, validation):
    panel, ticks = LiveTraining(fresh, [TEXT]), []

    async def tick():
        while True:
            ticks.append(time.monotonic())
            await asyncio.sleep(0.01)

    async def cell():
        other = asyncio.create_task(tick())
        run = await panel.fit(train, validation, SHORT)
        other.cancel()
        return run

    assert len(asyncio.run(cell()).history) == 3 and len(ticks) > 3


def test_an_interrupted_wait_stops_the_training(fresh, train, validation):
    panel = LiveTraining(fresh, [TEXT])

    async def cell():
        task = asyncio.ensure_future(panel.fit(train, validation, Settings(epochs=500)).until_done())
        await asyncio.sleep(0.3)
        task.cancel()
        return await task

    assert asyncio.run(cell()).stopped == "stopped by hand"


def test_what_fit_refuses_reaches_whoever_waits(fresh, train, validation):
    panel = LiveTraining(fresh, [TEXT])
    with pytest.raises(BadInput, match="no labels"):
        panel.fit(type(train)(train.texts), validation, SHORT).wait()
    assert "no labels" in panel.said.value and panel.stop_button.disabled
    with pytest.raises(BadInput, match="Nothing is training"):
        LiveTraining(fresh, [TEXT]).wait()


def test_points_and_table_name_the_epoch(fresh, train, validation):
    panel = LiveTraining(fresh, [TEXT])
    run = panel.fit(train, validation, SHORT).wait()
    (series,) = panel.accuracy.series
    assert [point["note"] for point in series["line"]] == ["epoch 1", "epoch 2", "epoch 3"]
    assert series["points"][1]["text"].startswith(f"epoch 2, step {run.history[1]['step']}: ")


def test_without_validation_texts_the_panel_does_not_wait_for_any(fresh, train, validation):
    panel = LiveTraining(fresh, [TEXT])
    panel.fit(train, None, SHORT).wait()
    assert panel.accuracy.series == [] and panel.accuracy.empty == "No validation texts were given."
    panel.fit(train, validation[:0], SHORT).wait()
    assert panel.accuracy.empty == "No validation texts were given."
    panel.fit(train, validation, SHORT).wait()
    assert panel.accuracy.empty == "The first epoch is not finished yet."


def test_a_warning_of_the_training_is_said_in_the_panel(fresh, train, validation):
    panel = LiveTraining(fresh, ["dull"])  # not cut, too: of that, the panel would warn in this thread
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(2):  # of the second training, too
            panel.fit(train, validation, Settings(epochs=1, max_length=4, precision="fp32")).wait()
            assert "texts of made-up reviews are longer than 4 tokens and were cut there." in panel.warning.value
            assert panel.warning.layout.display is None
        assert caught == []
        warnings.warn("of another thread", UserWarning, stacklevel=1)
        assert len(caught) == 1
    panel.fit(train, validation, SHORT).wait()
    assert panel.warned == [] and panel.warning.layout.display == "none"


def test_a_disabled_button_does_nothing(fresh):
    panel = LiveTraining(fresh, [TEXT])
    panel.stop_button.click()
    assert "Not started yet." in panel.said.value and not panel.asked_to_stop.is_set()


def test_one_training_at_a_time(fresh, train, validation):
    panel = LiveTraining(fresh, [TEXT])
    panel.fit(train, validation, Settings(epochs=500))
    with pytest.raises(BadInput, match="trains already"):
        panel.fit(train, validation, SHORT)
    panel.stop()
    panel.wait()


def test_a_run_that_is_already_there_is_shown_without_training(fresh, tiny, train, validation, tmp_path):
    LiveTraining(fresh, [TEXT]).fit(train, validation, SHORT, out=tmp_path).wait()
    again = PromptClassifier(tiny, "idspam", labels=("neg", "pos"), layer=1)
    panel = LiveTraining(again, [TEXT])
    panel.fit(train, validation, SHORT, out=tmp_path).wait()
    assert (
        panel.losses == [] and len(panel.loss.series[0]["line"]) == 3 and len(panel.accuracy.series[0]["points"]) == 3
    )


def test_the_cell_run_again_goes_on_after_stop_and_reads_back_after_the_end(fresh, tiny, train, validation, tmp_path):
    panel, pressed = LiveTraining(fresh, [TEXT]), []

    def press(progress):
        if progress.metrics and not pressed:
            pressed.append(progress)
            panel.stop_button.click()

    stopped = panel.fit(train, validation, SHORT, callbacks=[press], out=tmp_path).wait()
    ended = panel.fit(train, validation, SHORT, callbacks=[press], out=tmp_path).wait()
    assert stopped.stopped and not ended.stopped
    assert len(stopped.history) == 1 and len(ended.history) == 3 and ended.history[0] == stopped.history[0]
    again = panel.fit(train, validation, SHORT, out=tmp_path).wait()
    assert again.history == ended.history and panel.losses == []
    other = PromptClassifier(tiny, "idspam", labels=("neg", "pos"), layer=1)
    expected = other.fit(train, validation, SHORT, progress=False)
    anew = panel.fit(train, validation, SHORT).wait()
    assert [row["train_loss"] for row in anew.history] == [row["train_loss"] for row in expected.history]


def test_loss_curves_stay_short():
    assert [point["y"] for point in loss_series([1.0, 3.0])[0]["line"]] == [1, 3]
    line = loss_series([float(i) for i in range(1000)])[0]["line"]
    assert len(line) <= 150 and line[0] == {"x": 7, "y": 3} and line[-1]["x"] == 1000


def test_the_live_panel_has_a_page_without_kernel(fresh, train, validation):
    panel = LiveTraining(fresh, [TEXT])
    panel.fit(train, validation, SHORT).wait()
    html = panel._repr_mimebundle_()["text/html"]
    assert html.startswith('<img alt="training curve"') and "gripping" in html


def test_what_the_model_has_no_tokens_for_is_said(clf):
    explorer = PromptExplorer(clf, ["a gripping film", "\U0001f600 film \U0001f600"])
    assert explorer.tokens.notes == ""
    explorer.put("\U0001f600 film \U0001f600")
    assert "Unknown to this model, shown as [UNK]: 2 of the 5 tokens." in explorer.tokens.notes
    assert explorer.tokens.said == ""  # the verdict stands beside it


def test_a_mark_that_stands_for_unknown_tokens_too_is_no_unknown_token(tmp_path):
    """GPT-2 writes one and the same token for the end of a text and for what it does not know."""
    save_model(tmp_path, tiny_config("gpt2"))
    backbone = load_backbone(str(tmp_path))
    backbone.tokenizer.unk_token = backbone.tokenizer.eos_token
    explorer = PromptExplorer(PromptClassifier(backbone, "idspam", t=2, c=4), ["a film"])
    assert explorer.tokens.notes == "" and explorer.tokens.said == ""
