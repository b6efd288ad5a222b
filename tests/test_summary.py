"""Means are over the seeds and nothing else: no configuration is mixed with another, and no run is lost."""

import json
import statistics

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

from idspam_lab.errors import BadInput
from idspam_lab.experiments.collect import collect
from idspam_lab.experiments.summary import (
    MEASURED,
    as_markdown,
    as_text,
    holm,
    in_points,
    pairwise,
    read_results,
    summarize,
    told_apart,
)
from idspam_lab.plots import layer_curve

BASE = {
    "train_task": "sst2", "test_task": "sst2", "method": "ID-SPAM", "spelled": "idspam", "backbone": "minilm",
    "metric": "accuracy", "fingerprint": "f", "score": 0.8, "accuracy": 0.8, "macro_f1": 0.8, "texts": 872,
    "train_texts": 1000, "trained_parameters": 590_594, "layer": 3, "read": "mean", "seed": 0, "epochs": 5,
    "lr": 3e-3, "batch_size": 32, "weight_decay": 0.01,
}  # fmt: skip
PLAIN = {"layer": None, "read": None, "seed": None, "epochs": None, "lr": None, "batch_size": None}
MAJORITY = BASE | PLAIN | {"method": "majority class", "spelled": "majority", "weight_decay": None, "score": 0.5}


def table(*changes):
    return pd.DataFrame([MAJORITY, *(BASE | change for change in changes)])


def ours(summary):
    return summary[summary["method"] == "ID-SPAM"]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("spelled", ["idspam", "idspam:heads=4"]), ("layer", [1, 5]), ("lr", [1e-5, 1e-2]), ("epochs", [5, 30]),
        ("batch_size", [16, 32]), ("weight_decay", [0.0, 0.1]), ("train_texts", [100, 65_349]),
        ("max_length", [32, None]), ("read", ["mean", "first"]), ("metric", ["accuracy", "acc_f1"]),
        ("few_shot", [None, 100]), ("backbone", ["minilm", "mpnet"]), ("warmup", [0.0, 0.06]),
    ],
)  # fmt: skip
def test_another_configuration_is_a_row_of_its_own_and_can_be_told_from_the_first(column, values):
    runs = [
        {column: value, "seed": seed, "score": score}
        for value, scores in zip(values, ((0.80, 0.82), (0.90, 0.94)), strict=True)
        for seed, score in enumerate(scores)
    ]
    found = ours(summarize(table(*runs)))
    assert found["mean"].tolist() == pytest.approx([0.81, 0.92]) and found["seeds"].tolist() == [2, 2]
    assert [None if pd.isna(value) else value for value in found[column]] == values
    with pytest.raises(BadInput, match="no scores with 'roberta'; it has gpt2.*roberta-large"):
        as_text(summarize(table(*runs)), "roberta")
    for text in (as_text(summarize(table(*runs))), as_markdown(summarize(table(*runs)))):
        shown = {line.rsplit("|", 2)[0] if "|" in line else line for line in text.splitlines() if "ID-SPAM" in line}
        assert len({line.replace("81.0 ± 1.4", "").replace("92.0 ± 2.8", "") for line in shown}) == 2


def test_a_score_after_a_few_texts_is_not_shown_as_zero_shot():
    found = summarize(table({"few_shot": 100}, {"few_shot": 100, "seed": 1}))
    assert ours(found)["few_shot"].tolist() == [100] and " | 100 | " in as_markdown(found)
    for text in (as_text(found), as_markdown(found)):
        assert text.count("few-shot texts") == 1


def test_only_what_differs_is_shown():
    text = as_text(summarize(table({"lr": 1e-5}, {"lr": 1e-2, "score": 0.9})))
    assert text.splitlines()[0].split()[:4] == ["evaluated", "on", "method", "lr"] and "epochs" not in text
    assert "1e-05" in text and "0.01" in text
    head = as_markdown(summarize(table({"seed": 0}, {"seed": 1}))).splitlines()[0]
    assert head == "| trained on | evaluated on | method | trained parameters | score |"


