"""Several methods over seeds: every run once, the baselines always there, one tidy table."""

import copy
import warnings

import numpy as np
import pandas as pd
import pytest

from idspam_lab.errors import BadInput
from idspam_lab.experiments import Target
from idspam_lab.experiments import compare as compare_module
from idspam_lab.experiments.compare import compare
from idspam_lab.experiments.finished import key_of
from idspam_lab.experiments.summary import as_markdown, as_text, pairwise, read_results, summarize
from idspam_lab.methods import METHODS
from idspam_lab.methods.spelled import read_method, title_of, write_method
from idspam_lab.tasks import OverlapWarning, load_task
from idspam_lab.training import Settings

SILENT = {"say": lambda line: None}


@pytest.fixture(scope="module")
def data():
    return load_task("rotten_tomatoes", source="embedded", limit=40)


@pytest.fixture(scope="module")
def small(data):
    """Few rows to validate and test on."""
    from dataclasses import replace

    return replace(data, validation=data.validation[:20], test=data.test[:30])


@pytest.fixture
def run(small, tiny, tmp_path):
    def go(methods=("idspam", "lpt:p=8"), seeds=(0, 1), **more):
        return compare(small, tiny, methods, seeds, folder=tmp_path, epochs=1, max_length=32, **SILENT | more)

    return go


def test_a_row_a_run_with_the_baselines_beside_them(run, small, tmp_path):
    found = run()
    assert list(found["method"]) == ["majority class", *["linear head"] * 2, *["ID-SPAM"] * 2, *["LPT (p=8)"] * 2]
    assert list(found["seed"].dropna()) == [0, 1] * 3
    again = pd.read_csv(tmp_path / "results.csv")
    assert list(again.columns) == list(found.columns) and len(again) == len(found)
    trained = found[found["method"] != "majority class"]
    assert (trained[["train_seconds_per_text", "predict_seconds_per_text", "adapter_mb"]] > 0).all().all()
    assert trained["fingerprint"].nunique() == 1 and found["texts"].eq(30).all()
    heads = found.loc[found["method"] == "linear head", "trained_parameters"]
    assert (heads == 2 * 32 + 2).all()


def test_what_is_done_is_not_done_again(run, monkeypatch):
    first = run()
    trained = []
    fit = compare_module.PromptClassifier.fit
    monkeypatch.setattr(
        compare_module.PromptClassifier,
        "fit",
        lambda self, *a, **k: trained.append(self.method_name) or fit(self, *a, **k),
    )
    second = run(seeds=(0, 1, 2))
    assert trained == ["linear_head", "idspam", "lpt"]  # seed 2 alone
    both = first.merge(second, on=["method", "seed"], suffixes=("", "_again"))
    assert len(both) == len(first) and (both["score"] == both["score_again"]).all()
    assert (both["date"].dropna() == both["date_again"].dropna()).all()


def test_a_run_that_is_stopped_by_hand_is_no_result(run, monkeypatch, tmp_path):
    fit = compare_module.PromptClassifier.fit

    def stopped(self, *arguments, **options):
        found = fit(self, *arguments, **options)
        found.stopped = "stopped by hand"
        return found

    with monkeypatch.context() as patch:
        patch.setattr(compare_module.PromptClassifier, "fit", stopped)
        with pytest.raises(KeyboardInterrupt):
            run()
    assert not list(tmp_path.rglob("rows/*.json"))
    assert len(run(methods=("idspam",), seeds=np.arange(1))) == 3


def test_other_settings_are_another_run(run, tmp_path):
    said = []
    told = {"methods": ("idspam",), "seeds": (0,), "say": said.append}
    first = run(**told, lr=1e-3)
    again = r"another run of linear head with seed 0 \(lr 0.001, here 0.0001\): name another folder .* \(--fresh\)"
    with pytest.raises(BadInput, match=again):
        run(**told, lr=1e-4)
    assert pd.read_csv(tmp_path / "results.csv")["lr"].dropna().eq(1e-3).all()
    second = run(**told, lr=1e-4, fresh=True)
    assert first["lr"].dropna().tolist() != second["lr"].dropna().tolist()
    anew = [line for line in said if line.endswith("it is trained anew.")]
    assert len(anew) == 2 and "idspam-seed0.json is of other data, settings or weights" in anew[1]


