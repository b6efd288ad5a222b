"""The pictures, by their data: bar heights, line positions, the texts on the axes."""

import os
import warnings
from types import SimpleNamespace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from idspam_lab import plots
from idspam_lab.errors import BadInput

HISTORY = [
    {"epoch": i, "train_loss": loss, "validation_accuracy": a, "validation_score": a}
    for i, loss, a in [(1, 0.67, 0.74), (2, 0.62, 0.78), (3, 0.56, 0.78), (4, 0.52, 0.77)]
]


def explanation(tokens, weights=None):
    weights = np.full(len(tokens), 1 / len(tokens)) if weights is None else weights
    return {"tokens": tokens, "weights": weights, "label": "pos", "probabilities": {"pos": 0.9, "neg": 0.1}}


def line(ax, start):
    return next(found for found in ax.lines if found.get_label().startswith(start))


def tick_texts(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    """No figure stays open, no setting and no backend changes."""
    import matplotlib.pyplot as plt

    before, backend = dict(matplotlib.rcParams), matplotlib.get_backend()
    yield
    assert plt.get_fignums() == [] and matplotlib.get_backend() == backend
    assert {k: v for k, v in matplotlib.rcParams.items() if before[k] != v} == {}


def test_training_curve_draws_the_history_and_its_baselines():
    ax = plots.training_curve(HISTORY, majority=0.5, linear_head=0.761)
    assert line(ax, "validation").get_xdata().tolist() == [1, 2, 3, 4]
    assert line(ax, "validation").get_ydata() == pytest.approx([74, 78, 78, 77])
    assert line(ax, "majority").get_ydata() == pytest.approx([50, 50])
    assert line(ax, "linear").get_ydata() == pytest.approx([76.1, 76.1])
    styles = {found.get_linestyle() for found in ax.lines}
    assert len(styles) == 3  # told apart without colour
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["validation accuracy", "kept: epoch 2", "linear head 76.1 %", "majority class 50.0 %"]
    assert ax.get_ylabel() == "validation accuracy (%)" and tick_texts(ax.figure.axes[1]) == ["1", "2", "3", "4"]


def test_training_curve_marks_the_earliest_of_equal_epochs_as_fit_keeps_it():
    ax = plots.training_curve(pd.DataFrame(HISTORY))
    assert ax.collections[0].get_offsets().tolist() == [[2, 78]]
    assert [text.get_text() for text in ax.texts] == ["78.0 %"]


def test_the_score_picks_the_kept_epoch():
    history = [row | {"validation_score": s} for row, s in zip(HISTORY, (0.7, 0.6, 0.6, 0.8), strict=True)]
    assert plots.training_curve(history).collections[0].get_offsets()[0][0] == 4


def test_a_new_figure_has_the_loss_below_and_given_axes_have_the_accuracy_only():
    above, below = plots.training_curve(HISTORY).figure.axes
    assert below.lines[0].get_ydata().tolist() == [0.67, 0.62, 0.56, 0.52]
    assert "nats" in below.get_ylabel() and below.get_xlabel() == "epoch"
    ax = Figure().subplots()
    assert plots.training_curve(HISTORY, ax=ax) is ax and ax.figure.axes == [ax]


@pytest.mark.parametrize("own", [True, False])
def test_training_curve_of_runs_without_validation_or_without_an_epoch(own, tmp_path):
    losses = [{"epoch": 1, "train_loss": 0.6}, {"epoch": 2, "train_loss": 0.5}]
    ax = plots.training_curve(losses, majority=0.5, ax=None if own else Figure().subplots())
    assert ax.lines[0].get_ydata().tolist() == [0.6, 0.5] and len(ax.lines) == 1  # no accuracies on the losses' axis
    plots.save(ax.figure, tmp_path / "a.png")
    ax = plots.training_curve([], majority=0.5, ax=None if own else Figure().subplots())
    assert "no epoch" in ax.texts[0].get_text()
    plots.save(ax.figure, tmp_path / "b.png")


def test_many_epochs_keep_readable_marks():
    history = [{"epoch": i, "train_loss": 1 / i, "validation_accuracy": 0.5} for i in range(1, 101)]
    assert plots.training_curve(history).get_xticks().tolist() == list(range(1, 101, 10))


def test_token_weights_bars_in_order_with_numbers_and_the_uniform_line():
    weights = [0.1, 0.45, 0.25, 0.2]
    ax = plots.token_weights(explanation(["[CLS]", "gripp", "##ing", "film"], weights))
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([10, 45, 25, 20])
    assert tick_texts(ax) == ["[CLS]", "gripp", "##ing", "film"]
    assert [text.get_text() for text in ax.texts] == ["10", "45", "25", "20"]
    uniform = line(ax, "uniform: 1/4")
    assert set(uniform.get_ydata()) == {25} and uniform.get_linestyle() == "--"
    assert ax.get_ylim()[0] == 0  # bars that start elsewhere lie
    assert ax.get_ylabel() == "weight (%)" and ax.get_title(loc="left") == "predicted: pos (90.0\u00a0%)"


def test_special_tokens_are_grey():
    ax = plots.token_weights(explanation(["[CLS]", "film", "[SEP]"]))
    assert [to_hex(label.get_color()) for label in ax.get_xticklabels()] == [plots.GREY, plots.DARK, plots.GREY]


def test_flat_weights_are_called_flat():
    assert "nearly plain mean pooling" in plots.token_weights(explanation(list("abc"))).get_xlabel()


def test_long_texts_are_cut_and_summed_up():
    weights = np.r_[np.full(30, 0.01), np.full(70, 0.01)]
    ax = plots.token_weights(explanation([f"t{i}" for i in range(100)], weights))
    assert len(ax.patches) == 30 and tick_texts(ax)[-1] == "t29"
    assert line(ax, "uniform: 1/100").get_ydata() == pytest.approx([1, 1])  # of all tokens, not of the shown ones
    assert "first 30 of 100 tokens; 70 more tokens have 70.0\u00a0% together" in ax.get_xlabel()


def test_hostile_and_foreign_tokens_are_drawn_as_they_are(tmp_path):
    tokens = ["$x^2$", r"\frac", r"$\frac{$", "$$", "a_b^c", "<script>", "中文", "עברית", "हिन्दी", "🎬"]
    tokens += ["\x1b[31m", "\ud800", "\n"]
    hostile = explanation(tokens) | {"label": "$\\nope{$", "probabilities": {"$\\nope{$": 0.9}}
    ax = plots.token_weights(hostile)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plots.save(ax.figure, tmp_path / "a.png")  # a formula would raise here
    assert tick_texts(ax) == tokens[:10] + ["␛[31m", "\ufffd", "␊"]
    assert not any(label.get_parse_math() for label in [*ax.get_xticklabels(), ax.xaxis.label])
    assert ax.get_title(loc="left").startswith("predicted: $\\nope{$")


def test_a_dollar_is_drawn_as_a_dollar(tmp_path):
    """The picture of `$x$` is not the picture of the formula: its label is as wide as plain text."""
    ax = plots.token_weights(explanation(["$x$", "zzz"]))
    ax.figure.canvas.draw()
    drawn, other = (label.get_window_extent() for label in ax.get_xticklabels())
    assert drawn.width > other.width


def test_refuses_what_is_no_explanation():
    with pytest.raises(BadInput, match="one weight a token"):
        plots.token_weights(explanation(["a"], [0.5, 0.5]))


def test_save_writes_a_whole_png_of_150_dots_an_inch(tmp_path):
    from PIL import Image

    path = plots.save(Figure(figsize=(4, 2)), tmp_path / "new" / "a.png")
    with Image.open(path) as image:
        assert image.size == (600, 300) and image.format == "PNG"
    assert [file.name for file in path.parent.iterdir()] == ["a.png"]


def test_a_failed_save_keeps_the_old_picture_and_closes_the_figure(tmp_path, monkeypatch):
    import matplotlib.pyplot as plt

    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(BadInput, match="no room"):
        plots.save(plt.figure(), path)
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def test_saves_without_a_screen(tmp_path):
    """A backend that needs a window is asked for and cannot be had."""
    import subprocess
    import sys

    code = "from idspam_lab import plots; "
    code += f"plots.save(plots.training_curve({HISTORY!r}).figure, {str(tmp_path / 'a.png')!r})"
    env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")} | {"MPLBACKEND": "TkAgg"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.png").stat().st_size > 5000