def test_the_tasks_that_were_trained_on_are_told_apart_where_several_are_tested_on_one():
    text = as_text(summarize(table({"train_task": "imdb", "score": 0.7}, {})))
    assert "trained on" in text and text.index("imdb") > text.index("80.0")


def test_a_method_without_a_block_keeps_its_cell_empty():
    runs = [{"layer": layer, "score": 0.8 + layer / 100} for layer in (1, 2)]
    lines = as_markdown(summarize(table(*runs))).splitlines()
    assert lines[0].split(" | ")[3] == "layer" and "| majority class |  | " in lines[2]
    assert [line.split(" | ")[3] for line in lines[3:]] == ["1", "2"]


def test_a_layer_curves_spread_is_over_the_seeds_of_one_block():
    runs = read_results(MEASURED / "curve_sst2.csv")
    found = ours(summarize(runs)).set_index("layer")
    assert list(found.index) == [0, 1, 2, 3, 4, 5] and set(found["seeds"]) == {3}
    for layer, row in found.iterrows():
        scores = runs[(runs["method"] == "ID-SPAM") & (runs["layer"] == layer)]["score"]
        assert row["mean"] == pytest.approx(scores.mean()) and row["std"] == pytest.approx(statistics.stdev(scores))
    assert layer_curve(runs).get_xlabel()  # the picture's means come from the same runs


def test_the_same_run_twice_counts_once_and_another_result_of_it_is_not_lost():
    later = {"date": "later", "train_seconds_per_text": 9.0}
    same = ours(summarize(table({"seed": 0}, {"seed": 1, "score": 0.9}, {"seed": 0} | later)))
    assert same["seeds"].tolist() == [2] and same["mean"].tolist() == pytest.approx([0.85])
    other = summarize(table({"seed": 0}, {"seed": 1}, {"seed": 0, "score": 0.6} | later))
    assert ours(other)["mean"].tolist() == pytest.approx([0.8, 0.6]) and ours(other)["seeds"].tolist() == [2, 1]
    assert "repeat" in as_text(other) and "repeat" not in as_text(summarize(table({"seed": 0}, {"seed": 1})))


def test_other_texts_are_not_averaged_but_for_few_shot_texts_that_the_seed_draws():
    drawn = [{"seed": seed, "fingerprint": str(seed), "score": 0.8 + seed / 10} for seed in (0, 1)]
    apart = summarize(table(*drawn))
    assert len(ours(apart)) == 2 and "fingerprint" in as_markdown(apart)
    assert len(ours(summarize(table(*(run | {"few_shot": 100} for run in drawn))))) == 1


def test_differences_for_a_reader_are_in_points():
    pairs = pairwise(read_results(MEASURED / "compare_rotten_tomatoes.csv"), "ID-SPAM")
    shown = in_points(pairs)
    assert list(shown) == ["method", "difference", "low", "high", "seeds", "told_apart"]
    assert shown["low"].tolist() == pytest.approx((100 * pairs["low"]).tolist(), abs=0.005)


TABLES = [path for path in sorted(MEASURED.glob("*.csv")) if not path.stem.endswith("-epochs")]


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_measured_run_is_in_the_summary(path):
    runs = read_results(path).dropna(subset=["seed"])
    found = summarize(runs)
    assert (found["seeds"]).sum() == len(runs) and "repeat" not in as_text(found)
    assert (found["mean"] * found["seeds"]).sum() == pytest.approx(runs["score"].sum())


def test_pairs_are_not_made_of_means_over_blocks():
    blocks = [{"layer": layer, "seed": seed, "score": 0.7 + layer / 10} for layer in (1, 2) for seed in (0, 1)]
    rival = [{"method": "LPT", "seed": seed} for seed in (0, 1)]
    with pytest.raises(BadInput, match="several runs of ID-SPAM with one seed, which differ in layer: leave one"):
        pairwise(table(*blocks, *rival), "ID-SPAM")
    found = pairwise(table(*blocks[:2], *blocks[:2], *rival), "ID-SPAM")  # the same runs twice are the same runs
    assert found["difference"].tolist() == pytest.approx([0.0]) and found["seeds"].tolist() == [2]