def test_a_later_call_keeps_the_rows_of_an_earlier_one(run, tmp_path):
    run(methods=("idspam",), seeds=(0,))
    found = run(methods=("lpt",), seeds=(0, 1))
    assert set(found["method"].dropna()) == {"majority class", "linear head", "LPT"}
    written = pd.read_csv(tmp_path / "results.csv")
    assert (written["method"] == "ID-SPAM").sum() == 1 and len(written) == len(found) + 1
    run(methods=("lpt",), seeds=(0, 1), lr=1e-4, fresh=True)
    assert "ID-SPAM" not in set(pd.read_csv(tmp_path / "results.csv")["method"])  # of another rate


def test_a_killed_comparison_goes_on_where_it_was(run, monkeypatch):
    whole = compare_module.run_once

    def killed(data, backbone, word, *rest):
        if word.startswith("lpt"):
            raise KeyboardInterrupt
        return whole(data, backbone, word, *rest)

    monkeypatch.setattr(compare_module, "run_once", killed)
    with pytest.raises(KeyboardInterrupt):
        run()
    monkeypatch.setattr(compare_module, "run_once", whole)
    assert len(run()) == 7


def test_transfer_is_a_second_row_of_each_run(run, small):
    from dataclasses import replace

    there = replace(small, task=replace(small.task, name="elsewhere"), test=small.test[:10])
    found = run(methods=("idspam",), seeds=(0,), transfer=Target(there, 16))
    assert found.groupby("test_task")["method"].count().to_dict() == {"rotten_tomatoes": 3, "elsewhere": 3}
    assert found.loc[found["test_task"] == "elsewhere", "texts"].eq(10).all()


def test_transfer_texts_that_were_trained_on_are_warned_of_once(run, small):
    from dataclasses import replace

    there = replace(small, task=replace(small.task, name="elsewhere"), test=replace(small.train[:5], name="elsewhere"))
    with pytest.warns(OverlapWarning, match="5 of the 5 rows of elsewhere are among the training rows") as said:
        run(transfer=Target(there, 16))
    assert sum(issubclass(warning.category, OverlapWarning) for warning in said) == 1  # of two methods and two seeds
    with warnings.catch_warnings():
        warnings.simplefilter("error", OverlapWarning)
        run(methods=("idspam",), seeds=(0,), transfer=Target(small, 16), fresh=True)


def test_a_wrong_option_is_found_out_before_anything_is_trained(run, monkeypatch):
    monkeypatch.setattr(compare_module, "run_once", lambda *a: pytest.fail("trained"))
    with pytest.raises(BadInput, match="'lpt' has no option 'q'; it has layer"):
        run(methods=("idspam", "lpt:q=8"))


def test_summary_is_the_mean_and_the_deviation_of_the_seeds(run, tmp_path):
    found = run()
    summary = summarize(read_results(tmp_path / "results.csv")).set_index("method")
    scores = found.loc[found["method"] == "ID-SPAM", "score"].to_numpy()
    assert summary.at["ID-SPAM", "mean"] == pytest.approx(np.mean(scores))
    assert summary.at["ID-SPAM", "std"] == pytest.approx(np.std(scores, ddof=1))
    assert summary.at["ID-SPAM", "seeds"] == 2 and summary.at["majority class", "seeds"] == 0
    text = as_text(summarize(found))
    assert all(name in text for name in ("majority class", "linear head", "ID-SPAM", "LPT (p=8)"))
    assert max(map(len, text.splitlines())) <= 120
    assert "| rotten_tomatoes (40) | rotten_tomatoes (30) | ID-SPAM |" in as_markdown(summarize(found))


