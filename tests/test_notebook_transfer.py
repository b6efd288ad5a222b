"""Lesson 05, run in a real kernel: on few texts for its form, in full for what its prose says."""

import re

import pytest

from idspam_lab.experiments.summary import MEASURED, read_results, told_apart
from tests.test_notebooks import execute, folder, in_full, number, pictures_of, text_of  # noqa: F401

LESSON = "05_transfer"


@pytest.fixture(autouse=True)
def embedded_only(monkeypatch):
    monkeypatch.delenv("IDSPAM_DATA_DIR", raising=False)


def check(notebook):
    text = text_of(notebook)
    assert text.count("Not yet: it returns nothing yet") == 2  # the exercises, as they are given
    assert "SST-2 is not at hand: Rotten Tomatoes stands in for it." in text
    assert "QQP and MRPC are not at hand" in text
    assert len(re.findall(r"None of the \d+ rows of .* is among the training rows", text)) == 2
    lengths = [float(found) for found in re.findall(r"^ *(?:rotten_tomatoes|imdb) +\d+ +([\d.]+) ", text, re.MULTILINE)]
    assert len(lengths) == 2 and lengths[1] > 5 * lengths[0]  # "a gap in length"
    assert len(re.findall(r"in-domain: (?:-?\d+% kept|nothing to keep)", text)) == 4
    assert len(re.findall(r"linear head alone right \d+, p = ", text)) == 4
    assert "mean prompt of all texts" in text
    assert pictures_of(notebook) == 2
    return text


def test_on_few_texts_and_a_second_time(folder):  # noqa: F811
    path = folder / f"{LESSON}.ipynb"
    first = check(execute(path, IDSPAM_QUICK="1"))
    again = check(execute(path, IDSPAM_QUICK="1"))
    shown = [re.findall(r"^(?:ID-SPAM|linear head|its own).*%.*$", text, re.MULTILINE) for text in (first, again)]
    assert shown[0] == shown[1] and len(shown[0]) >= 5


def test_the_measured_tables_are_as_the_prose_says():
    """QQP -> MRPC is no transfer: nearly all pairs are called different; few texts move LPT to the other constant."""
    zero, few = (read_results(MEASURED / f"{name}_qqp_mrpc.csv") for name in ("transfer", "few_shot"))
    constant = few.loc[(few["method"] == "majority class") & (few["test_task"] == "mrpc"), "score"].item()
    assert constant == pytest.approx(0.545, abs=5e-4)
    prompted = zero[(zero["test_task"] == "mrpc") & zero["seed"].notna()]
    assert len(prompted) == 33 and prompted["score"].max() < constant and prompted["accuracy"].max() < 0.42
    after = few[(few["test_task"] == "mrpc") & few["seed"].notna()].groupby("method")["score"].mean()
    assert after["LPT"] == pytest.approx(constant, abs=0.005) and 0.02 < after["ID-SPAM"] - constant < 0.04


def test_the_cosine_beats_what_was_trained_as_the_prose_says():
    cosine = read_results(MEASURED / "similarity_1000.csv").query("method == 'cosine similarity'")
    for home, away in (("qqp", "mrpc"), ("mrpc", "qqp")):
        methods = read_results(MEASURED / f"transfer_{home}_{away}.csv").dropna(subset=["seed"])
        for test in (home, away):
            ours = cosine[(cosine["train_task"] == home) & (cosine["test_task"] == test)]
            theirs = methods[methods["test_task"] == test]
            assert ours["fingerprint"].item() == theirs["fingerprint"].unique().item()
            assert ours["score"].item() > theirs.groupby("method")["score"].mean().max()
    qqp = read_results(MEASURED / "transfer_qqp_mrpc.csv").query("test_task == 'qqp'").groupby("method")["score"].mean()
    assert [round(100 * qqp[name], 1) for name in ("LoRA", "ID-SPAM", "fine-tuning")] == [77.4, 67.5, 73.0]
    assert qqp.drop(["majority class", "linear head"]).idxmax() == "LoRA" and len(qqp) == 12
    mrpc = read_results(MEASURED / "compare_mrpc.csv").groupby("method")["score"].mean()
    assert [round(100 * mrpc[name]) for name in ("LoRA", "fine-tuning")] == [77, 77]
    assert mrpc.drop(["LoRA", "fine-tuning"]).idxmax() == "ID-SPAM" and round(100 * mrpc["ID-SPAM"], 1) == 69.4
    rte = read_results(MEASURED / "curve_rte.csv").groupby(["method", "layer"])["score"].mean()
    whole = read_results(MEASURED / "similarity.csv").query("method == 'cosine similarity'")
    whole = whole.set_index("test_task")["score"]
    assert mrpc["ID-SPAM"] < whole["mrpc"] < mrpc["LoRA"] and rte.max() < whole["rte"] and whole["copa"] < 0.5


def test_what_few_texts_and_many_sentences_give_is_as_the_prose_says():
    few = read_results(MEASURED / "few_shot_qqp_mrpc.csv").query("method == 'ID-SPAM' and test_task == 'mrpc'")
    assert round(100 * few["accuracy"].mean(), 1) == 64.5
    abroad = read_results(MEASURED / "transfer_sst2_imdb.csv").query("method == 'ID-SPAM' and test_task == 'imdb'")
    assert round(100 * abroad["accuracy"].mean(), 1) == 71.2 and set(abroad["texts"]) == {872}
    for name, lead, counts in (("sst2_imdb", 0.028, True), ("imdb_sst2", 0.014, False)):
        runs = read_results(MEASURED / f"transfer_{name}.csv").dropna(subset=["seed"])
        runs = runs[runs["train_task"] != runs["test_task"]].pivot_table(index="seed", columns="method", values="score")
        ahead = runs["ID-SPAM"] - runs["linear head"]
        assert ahead.mean() == pytest.approx(lead, abs=5e-4) and told_apart(ahead) == counts


def test_the_race_on_sst2_is_as_lessons_06_and_07_say():
    race = read_results(MEASURED / "transfer_sst2_imdb.csv").dropna(subset=["seed"])
    rates = race.groupby("method")["lr"].unique().map(list)
    assert rates["ID-SPAM"] == [0.01] and rates["mean pooling"] == [0.03]
    home = race[race["train_task"] == race["test_task"]].pivot_table(index="seed", columns="method", values="score")
    lead = home["ID-SPAM"] - home["mean pooling"]
    assert told_apart(lead) and lead.mean() == pytest.approx(0.025, abs=5e-4)


def test_solutions_pass_their_checks(folder):  # noqa: F811
    assert text_of(execute(folder / "solutions" / f"{LESSON}.ipynb")).count("Right: ") == 2


@pytest.mark.slow
@in_full
def test_in_full_it_shows_what_its_prose_says(folder):  # noqa: F811
    text = check(execute(folder / f"{LESSON}.ipynb"))
    assert number(r"no training sentence has: ([\d.]+)% of those in reviews", text) < 30