def test_pairs_are_of_one_training_task():
    runs = [
        {"train_task": task, "method": method, "seed": seed, "score": score}
        for task, method, score in (("sst2", "ID-SPAM", 0.8), ("sst2", "LPT", 0.7), ("imdb", "ID-SPAM", 0.6))
        for seed in (0, 1)
    ]
    assert pairwise(table(*runs), "ID-SPAM")["difference"].tolist() == pytest.approx([0.1])


@pytest.mark.parametrize("name", ["train_task", "backbone"])
def test_tasks_and_models_are_no_seeds(name):
    both = {"train_task": "sst2", "backbone": "minilm"}
    runs = [
        both | {name: value, "method": method, "seed": seed, "score": score}
        for value in ("a", "b") for method, score in (("ID-SPAM", 0.8), ("LPT", 0.7)) for seed in (0, 1)
    ]  # fmt: skip
    with pytest.raises(BadInput, match=f"several of {name} .a, b., but intervals are over seeds"):
        pairwise(table(*runs), "ID-SPAM")


def test_two_equal_differences_are_no_certainty():
    assert not told_apart(pd.Series([0.01, 0.01])) and told_apart(pd.Series([0.01, 0.0101]))
    pairs = pd.DataFrame({"method": ["a", "b", "c"], "difference": [0.02, 0.1, 0.0], "seeds": [3, 3, 3]})
    found = holm(pairs.assign(standard_error=[0.0, 0.01, 0.0]))
    assert found["method"].tolist() == ["b"] and found["p_holm"][0] == pytest.approx(3 * found["p"][0])


def test_a_table_that_does_not_say_how_many_texts_gets_a_sentence():
    with pytest.raises(BadInput, match="has no column 'texts', without which"):
        summarize(table({}).drop(columns="texts"))


# Reports of single runs ----------------------------------------------------------------------------------------------


def report(options, seed=0, score=0.8, **settings):
    """A report.json as `train` writes it, as far as it is collected."""
    found = {"interval": [0.7, 0.9], "texts": 40}
    task = {"name": "own", "metric": "accuracy", "train": 100, "fingerprint": "f"}
    told = {
        "epochs": 5, "batch_size": 32, "lr": 3e-3, "weight_decay": 0.01, "warmup": 0.06, "eps": 1e-6, "clip": 1.0,
        "order_seed": None, "max_length": None, "precision": "auto", "seed": seed,
    }  # fmt: skip
    rows = [("majority class", 0, 0.5), ("linear head", 770, 0.7), ("ID-SPAM", 590_594, score)]
    return {
        "run": {
            "settings": told | settings, "best_epoch": 1,
            "environment": {
                "versions": {"python": "3", "torch": "2", "transformers": "5"},
                "hardware": {"processor": "p", "device": "cpu", "threads": 2},
            },
        },
        "adapter": {
            "method": "idspam", "options": options, "layer": 3, "read": "mean", "head_dropout": 0.1,
            "base_model": {"name": "minilm"},
        },
        "task": task, "transfer": None, "peak_memory_mb": 1, "date": "d", "command": "c",
        "results": [
            {"method": method, "trained_parameters": count, "train_seconds": 1.0,
             "test": found | dict.fromkeys(("score", "accuracy", "macro_f1"), value)}
            for method, count, value in rows
        ],
    }  # fmt: skip