def test_pairs_are_held_seed_by_seed():
    from scipy.stats import ttest_rel

    scores = {"a": [0.80, 0.84, 0.88], "b": [0.79, 0.831, 0.869], "c": [0.86, 0.82, 0.81]}
    rows = [
        {"test_task": "x", "method": method, "seed": seed, "score": score}
        for method, values in scores.items()
        for seed, score in enumerate(values)
    ]
    found = pairwise(pd.DataFrame(rows), "a").set_index("method")
    t = found["difference"] / found["standard_error"]
    for other in ("b", "c"):
        theirs = ttest_rel(scores["a"], scores[other])
        assert t[other] == pytest.approx(theirs.statistic) and found["told_apart"][other] == (theirs.pvalue < 0.05)
    assert found["told_apart"].to_dict() == {"b": True, "c": False}
    with pytest.raises(BadInput, match="has no method 'd'; it has a, b, c"):
        pairwise(pd.DataFrame(rows), "d")


def test_the_papers_scores_stand_beside_ours():
    rows = [
        {"train_task": task, "test_task": task, "backbone": "minilm", "method": method, "seed": 0, "layer": 3,
         "score": 0.8, "texts": 872, "train_texts": 10, "trained_parameters": 5}
        for task in ("sst2", "rte") for method in ("ID-SPAM", "LPT", "IDPG")
    ]  # fmt: skip
    lines = as_text(summarize(pd.DataFrame(rows)), "roberta-base").splitlines()
    assert "paper, roberta-base" in " ".join(lines[0].split()) or "paper" in lines[0]
    cell = {(line.split()[0], line.split()[1]): line for line in lines[2:]}
    assert cell["sst2", "ID-SPAM"].endswith("92.7 ± 1.2") and cell["rte", "LPT"].endswith("73.6 ± 0.7")
    assert cell["sst2", "IDPG"].endswith("–")


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n"])
def test_what_is_no_table_of_results_gets_a_sentence(content, tmp_path):
    (tmp_path / "x.csv").write_text(content)
    with pytest.raises(BadInput, match="is not a table that `idspam-lab collect` or `compare` wrote"):
        read_results(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("word", "name", "options", "title"),
    [
        ("idspam", "idspam", {}, "ID-SPAM"),
        (
            "idspam:heads=4,outer_relu=false",
            "idspam",
            {"heads": 4, "outer_relu": False},
            "ID-SPAM (heads=4, outer_relu=false)",
        ),
        (
            "idspam:layer=1+3,dropout=0.2",
            "idspam",
            {"layer": [1, 3], "dropout": 0.2},
            "ID-SPAM (layer=1+3, dropout=0.2)",
        ),
        ("lpt:generator=appg", "lpt", {"generator": "appg"}, "LPT (generator=appg)"),
    ],
)
def test_a_spelled_method_reads_back(word, name, options, title):
    assert read_method(word) == (name, options) and write_method(name, options) == word and title_of(word) == title


def test_an_option_that_is_none_is_left_out():
    assert write_method("p_tuning", {"width": None}) == "p_tuning"
    assert write_method("lora", {"r": 4, "alpha": None}) == "lora:r=4"


def test_pythons_truth_values_are_read_too():
    assert read_method("idspam:outer_relu=False,positions=True") == ("idspam", {"outer_relu": False, "positions": True})


def test_every_method_is_spelled_in_the_grammar():
    from idspam_lab.cli.grammar import METHOD_NAMES

    assert METHOD_NAMES == tuple(METHODS)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("idspan", "There is no method 'idspan'"),
        ("lora:r", "'r' in 'lora:r' has no value"),
        ("idspam:seed=3", "'seed' in 'idspam:seed=3' is no option of a method: it is said by --seed"),
    ],
)
def test_a_misspelled_method_gets_a_sentence(word, said):
    with pytest.raises(BadInput, match=said):
        read_method(word)


def test_another_way_to_read_is_another_run(run, tiny, small):
    key = key_of(small, tiny, "idspam", Settings(), None)
    other = copy.copy(tiny)
    other.default_read = "first" if tiny.default_read == "mean" else "mean"
    cased = copy.copy(tiny)
    cased.tokenizer = copy.deepcopy(tiny.tokenizer)
    cased.tokenizer.backend_tokenizer.normalizer.lowercase = False
    keys = {key_of(small, backbone, "idspam", Settings(), None) for backbone in (tiny, other, cased)}
    assert key in keys and len(keys) == 3
    tiny.tokenizer(["a film"], truncation=True, max_length=5)  # what one call asks of the tokenizer is no difference
    assert key_of(small, tiny, "idspam", Settings(), None) == key