def test_in_a_notebook_the_figure_is_shown_after_the_cell_and_closed_by_save(tmp_path, monkeypatch):
    import IPython
    import matplotlib.pyplot as plt

    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    ax = plots.training_curve(HISTORY)
    assert [plt.figure(number) for number in plt.get_fignums()] == [ax.figure]
    plots.save(ax.figure, tmp_path / "a.png")  # the fixture above checks that nothing is open


@pytest.mark.parametrize("shell", [None, SimpleNamespace(kernel=None), SimpleNamespace()])
def test_without_a_kernel_no_figure_is_left_open_even_if_ipykernel_is_loaded(shell, monkeypatch):
    """Other libraries import it in plain Python. The fixture above checks that nothing is open."""
    import ipykernel  # noqa: F401
    import IPython

    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    assert isinstance(plots.training_curve(HISTORY).figure, Figure)


def test_style_ends():
    with plots.style():
        assert matplotlib.rcParams["font.size"] > 14
    assert matplotlib.rcParams["font.size"] != 15.6


def test_letters_stay_large_after_the_style_has_ended():
    """Marks are made late: they must not fall back to the caller's small ones."""
    ax = plots.training_curve(HISTORY)
    ax.figure.canvas.draw()
    assert min(label.get_fontsize() for label in ax.get_yticklabels()) == pytest.approx(14.3)