def test_collected_runs_of_other_options_and_settings_all_keep_their_row(tmp_path):
    runs = [
        report({"layer": 3}), report({"layer": 3}, seed=1, score=0.9), report({"heads": 4}, score=0.6),
        report({}, lr=1e-2, score=0.5), report({}, epochs=30, score=0.55), report({}, warmup=0.5, score=0.3),
    ]  # fmt: skip
    paths = [tmp_path / f"{number}.json" for number in range(len(runs))]
    for path, content in zip(paths, runs, strict=True):
        path.write_text(json.dumps(content))
    collect(paths).to_csv(tmp_path / "all.csv", index=False)
    summary = summarize(read_results(tmp_path / "all.csv"))
    assert ours(summary)["mean"].tolist() == pytest.approx([0.85, 0.6, 0.5, 0.55, 0.3])
    assert ours(summary)["seeds"].tolist() == [2, 1, 1, 1, 1]
    text = as_markdown(summary)
    heads = text.splitlines()[0]
    assert all(f"| {name} |" in heads for name in ("spelled", "lr", "epochs", "warmup")) and "idspam:heads=4" in text
    assert (summary["method"] == "majority class").sum() == 1 and "| 0 | 50.0 |" in text  # its score has no spread
    assert (summary["method"] == "linear head").sum() == 1


def test_a_baselines_own_epochs_are_told(tmp_path):
    """The head beside a method of eight epochs is no other seed of the one beside a method of three."""
    for number, epochs in enumerate((3, 8)):
        content = report({}, seed=number, epochs=epochs)
        for row in content["results"]:
            row |= {"settings": content["run"]["settings"], "best_epoch": 2} if row["trained_parameters"] else {}
        (tmp_path / f"{number}.json").write_text(json.dumps(content))
    collected = collect(sorted(tmp_path.glob("*.json")))
    heads = summarize(collected)[lambda table: table["method"] == "linear head"]
    assert heads["epochs"].tolist() == [3, 8] and heads["seeds"].tolist() == [1, 1]
    assert collected[collected["method"] == "linear head"]["best_epoch"].tolist() == [2, 2]


def test_a_table_says_what_its_scores_are():
    rows = [BASE | PLAIN | {"method": "ID-SPAM", "seed": s, "score": 0.7, "metric": "acc_f1"} for s in (0, 1)]
    assert "mean of accuracy and macro F1 (%)" in as_text(summarize(pd.DataFrame(rows)))
    both = summarize(pd.DataFrame([*rows, rows[0] | {"test_task": "imdb", "metric": "accuracy"}]))
    assert "score (%)" in as_text(both) and "| metric |" in as_markdown(both) and "| acc_f1 |" in as_markdown(both)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("fingerprint", ("a", "b")),
        ("texts", (300, 872)),
        ("train_texts", (50, 1000)),
        ("metric", ("accuracy", "acc_f1")),
    ],
)
def test_pairs_are_of_the_same_texts(column, values):
    runs = [
        {"method": method, "seed": seed, "score": 0.7, column: value}
        for method, value in zip(("ID-SPAM", "LPT"), values, strict=True)
        for seed in (0, 1)
    ]
    with pytest.raises(BadInput, match=f"Runs with one seed differ in {column}: only runs on the same texts"):
        pairwise(table(*runs), "ID-SPAM")


def test_holm_asks_the_more_the_more_comparisons_there_are():
    """Against scipy's paired t test, and Holm's own steps done by hand."""
    rng = np.random.default_rng(0)
    scores = {"ours": rng.normal(0.8, 0.01, 5)}
    gaps = {"a": 0.1, "b": 0.02, "c": 0.01, "d": 0.0}
    scores |= {name: scores["ours"] - rng.normal(gap, 0.01, 5) for name, gap in gaps.items()}
    rows = [BASE | PLAIN | {"method": m, "seed": s, "score": x} for m, xs in scores.items() for s, x in enumerate(xs)]
    found = holm(pairwise(pd.DataFrame(rows), "ours")).set_index("method")
    for name in "abcd":
        assert found.at[name, "p"] == pytest.approx(ttest_rel(scores["ours"], scores[name]).pvalue)
    smallest = sorted(found["p"])
    wanted = [max(smallest[j] * (4 - j) for j in range(i + 1)) for i in range(4)]
    assert list(found["p_holm"]) == pytest.approx([min(1, p) for p in wanted]) and list(found["p"]) == smallest
    assert found.at["a", "remains"] and not found.at["d", "remains"]
    assert (found["remains"] <= (found["p"] < 0.05)).all()
