"""The pictures of results, by their data: positions, labels, what is left out and what is refused."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from idspam_lab import plots
from idspam_lab.errors import BadInput
from tests.test_plots import nothing_is_left_behind, tick_texts  # noqa: F401

MADE = {"train_task": "sst2", "test_task": "sst2", "metric": "accuracy"}


def run(method, seed, score, **more):
    return MADE | {"method": method, "seed": seed, "score": score} | more


RESULTS = pd.DataFrame(
    [run("ID-SPAM", seed, score, layer=m) for m, scores in {0: (0.7, 0.8), 3: (0.8, 0.84)}.items()
     for seed, score in enumerate(scores)]
    + [run("LPT", 0, 0.74, layer=3), run("linear head", 0, 0.76), run("majority class", None, 0.5)]
)  # fmt: skip


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


# Methods -------------------------------------------------------------------------------------------------------------


def test_method_comparison_is_sorted_with_mean_spread_and_every_run(tmp_path):
    ax = plots.method_comparison(RESULTS[RESULTS["layer"] != 0])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["LPT", "ID-SPAM"]  # from below: the best on top
    (bars,) = ax.containers
    points, _, (spread,) = bars
    assert points.get_xdata() == pytest.approx([74, 82])
    sides = [side[:, 0] for side in spread.get_segments()]
    assert sides[1] == pytest.approx(82 + np.std([80, 84], ddof=1) * np.array([-1, 1])) and np.ptp(sides[0]) == 0
    assert sorted(ax.collections[-1].get_offsets()[:, 0]) == pytest.approx([74, 80, 84])
    assert ax.get_xlabel() == "accuracy on sst2 (%), 1 to 2 seeds"
    assert "linear head 76.0 %" in legend(ax) and "majority class 50.0 %, far below the picture" in legend(ax)
    plots.save(ax.figure, tmp_path / "a.png")


def test_a_near_majority_class_is_drawn():
    near = pd.DataFrame([run("ID-SPAM", 0, 0.5), run("LPT", 0, 0.56), run("majority class", None, 0.49)])
    ax = plots.method_comparison(near)
    assert "majority class 49.0 %" in legend(ax)
    assert any(line.get_xdata() == pytest.approx([49, 49]) and line.get_alpha() is None for line in ax.lines)


def test_a_head_three_points_below_one_run_is_drawn():
    one = pd.DataFrame([run("ID-SPAM", 0, 0.78), run("linear head", 0, 0.75)])
    assert "linear head 75.0 %" in legend(plots.method_comparison(one))


def test_baselines_alone_are_a_picture():
    only = pd.DataFrame([run("linear head", 0, 0.75), run("majority class", None, 0.5)])
    assert plots.method_comparison(only).get_xlabel() == "accuracy on sst2 (%)"


def test_results_of_another_test_task_do_not_mix():
    both = pd.concat([RESULTS, RESULTS.assign(test_task="imdb", score=0.6)])
    assert plots.method_comparison(both).get_xlabel().startswith("accuracy on sst2")
    there = plots.method_comparison(both, test_task="imdb")
    assert there.containers[0][0].get_xdata() == pytest.approx([60, 60]) and "imdb" in there.get_xlabel()
    with pytest.raises(BadInput, match="no results on 'rte'; it has sst2, imdb"):
        plots.method_comparison(both, test_task="rte")
    with pytest.raises(BadInput, match="runs on sst2, imdb: choose"):
        plots.method_comparison(pd.concat([RESULTS, RESULTS.assign(train_task="imdb")]))


# The layer curve -----------------------------------------------------------------------------------------------------


def test_layer_curve_mean_spread_and_the_papers_stretch(tmp_path):
    ax = plots.layer_curve(RESULTS, L=6)
    curves = {line.get_label(): line for line in ax.lines}
    ours = curves["ID-SPAM, 2 seeds"]
    assert ours.get_xdata().tolist() == [0, 3] and ours.get_ydata() == pytest.approx([75, 82])
    assert curves["LPT, one seed"].get_ydata() == pytest.approx([74])
    assert ours.get_marker() != curves["LPT, one seed"].get_marker()  # told apart without colour
    assert to_hex(curves["LPT, one seed"].get_color()) != to_hex(curves["linear head 76.0 %"].get_color())
    (stretch,) = ax.patches
    assert (stretch.get_x(), stretch.get_width()) == pytest.approx((11 / 4, 2 / 4))  # 11 to 13 of 24, in 6 blocks
    assert "paper: best at 11–13 of 24 blocks" in legend(ax)
    assert tick_texts(ax) == list("012345")
    plots.save(ax.figure, tmp_path / "a.png")


def test_layer_curve_on_given_axes_and_without_the_paper():
    ax = Figure().subplots()
    assert plots.layer_curve(RESULTS, paper=False, ax=ax) is ax and not ax.patches
    assert tick_texts(ax) == list("0123")  # up to the highest layer in the table
    with pytest.raises(BadInput, match="No run in the table has a layer"):
        plots.layer_curve(RESULTS[RESULTS["layer"].isna()])


# Transfer ------------------------------------------------------------------------------------------------------------


def test_transfer_matrix_cells_frames_and_gaps(tmp_path):
    data = pd.DataFrame(
        [
            run("ID-SPAM", 0, 0.8), run("ID-SPAM", 1, 0.84), run("ID-SPAM", 0, 0.7, test_task="imdb"),
            run("ID-SPAM", 0, 0.9, train_task="imdb", test_task="imdb"), run("majority class", None, 0.55),
        ]
    )  # fmt: skip
    ax = plots.transfer_matrix(data)
    words = [text.get_text() for text in ax.texts]
    assert words == ["82.0 ± 2.8\nmajority 55.0", "70.0", "90.0", "not run"]
    assert tick_texts(ax) == ["sst2", "imdb"] and ax.get_title(loc="left") == "ID-SPAM, 1 to 2 seeds"
    assert [(round(box.get_x()), round(box.get_y())) for box in ax.patches] == [(0, 0), (1, 1)]
    plots.save(ax.figure, tmp_path / "a.png")


def test_transfer_matrix_asks_which_method():
    two = pd.DataFrame([run("ID-SPAM", 0, 0.8), run("LPT", 0, 0.7)])
    with pytest.raises(BadInput, match="2 methods .ID-SPAM, LPT.: name one"):
        plots.transfer_matrix(two)
    assert plots.transfer_matrix(two, method="LPT").texts[0].get_text() == "70.0"
    with pytest.raises(BadInput, match="no run of 'LoRA'"):
        plots.transfer_matrix(two, method="LoRA")


# Counts and maps -----------------------------------------------------------------------------------------------------


def test_parameter_counts_beside_the_papers(tmp_path):
    data = pd.DataFrame(
        {"backbone": ["a", "a", "b"], "method": ["ID-SPAM", "LoRA", "ID-SPAM"],
         "parameters": [2_064_384, 100, 5], "printed": [2_064_384, 3_495_312, np.nan]}
    )  # fmt: skip
    ax = plots.parameter_counts(data)
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([2.064384, 1e-4, 5e-6])
    assert [text.get_text() for text in ax.texts] == ["2,064,384, as the paper", "100 (paper 3,495,312)", "5"]
    gaps = np.diff([bar.get_y() for bar in ax.patches])
    assert gaps == pytest.approx([-1, -1.7])  # a gap between backbones
    plots.save(ax.figure, tmp_path / "a.png")


def test_prompt_map_has_a_mark_a_class(tmp_path):
    data = pd.DataFrame({"x": [0, 1, 2.0], "y": [0, 1, 0.0], "label": ["neg", "pos", "neg"]})
    data.attrs = {"projection": "pca", "explained": [0.6, 0.25]}
    ax = plots.prompt_map(data)
    assert legend(ax) == ["neg (2)", "pos (1)"]
    first, second = ax.collections
    assert not np.array_equal(first.get_paths()[0].vertices, second.get_paths()[0].vertices)  # another mark
    assert ax.get_xlabel() == "first component (60 % of the variance)"
    data.attrs = {"projection": "tsne"}
    assert not len(plots.prompt_map(data).get_xticks())
    plots.save(ax.figure, tmp_path / "a.png")


def test_class_names_are_no_formulas(tmp_path):
    data = pd.DataFrame({"x": [0, 1.0], "y": [0, 1.0], "label": [r"$\x$", "b"]})
    ax = plots.prompt_map(data)
    plots.save(ax.figure, tmp_path / "a.png")  # matplotlib would refuse the formula
    assert legend(ax)[0].startswith(r"$\x$")


# Tokens --------------------------------------------------------------------------------------------------------------

HOSTILE = ["$x^2$", r"$\frac{$", "<script>", "\x1b[31m", "中文", "a" * 60]


def tokens(names, weights=None, text=0):
    weights = np.full(len(names), 1 / len(names)) if weights is None else weights
    return pd.DataFrame(
        {"text": text, "token": names, "weight": weights, "uniform": 1 / len(names), "predicted": "$pos$",
         "special": [name == "[CLS]" for name in names]}
    )  # fmt: skip


def test_token_heatmap_numbers_shades_and_hostile_tokens(tmp_path):
    data = pd.concat([tokens(["[CLS]", "film", "gripping"], [0.1, 0.2, 0.7]), tokens(HOSTILE, text=1)])
    ax = plots.token_heatmap(data)
    words = [text.get_text() for text in ax.texts]
    assert words[:7] == ["text 1, predicted: $pos$", "[CLS]", "0.3", "film", "0.6", "gripping", "2.1"]
    shades = [sum(box.get_facecolor()[:3]) for box in ax.patches[:3]]
    assert shades[0] > shades[2]  # the darker, the more
    assert ax.texts[1].get_style() == "italic" and ax.texts[3].get_style() == "normal"
    assert "␛[31m" in words and "a" * 23 + "…" in words and not any(text.get_parse_math() for text in ax.texts[:-1])
    plots.save(ax.figure, tmp_path / "a.png")  # a formula would raise here


def test_token_heatmap_breaks_lines_and_ends():
    ax = plots.token_heatmap(tokens([f"token{i}" for i in range(250)]))
    assert len(ax.patches) == 200 and "50 more tokens are not shown" in ax.texts[-1].get_text()
    assert all(0 <= box.get_x() and box.get_x() + box.get_width() <= ax.get_xlim()[1] for box in ax.patches)
    assert len({round(box.get_y()) for box in ax.patches}) > 10


def test_attention_matrix_shows_alpha_and_its_mean(tmp_path):
    alpha = pd.DataFrame([[0.2, 0.8], [0.6, 0.4]], index=["$a$", "b"], columns=["$a$", "b"])
    ax = plots.attention_matrix(alpha)
    drawn = ax.collections[0].get_array().data.reshape(4, 2)
    assert drawn[:2] == pytest.approx(np.array([[20, 80], [60, 40]])) and drawn[3] == pytest.approx([40, 60])
    assert [text.get_text() for text in ax.texts] == ["40", "60"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["$a$", "b", "mean (w)"]
    plots.save(ax.figure, tmp_path / "a.png")
    long = pd.DataFrame(np.full((40, 40), 1 / 40), index=[f"t{i}" for i in range(40)], columns=range(40))
    assert "the first 30 of 40 tokens" in plots.attention_matrix(long).get_xlabel()
    with pytest.raises(BadInput, match="2 x 3"):
        plots.attention_matrix(pd.DataFrame(np.ones((2, 3))))


# Faithfulness --------------------------------------------------------------------------------------------------------

ERASED = pd.DataFrame(
    [
        {"measure": measure, "order": order, "route": route, "mean": mean, "low": mean - 0.02, "high": mean + 0.01}
        for measure in ("comprehensiveness", "sufficiency")
        for order, mean in (("weights", 0.2), ("random", 0.05))
        for route in ("generator", "backbone", "both")
    ]
)
CHANGED = pd.DataFrame(
    [
        {"intervention": name, "measure": measure, "mean": mean, "low": np.nan, "high": np.nan}
        for name, mean in (("its own prompt", 0.0), ("no prompt", 0.3))
        for measure in ("drop", "flipped", "correct")
    ]
)


def test_erasure_bars_are_the_means_with_their_intervals():
    ax = plots.erasure(ERASED)
    assert len(ax.containers) == 3  # routes
    points, _, (spread,) = ax.containers[0]
    assert points.get_xdata() == pytest.approx([20, 5])
    assert spread.get_segments()[0][:, 0] == pytest.approx([18, 21])
    assert len({container[0].get_marker() for container in ax.containers}) == 3
    assert [label.get_text() for label in ax.get_yticklabels()][1].startswith("random")
    with pytest.raises(BadInput, match="no measure 'aopc'"):
        plots.erasure(ERASED, measure="aopc")


def test_changed_prompts_leaves_the_own_one_out():
    ax = plots.changed_prompts(CHANGED)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["no prompt"]
    assert [container[0].get_xdata()[0] for container in ax.containers] == pytest.approx([30, 30])


def test_the_faithfulness_figure_says_what_held(tmp_path):
    figure = plots.faithfulness(ERASED, CHANGED, ["Held: so it is.", "And more."])
    assert figure.get_suptitle() == "Held: so it is." and figure.get_supxlabel() == "And more."
    assert len(figure.axes) == 3
    plots.save(figure, tmp_path / "a.png")


@pytest.mark.parametrize(
    "draw",
    [plots.method_comparison, plots.layer_curve, plots.transfer_matrix, plots.parameter_counts, plots.prompt_map,
     plots.token_heatmap, plots.erasure, plots.changed_prompts],
)  # fmt: skip
def test_a_table_of_something_else_is_refused_with_what_is_missing(draw):
    with pytest.raises(BadInput, match="no column '.+': this picture needs"):
        draw(pd.DataFrame({"a": [1]}))
    with pytest.raises(BadInput, match="no column|no rows"):
        draw(pd.DataFrame(RESULTS.iloc[:0]))


# Leads ---------------------------------------------------------------------------------------------------------------


def lead(tasks, method, low, high, ahead=False, behind=False, learned=True):
    return {"tasks": tasks, "method": method, "difference": (low + high) / 2, "low": low, "high": high,
            "ahead": ahead, "behind": behind, "learned": learned}  # fmt: skip


LEADS = pd.DataFrame([
    lead("cb, 200", "LPT", -0.05, 0.07), lead("sst2, 1,000", "LPT", -0.03, -0.01, behind=True),
    lead("cb, 200", "LoRA", -0.4, 0.1, learned=False), lead("sst2, 1,000", "DePT", 0.02, 0.04, ahead=True),
])  # fmt: skip


def test_leads_stand_in_the_row_of_their_table_with_a_mark_for_what_they_say(tmp_path):
    figure = plots.leads(LEADS, columns=2)
    shown = [ax for ax in figure.axes if ax.get_visible()]
    assert [ax.get_title(loc="left") for ax in shown] == ["over LPT", "over LoRA", "over DePT"]
    assert [label.get_text() for label in shown[0].get_yticklabels()] == ["cb, 200", "sst2, 1,000"]
    marks = [line for line in shown[0].lines if line.get_marker() in ("o", "D", "s", "x")]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in marks] == [
        (pytest.approx(1), 0),
        (pytest.approx(-2), 1),
    ]
    assert [line.get_marker() for line in marks] == ["s", "D"]
    (interval,) = shown[2].collections
    assert interval.get_segments()[0][:, 0] == pytest.approx([2, 4])
    assert shown[0].get_ylim()[0] > shown[0].get_ylim()[1]  # the first table on top
    plots.save(figure, tmp_path / "a.png")


def test_a_lead_that_is_wider_than_the_picture_ends_in_an_arrow():
    (ax,) = (ax for ax in plots.leads(LEADS, rivals=["LoRA"], columns=1).axes)
    marks = {line.get_marker(): line.get_xdata()[0] for line in ax.lines if line.get_marker() not in ("None", "")}
    assert marks == {"x": -15, "<": -15}  # the mean is at the edge too


def test_a_rival_that_is_not_there_is_named():
    with pytest.raises(BadInput, match="no lead over SMoP"):
        plots.leads(LEADS, rivals=["LPT", "SMoP"])
    with pytest.raises(BadInput, match="behind"):
        plots.leads(LEADS.drop(columns="behind"))
