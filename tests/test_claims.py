"""RESULTS.md: what its rules decide, and that the page is what the tables give."""

import json
import math
import re

import pandas as pd
import pytest
from scipy.stats import t

from idspam_lab.analysis.faithfulness import Study
from idspam_lab.analysis.interventions import OWN, UNIFORM
from idspam_lab.claims import CLAIMS, QUESTIONS, page
from idspam_lab.claims.attention import without_attention
from idspam_lab.claims.averages import on_average
from idspam_lab.claims.blocks import any_block, earlier_blocks, middle_blocks, over_lpt_by_block
from idspam_lab.claims.constant import MAJORITY, best_constant
from idspam_lab.claims.counts import saving_grows
from idspam_lab.claims.known import known
from idspam_lab.claims.looked_into import by_number_of_texts, looked_into
from idspam_lab.claims.page import TOLD, tally
from idspam_lab.claims.rates import rates_tried
from idspam_lab.claims.scores import against, all_leads, at_home, on_another_task
from idspam_lab.claims.speed import speed
from idspam_lab.claims.times import (
    converges,
    faster_prediction_than_lora,
    faster_step_than_lora,
    lora_converges,
    times_beside_lpt,
)
from idspam_lab.claims.verdict import OURS, Verdict, beyond_luck, no_worse, together
from idspam_lab.cli import main
from idspam_lab.errors import BadInput
from idspam_lab.metrics import score
from idspam_lab.paper_tables import paper_table


def table(scores: dict, task="sst2", source=None, layer=3):
    """Rows of `compare`: method -> a score for each seed."""
    return pd.DataFrame(
        {"train_task": source or task, "test_task": task, "backbone": "minilm", "method": method, "seed": seed,
         "layer": layer, "score": score, "train_texts": 1000, "texts": 872}
        for method, found in scores.items() for seed, score in enumerate(found)
    )  # fmt: skip


def verdict(folder, scores, others=("LPT", "SMoP")):
    table(scores).to_csv(folder / "compare_x.csv", index=False)
    return against(others)(folder)


def test_the_rule(tmp_path):
    ours, lower, same = [0.80, 0.82, 0.81], [0.70, 0.71, 0.72], [0.79, 0.83, 0.81]
    higher = [0.90, 0.92, 0.91]
    assert verdict(tmp_path, {OURS: ours, "LPT": lower, "SMoP": lower}).verdict == Verdict.HOLDS
    assert verdict(tmp_path, {OURS: ours, "LPT": lower, "SMoP": same}).verdict == Verdict.PARTLY
    assert verdict(tmp_path, {OURS: ours, "LPT": same}).verdict == Verdict.OPEN
    assert verdict(tmp_path, {OURS: ours, "LPT": higher, "SMoP": same}).verdict == Verdict.FAILS
    assert verdict(tmp_path, {OURS: ours, "LPT": higher, "SMoP": lower}).verdict == Verdict.PARTLY
    assert verdict(tmp_path, {OURS: ours, "LoRA": lower}).verdict == Verdict.UNTESTED
    evidence = verdict(tmp_path, {OURS: ours, "LPT": lower}).evidence
    assert evidence.startswith("sst2 (trained on 1,000 texts, tested on 872), 3 seeds: ID-SPAM has 81.0 %")


def test_a_method_at_several_blocks_counts_at_the_one_that_most_methods_have(tmp_path):
    ours, lower = [0.80, 0.82, 0.81], [0.70, 0.71, 0.72]
    blocks = [table({OURS: ours, "LPT": lower}), table({OURS: [0.1, 0.1, 0.1]}, layer=4)]
    head = table({"linear head": lower}, layer=None)
    pd.concat([*blocks, head]).to_csv(tmp_path / "sst2.csv", index=False)
    found = against(["LPT"], beside=["linear head"])(tmp_path)
    assert found.verdict == Verdict.HOLDS and "81.0 %" in found.evidence and "linear head +10.0" in found.evidence


def test_the_sentence_has_the_lead_of_each(tmp_path):
    found = verdict(tmp_path, {OURS: [0.80, 0.82, 0.81], "LPT": [0.70, 0.72, 0.71], "SMoP": [0.79, 0.83, 0.81]})
    assert "SMoP +0.0 (-2.5 to +2.5), LPT +10.0 (+10.0 to +10.0)." in found.evidence and "81.0 %" in found.evidence


def test_tables_that_differ_hold_partly():
    assert together([Verdict.HOLDS, Verdict.HOLDS]) == Verdict.HOLDS
    assert together([Verdict.HOLDS, Verdict.FAILS]) == together([Verdict.HOLDS, Verdict.OPEN]) == Verdict.PARTLY
    assert together([Verdict.FAILS, Verdict.OPEN]) == Verdict.FAILS


@pytest.mark.parametrize(("middle", "expected"), [(0.8, Verdict.HOLDS), (0.6, Verdict.FAILS), (0.702, Verdict.OPEN)])
def test_middle_blocks(tmp_path, middle, expected):
    scores = [0.70, 0.70, middle, middle, 0.70, 0.70]
    noise = [0.01, 0.0, -0.012]
    rows = [table({OURS: [score + e * (layer == 2) for e in noise]}, layer=layer) for layer, score in enumerate(scores)]
    pd.concat(rows).to_csv(tmp_path / "curve_x.csv", index=False)
    assert middle_blocks(tmp_path).verdict == expected


def test_blocks_against_lpt(tmp_path):
    rows = [table({OURS: [0.8, 0.81], "LPT": [0.7, 0.711 if layer else 0.9]}, layer=layer) for layer in range(4)]
    pd.concat(rows).to_csv(tmp_path / "curve_x.csv", index=False)
    found = over_lpt_by_block(tmp_path)
    assert found.verdict == Verdict.HOLDS and "ahead of LPT at 3 of 4 blocks, behind at 0" in found.evidence


def test_what_was_asked_again_counts_where_it_was_measured_first(tmp_path):
    later = table({OURS: [0.8, 0.81], "LPT": [0.7, 0.711], "LoRA": [0.9, 0.911]}).assign(date="2026-02-02")
    first = table({OURS: [0.7, 0.71], "LPT": [0.8, 0.811]}).assign(date="2026-01-01")
    later.to_csv(tmp_path / "a.csv", index=False)
    assert against(["LPT"])(tmp_path).verdict == Verdict.HOLDS
    first.to_csv(tmp_path / "b.csv", index=False)
    found = against(["LPT"])(tmp_path)
    assert found.verdict == Verdict.FAILS and "Counted where it was asked first: LPT in `b.csv`." in found.evidence
    assert dict(all_leads(tmp_path)[["method", "file"]].to_numpy()) == {"LPT": "b.csv", "LoRA": "a.csv"}
    first.assign(train_texts=7).to_csv(tmp_path / "b.csv", index=False)  # another question
    assert against(["LPT"])(tmp_path).verdict == Verdict.PARTLY


def test_on_average_the_tasks_are_the_sample(tmp_path):
    leads = {"sst2": 0.04, "imdb": 0.05, "mrpc": 0.06, "rte": -0.2}
    for task, lead in leads.items():
        rows = table({OURS: [0.7, 0.72, 0.71], "LPT": [0.7 - lead, 0.72 - lead, 0.71 - lead]}, task)
        if task == "sst2":
            rows = pd.concat([rows, table({"SMoP": [0.9, 0.9, 0.9]}, task)])  # one task is no average
        pd.concat([rows, constant(0.99 if task == "rte" else 0.5, task)]).to_csv(
            tmp_path / f"compare_{task}.csv", index=False
        )
    found = on_average(["LPT", "SMoP"])(tmp_path)
    half = 0.01 / 3**0.5 * t.ppf(0.975, 2)
    told = f"LPT +5.0 (+{100 * (0.05 - half):.1f} to +{100 * (0.05 + half):.1f}), ahead on 3 of 3."
    assert told in found.evidence and "SMoP" not in found.evidence and found.verdict == Verdict.HOLDS
    more = table({OURS: [0.9, 0.92, 0.91], "LPT": [0.8, 0.82, 0.81]}, "sst2")  # two tables of one task are one task
    more.to_csv(tmp_path / "transfer_more.csv", index=False)
    alone = table({OURS: [0.1, 0.12, 0.11]}, "sst2")  # says nothing of LPT, so it moves nothing
    alone.to_csv(tmp_path / "transfer_alone.csv", index=False)
    assert "LPT +6.0" in on_average(["LPT"])(tmp_path).evidence
    assert on_average(["LoRA"])(tmp_path).verdict == Verdict.UNTESTED


def test_transfer_looks_at_the_other_task_and_the_rivals_alone(tmp_path):
    away = table({OURS: [0.6, 0.61], "LPT": [0.7, 0.711], "linear head": [0.5, 0.51]}, "imdb", "sst2")
    home = table({OURS: [0.9, 0.91], "LPT": [0.7, 0.71], "linear head": [0.5, 0.51]})
    pd.concat([home, away]).to_csv(tmp_path / "few_shot_x.csv", index=False)
    found = on_another_task("few_shot_*.csv", ["LPT"], beside=["linear head"])(tmp_path)
    assert found.verdict == Verdict.FAILS and "linear head +10.0" in found.evidence
    assert on_another_task("transfer_*.csv", ["LPT"])(tmp_path).verdict == Verdict.UNTESTED


def seconds(task, ours, lpt):
    """Two methods' times until they had converged."""
    found = pd.concat([table({OURS: ours}, task), table({"LPT": lpt}, task)])
    return found.assign(seconds_to_best=found["score"], best_epoch=4, lr=3e-3)


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ({"sst2": ([10, 11, 12], [20, 22, 24]), "rte": ([10, 11, 12], [20, 22, 24])}, Verdict.HOLDS),
        ({"sst2": ([20, 22, 24], [10, 11, 12])}, Verdict.FAILS),
        ({"sst2": ([20, 22, 24], [10, 11, 12]), "rte": ([10, 11, 12], [20, 22, 24])}, Verdict.PARTLY),
        ({"rte": ([10, 11, 12], [10, 13, 10])}, Verdict.OPEN),
    ],
)
def test_convergence(tmp_path, tasks, expected):
    pd.concat([seconds(task, *times) for task, times in tasks.items()]).to_csv(tmp_path / "convergence.csv")
    found = converges(tmp_path)
    assert found.verdict == expected and "(epoch 4.0, rate 0.003" in found.evidence


@pytest.mark.parametrize(
    ("training", "prediction", "expected"),
    [(1.05, 0.95, Verdict.HOLDS), (1.05, 1.3, Verdict.PARTLY), (1.3, 0.7, Verdict.FAILS)],
)
def test_times_beside_lpt_are_about_as_long_within_a_tenth(tmp_path, training, prediction, expected):
    lpt = table({"LPT": [0.7] * 3}).assign(train_seconds_per_text=2.0, predict_seconds_per_text=1.0)
    ours = table({OURS: [0.7] * 3}).assign(train_seconds_per_text=[2 * (training + e) for e in (-0.01, 0, 0.01)])
    ours = ours.assign(predict_seconds_per_text=prediction)
    pd.concat([lpt, ours]).to_csv(tmp_path / "convergence_x.csv", index=False)
    found = times_beside_lpt(tmp_path)
    half = 0.01 / 3**0.5 * t.ppf(0.975, 2)
    told = f"sst2, training: {training:.2f} times LPT's ({training - half:.2f} to {training + half:.2f})"
    assert told in found.evidence and found.verdict == expected


@pytest.mark.parametrize(
    ("later", "expected"),
    [([0.3, 0.2, 0.1, 0.05, 0.04], Verdict.HOLDS), ([0.3, 0.2, 0.25, 0.05, 0.04], Verdict.PARTLY),
     ([0.3, 0.2, 0.1, 0.05, 0.6], Verdict.FAILS)],
)  # fmt: skip
def test_loras_loss_at_the_printed_epochs(tmp_path, later, expected):
    losses = {5 * step: loss for step, loss in enumerate([0.5, *later], start=1)}
    rows = [
        {"train_task": "mrpc", "seed": seed, "epoch": epoch, "train_loss": losses.get(epoch, 9.0) + e}
        for seed, e in enumerate((-0.01, 0.01))
        for epoch in range(1, 31)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "lora_loss-epochs.csv", index=False)
    found = lora_converges(tmp_path)
    assert found.verdict == expected and "mrpc: 0.5, 0.3, 0.2, " in found.evidence
    assert "the mean of 2 seeds; of the 29 steps between epochs" in found.evidence


def test_the_saving_beside_lora_as_table_13_prints_it(tmp_path):
    found = saving_grows(tmp_path)
    printed = paper_table(13).dropna(subset=["ratio"]).set_index("backbone")["ratio"]
    for name, ratio in re.findall(r"(\S+) (\d\.\d\d)[,.]", found.evidence):
        assert float(ratio) == pytest.approx(printed.pop(name), abs=0.13)  # gpt2-large: see the audit of its count
    assert printed.empty and found.verdict == Verdict.HOLDS and "in 4 of 5 steps" in found.evidence


def benched(folder, **part):
    (folder / "bench").mkdir(exist_ok=True)
    (folder / "bench" / "x.json").write_text(json.dumps({"found": [{"ratios": [], "cases": {}} | part]}))


@pytest.mark.parametrize(("plain", "expected"), [(0.4, Verdict.HOLDS), (1.25, Verdict.FAILS)])
def test_a_step_beside_lora_is_the_plain_path_at_the_middle(tmp_path, plain, expected):
    cases = {f"ID-SPAM m={m}, plain path": 9 if m != 3 else plain for m in range(6)}
    cases |= {"ID-SPAM m=3, states kept": 0.1, "PEFT LoRA, same precision and attention": 1.0}
    benched(tmp_path, part="a", title="(a) Training step, minilm; median", cases=cases)
    found = faster_step_than_lora(tmp_path)
    assert found.verdict == expected
    told = f"LoRA takes {1 / plain:.1f} times as long as ID-SPAM m=3, plain path, with kept states 10.0"
    assert told in found.evidence


@pytest.mark.parametrize(
    ("mean", "unmerged", "expected"),
    [
        ((0.8, 0.9), (0.7, 0.8), Verdict.HOLDS),
        ((1.2, 1.3), (0.7, 0.8), Verdict.PARTLY),
        ((1.2, 1.3), (1.1, 1.2), Verdict.FAILS),
    ],
)
def test_a_prediction_beside_lora_is_decided_by_heads_that_read_the_mean(tmp_path, mean, unmerged, expected):
    cases = (("first", "forward", (0.5, 0.6)), ("mean", "forward", mean), ("mean", "LoRA unmerged", unmerged))
    ratios = [
        {"what": f"ID-SPAM, {n} tokens, reads the {read} / {rival}", "value": value}
        for read, rival, values in cases
        for n, value in enumerate(values)
    ]
    ratios.append({"what": "operations: ID-SPAM, 16 tokens, reads the mean / forward", "value": 7.0})
    benched(tmp_path, part="c", title="(c) Prediction, minilm; median", ratios=ratios)
    found = faster_prediction_than_lora(tmp_path)
    assert found.verdict == expected
    assert f"{min(mean):.2f} to {max(mean):.2f} times LoRA's with merged weights" in found.evidence
    assert "(where the first token is read 0.50 to 0.60)" in found.evidence
    assert f"{min(unmerged):.2f} to {max(unmerged):.2f} times LoRA's unmerged (`bench/x.json`)" in found.evidence


def constant(accuracy, task, source=None, metric="accuracy"):
    """The row of a majority class with this share of the test texts."""
    macro_f1 = accuracy / (1 + accuracy)
    score = accuracy if metric == "accuracy" else (accuracy + macro_f1) / 2
    found = table({MAJORITY: [score]}, task, source, layer=None)
    return found.assign(seed=None, accuracy=accuracy, macro_f1=macro_f1, metric=metric)


@pytest.mark.parametrize("metric", ["accuracy", "acc_f1"])
def test_the_best_constant_answer_is_that_of_the_larger_class_there(metric):
    labels = [0] * 3 + [1] * 7
    expected = max(score(metric, labels, [k] * 10, 2)["score"] for k in (0, 1))
    worst = score(metric, labels, [0] * 10, 2)
    trained = constant(0.3, "mrpc", "qqp", metric)
    assert trained["score"].item() == pytest.approx(worst["score"])
    assert best_constant(trained) == best_constant(constant(0.7, "mrpc", "qqp", metric)) == pytest.approx(expected)
    assert best_constant(constant(0.3, "mnli", "mnli", metric)) == pytest.approx(worst["score"])  # of three classes
    assert math.isnan(best_constant(table({OURS: [0.5]})))


def test_a_lead_counts_where_the_method_that_has_it_is_better_than_a_constant_answer(tmp_path):
    """On the other task the training texts' class may be the worst answer: the best one decides."""
    runs = table({OURS: [0.548, 0.55, 0.54], "LPT": [0.50, 0.502, 0.494]}, "mrpc", "qqp")
    path, claim = tmp_path / "few_shot_x.csv", on_another_task("few_shot_*.csv", ["LPT"])
    pd.concat([constant(0.45, "mrpc", "qqp"), runs]).to_csv(path, index=False)
    found = claim(tmp_path)
    assert found.verdict == Verdict.OPEN
    assert "No method does better than the best constant answer (55.0 %): not counted" in found.evidence
    pd.concat([constant(0.45, "mrpc", "qqp"), runs.assign(score=runs["score"] + 0.03)]).to_csv(path, index=False)
    found = claim(tmp_path)
    assert found.verdict == Verdict.HOLDS and "No better than the best constant answer (55.0 %): LPT." in found.evidence
    worse = runs.assign(score=[0.52, 0.522, 0.516, 0.54, 0.543, 0.536])  # behind a method that has learned nothing
    other = table({"SMoP": [0.6, 0.61, 0.605]}, "mrpc", "qqp")
    pd.concat([constant(0.45, "mrpc", "qqp"), worse, other]).to_csv(path, index=False)
    assert claim(tmp_path).verdict == Verdict.OPEN
    assert on_another_task("few_shot_*.csv", ["SMoP"])(tmp_path).verdict == Verdict.FAILS


@pytest.mark.parametrize(
    ("lead", "noise", "expected"),
    [
        (0.05, 0.001, Verdict.HOLDS),  # ahead
        (-0.01, 0.001, Verdict.HOLDS),  # behind, by less than two points
        (-0.05, 0.001, Verdict.FAILS),
        (0.0, 0.05, Verdict.OPEN),  # an interval of twelve points to each side says neither
    ],
)
def test_comparable_is_an_interval_above_two_points_less(tmp_path, lead, noise, expected):
    ours = [0.7 + lead - noise, 0.7 + lead + noise, 0.7 + lead]
    table({OURS: ours, "LoRA": [0.7] * 3}, "imdb", "sst2").to_csv(tmp_path / "transfer_x.csv", index=False)
    assert on_another_task("transfer_*.csv", ["LoRA"], rule=no_worse)(tmp_path).verdict == expected


def test_earlier_and_later_blocks(tmp_path):
    rows = [table({OURS: [0.8, 0.81, 0.8] if m < 2 else [0.7, 0.7, 0.71]}, layer=m) for m in range(6)]
    pd.concat(rows).to_csv(tmp_path / "curve_x.csv", index=False)
    assert earlier_blocks(tmp_path).verdict == Verdict.HOLDS
    assert middle_blocks(tmp_path).verdict == Verdict.FAILS  # below the first, and no better than the last


def test_looked_into_has_the_leads_over_rivals_of_the_same_terms(tmp_path):
    assert looked_into(tmp_path) == []
    ours = table({OURS: [0.7, 0.72, 0.71], "ID-SPAM (t=20)": [0.8, 0.82, 0.81]})
    other = table({OURS: [0.5, 0.52, 0.51]}, layer=1)
    rivals = table({"LPT": [0.7, 0.72, 0.71], "LoRA": [0.75, 0.77, 0.76]}, layer=None)
    told = {"epochs": 4, "read": "mean", "lr": 3e-3, "train_texts": 1000}
    pd.concat([ours, other, rivals]).assign(**told).to_csv(tmp_path / "looked_into_a.csv", index=False)
    later = table({OURS: [0.9, 0.92, 0.91], "LPT": [0.7, 0.72, 0.71], "LoRA": [0.75, 0.77, 0.76]})
    later.assign(**told | {"epochs": 12}).to_csv(tmp_path / "looked_into_b.csv", index=False)
    lines = looked_into(tmp_path)
    behind = "51.0 | -20.0 (-20.0 to -20.0) | -25.0 (-25.0 to -25.0) |"
    assert f"| sst2, 4 epochs, reads the mean | ID-SPAM, block 1 | 0.003 | {behind}" in lines
    ahead = "| sst2, 12 epochs, reads the mean | ID-SPAM, block 3 | 0.003 | 91.0 | +20.0 "
    assert any(line.startswith(ahead) for line in lines)
    assert lines[-1] == (
        "On sst2, over LPT 2 of 4 leads count, and 1 the other way; over LoRA 2 of 4 leads count, and 2 the other way."
    )


def test_the_number_of_texts_is_told_where_both_tables_are(tmp_path):
    assert by_number_of_texts(tmp_path) == []
    terms = {"epochs": 3, "lr": 3e-3, "read": "mean"}
    few = table({OURS: [0.7, 0.72, 0.71], "LPT": [0.8, 0.82, 0.81]}).assign(train_texts=2500, **terms)
    many = table({OURS: [0.9, 0.92, 0.91], "LPT": [0.8, 0.82, 0.81]}).assign(train_texts=65_349, **terms)
    few.to_csv(tmp_path / "curve_sst2.csv", index=False)
    other_block = table({OURS: [0.1] * 3}, layer=4).assign(**terms)
    pd.concat([many, other_block]).to_csv(tmp_path / "sst2.csv", index=False)
    (_, told) = by_number_of_texts(tmp_path)
    assert "-10.0 (-10.0 to -10.0) after 2,500 (`curve_sst2.csv`)" in told
    assert "+10.0 (+10.0 to +10.0) after 65,349 (`sst2.csv`)" in told
    few.assign(lr=1e-2).to_csv(tmp_path / "curve_sst2.csv", index=False)
    assert by_number_of_texts(tmp_path) == []  # the rate might be why


def test_every_aim_in_speed_is_said_and_whether_it_was_reached(tmp_path):
    aims = [("a", 5.0, 6.0, False), ("b", 1.05, 1.1, True), ("c", 1.2, 1.1, True)]
    ratios = [
        {"what": what, "value": value, "target": target, "at_most": at_most,
         "reached": value <= target if at_most else value >= target}
        for what, value, target, at_most in aims
    ]  # fmt: skip
    ratios.append({"what": "no aim", "value": 1.0, "target": None, "at_most": False, "reached": None})
    profile = {"part": "i", "title": "(i) Where", "ratios": [], "cases": {"products": 0.7, "all else": 0.3}}
    (tmp_path / "bench").mkdir()
    report = {"found": [{"part": "a", "title": "(a) Step; long", "ratios": ratios}, profile]}
    (tmp_path / "bench" / "x.json").write_text(json.dumps(report))
    text = "\n".join(speed(tmp_path))
    assert "| (a) Step | a | 5.00 | at least 6 | **not reached** | `x.json` |" in text
    assert "| b | 1.05 | at most 1.1 | reached |" in text and "| c | 1.20 | at most 1.1 | **not reached** |" in text
    assert "no aim" not in text and "products 70%, all else 30% (`bench/x.json`)." in text


def test_an_empty_folder_leaves_untested_what_needs_a_table(tmp_path):
    found = {claim.sentence: claim.evidence(tmp_path).verdict for claim in (*CLAIMS, *QUESTIONS)}
    counted = {sentence for sentence, verdict in found.items() if verdict != Verdict.UNTESTED}
    assert len(counted) == 4 and all(re.search("numbers|parameters|saves", sentence) for sentence in counted)


def test_the_page_is_what_the_tables_give(request, tmp_path):
    written = (request.config.rootpath / "data" / "results" / "RESULTS.md").read_text(encoding="utf-8")
    assert written == page(), "run: idspam-lab claims"
    main(["claims", "--out", str(tmp_path / "again.md")])
    assert (tmp_path / "again.md").read_text(encoding="utf-8") == written


def test_no_rival_no_verdict(tmp_path):
    alone = table({OURS: [0.6, 0.61], "linear head": [0.7, 0.71]}, "imdb", "sst2")
    alone.to_csv(tmp_path / "few_shot_x.csv", index=False)
    found = on_another_task("few_shot_*.csv", ["LPT"], beside=["linear head"])(tmp_path)
    assert found.verdict == Verdict.UNTESTED


@pytest.mark.parametrize(
    ("ahead", "behind", "expected"),
    [(5, 1, Verdict.HOLDS), (4, 0, Verdict.PARTLY), (3, 1, Verdict.OPEN), (1, 2, Verdict.FAILS), (3, 0, Verdict.OPEN)],
)
def test_almost_every_block_is_all_but_one(tmp_path, ahead, behind, expected):
    noisy = {OURS: [0.7, 0.8, 0.75], "LPT": [0.8, 0.7, 0.75]}
    clear = [{OURS: [0.8, 0.81, 0.82], "LPT": [0.7, 0.71, 0.72]}] * ahead + [
        {OURS: [0.7, 0.71, 0.72], "LPT": [0.8, 0.81, 0.82]}
    ] * behind
    rows = [table(scores, layer=layer) for layer, scores in enumerate(clear + [noisy] * (6 - ahead - behind))]
    pd.concat(rows).to_csv(tmp_path / "curve_x.csv", index=False)
    assert over_lpt_by_block(tmp_path).verdict == expected


def test_a_curve_of_what_was_not_learned_is_not_counted(tmp_path):
    """Below the majority class, a difference between blocks is luck, however many errors it is."""
    rows = [table({OURS: [0.50, 0.51, 0.505], "LPT": [0.48, 0.49, 0.485]}, layer=layer) for layer in range(6)]
    majority = table({"majority class": [0.53]}, layer=None).assign(seed=None)
    pd.concat([*rows, majority]).to_csv(tmp_path / "curve_x.csv", index=False)
    for claim in (middle_blocks, over_lpt_by_block):
        found = claim(tmp_path)
        assert (
            found.verdict == Verdict.OPEN and "no block does better than the majority class (53.0 %)" in found.evidence
        )
    pd.concat([*rows, majority.assign(score=0.4)]).to_csv(tmp_path / "curve_x.csv", index=False)
    assert over_lpt_by_block(tmp_path).verdict == Verdict.HOLDS


def test_all_leads_are_those_of_the_page(tmp_path):
    lower, ours = [0.70, 0.71, 0.72], [0.80, 0.82, 0.81]
    home = pd.concat([table({OURS: ours, "LPT": lower, "SMoP": [0.81, 0.81, 0.81]}), constant(0.5, "sst2")])
    away = pd.concat([table({OURS: lower, "LPT": ours}, "imdb", "sst2"), constant(0.9, "imdb")])
    pd.concat([home, away.assign(train_task="sst2")]).to_csv(tmp_path / "transfer_sst2_imdb.csv", index=False)
    found = all_leads(tmp_path).set_index(["tasks", "method"])
    assert found.loc[("sst2, 1,000", "LPT"), ["home", "ahead", "behind", "learned"]].tolist() == [
        True,
        True,
        False,
        True,
    ]
    assert not found.loc[("sst2, 1,000", "SMoP"), ["ahead", "behind"]].any()
    far = found.loc[("sst2 to imdb, 1,000", "LPT")]
    assert far["difference"] == pytest.approx(-0.1) and not far["behind"] and not far["learned"]  # below 0.9


@pytest.mark.parametrize(
    ("ahead", "behind", "leads", "expected"),
    [
        (1, 0, 7, Verdict.OPEN),
        (2, 0, 7, Verdict.PARTLY),
        (1, 0, 2, Verdict.PARTLY),
        (2, 2, 40, Verdict.OPEN),
        (1, 2, 9, Verdict.FAILS),
        (2, 2, 9, Verdict.PARTLY),
    ],
)
def test_what_luck_alone_gives_is_no_finding(ahead, behind, leads, expected):
    side = [True] * ahead + [False] * (leads - ahead)
    pairs = pd.DataFrame({"ahead": side, "behind": [False] * (leads - behind) + [True] * behind})
    assert beyond_luck(Verdict.PARTLY, pairs) == expected
    by_luck = sum(math.comb(leads, k) * 0.025**k * 0.975 ** (leads - k) for k in range(ahead, leads + 1))
    assert (by_luck < 0.05) == (expected == Verdict.PARTLY)
    assert beyond_luck(Verdict.HOLDS, pairs) == Verdict.HOLDS


def test_every_table_counts_a_curve_at_its_middle_block(tmp_path):
    curve = pd.concat([table({OURS: [0.7 + m / 100] * 2, "LPT": [0.6] * 2}, "rte", layer=m) for m in range(6)])
    several = pd.concat([curve, table({OURS: [0.9, 0.92], "LPT": [0.8, 0.82]}, "cb")])
    several.to_csv(tmp_path / "curve_x.csv", index=False)
    table({OURS: [0.5, 0.51]}, "cb", "wic").to_csv(tmp_path / "transfer_x.csv", index=False)  # nobody at home
    found = [(path.name, runs["test_task"].iloc[0], len(runs)) for _, path, runs in at_home(tmp_path)]
    assert found == [("curve_x.csv", "cb", 4), ("curve_x.csv", "rte", 4)]
    assert (
        "rte (trained on 1,000 texts, tested on 872), 2 seeds: ID-SPAM has 73.0 %"
        in against(["LPT"])(tmp_path).evidence
    )


def test_a_rate_at_the_edge_of_those_tried_is_said(tmp_path):
    runs = table({OURS: [0.8, 0.82], "LPT": [0.7, 0.71], "LoRA": [0.7, 0.71], "linear head": [0.6, 0.61]})
    spelled = {OURS: "idspam", "LPT": "lpt", "LoRA": "lora", "linear head": "linear_head"}
    runs["spelled"], runs["lr"] = (
        runs["method"].map(spelled),
        runs["method"].map({OURS: 0.03, "LPT": 0.01, "LoRA": 3e-4}),
    )
    runs.to_csv(tmp_path / "compare_x.csv", index=False)
    claim = against(["LPT", "LoRA"])
    assert "rate tried" not in claim(tmp_path).evidence
    (tmp_path / "grids").mkdir()
    (tmp_path / "grids" / "compare_x.toml").write_text(
        '[[runs]]\nmethods = ["idspam", "lpt"]\nsettings = { lr = [3e-3, 1e-2, 3e-2] }\n'
        '[[runs]]\nmethods = ["lora"]\nsettings = { lr = [3e-4, 1e-3] }\n'
        '[[runs]]\nmethods = ["linear_head"]\nsettings = { lr = 3e-3 }\n'
    )
    assert "At the largest rate tried: ID-SPAM; at the smallest rate tried: LoRA." in claim(tmp_path).evidence


def test_at_any_block(tmp_path):
    blocks = [table({OURS: [0.8, 0.81, 0.805]}, layer=m) for m in range(3)]
    majority = constant(0.55, "sst2")
    pd.concat([*blocks, majority]).to_csv(tmp_path / "curve_x.csv", index=False)
    found = any_block(tmp_path)
    assert found.verdict == Verdict.HOLDS and "at 3 of 3 blocks better than the best constant" in found.evidence
    worse = table({OURS: [0.5, 0.56, 0.52]}, layer=3)
    pd.concat([*blocks, worse, majority]).to_csv(tmp_path / "curve_x.csv", index=False)
    assert any_block(tmp_path).verdict == Verdict.PARTLY


def test_uniform_attention_beside_accuracy_is_paired_by_run(tmp_path):
    rows = [
        {"run": run, "text": text, "intervention": name, "correct": right}
        for run, lost in (("a", 1), ("b", 2))
        for text in range(10)
        for name, right in ((OWN, text < 8), (UNIFORM, text < 8 - lost))
    ]
    told, needed = without_attention(Study(None, pd.DataFrame(rows), None))
    half = 0.05 * t.ppf(0.975, 1)
    assert not needed and "not what the task needs" in told
    assert f"80.0 %, attention frozen to uniform costs 15.0 points ({100 * (0.15 - half):.1f} to" in told
    assert without_attention(Study(None, pd.DataFrame(rows).query("intervention == @OWN"), None)) == ("", True)
    alike = pd.DataFrame(rows).query("run == 'b'")
    both = pd.concat([alike, alike.assign(run="c")])  # two runs that agree: told apart
    assert without_attention(Study(None, both, None))[1]


def test_an_accuracy_below_a_constant_answer_is_said(tmp_path):
    """The score is the mean of accuracy and macro F1: a method may be ahead in the one and behind in the other."""
    runs = table({OURS: [0.58, 0.582, 0.579], "LPT": [0.50, 0.502, 0.494]}, "mrpc", "qqp")
    path, claim = tmp_path / "few_shot_x.csv", on_another_task("few_shot_*.csv", ["LPT"])
    for accuracy, said in ((0.645, True), (0.70, False)):
        rows = runs.assign(accuracy=accuracy, macro_f1=0.5, metric="acc_f1")
        pd.concat([constant(0.68, "mrpc", "qqp", "acc_f1"), rows]).to_csv(path, index=False)
        told = "Its accuracy, 64.5 %, is below that of the best constant answer (68.0 %)"
        assert (told in claim(tmp_path).evidence) == said


def test_the_cosine_stands_beside_the_methods_of_the_same_texts(tmp_path):
    told = {"fingerprint": "a", "metric": "accuracy"}
    cosine = table({"cosine similarity": [0.81], "linear head": [0.9]}, "qqp").assign(seed=None, **told)
    assert known(tmp_path) == []
    cosine.to_csv(tmp_path / "similarity.csv", index=False)
    assert known(tmp_path)[-1] == "- qqp (1,000 training texts, 872 test texts): 81.0 %; no table to hold it beside."
    runs = table({OURS: [0.68, 0.7], "LoRA": [0.77, 0.79], "linear head": [0.9, 0.9]}, "qqp").assign(**told)
    runs.to_csv(tmp_path / "transfer_qqp_mrpc.csv", index=False)
    runs.assign(fingerprint="b", score=0.99).to_csv(tmp_path / "compare_other_texts.csv", index=False)
    line = known(tmp_path)[-1]
    assert line.endswith("81.0 %; LoRA 78.0, ID-SPAM 69.0 (the best of 2, `transfer_qqp_mrpc.csv`).")


def test_every_row_of_the_page_leads_to_its_claim():
    lines = page().splitlines()
    headings = [re.sub(r"[^a-z0-9_ -]", "", line[4:].lower()).replace(" ", "-") for line in lines if line[:4] == "### "]
    links = [link for line in lines for link in re.findall(r"^\| \[.*?\]\(#(.*?)\)", line)]
    assert links == headings and len(set(links)) == len(CLAIMS) + len(QUESTIONS)


def test_one_seed_is_said_and_not_counted(tmp_path):
    found = verdict(tmp_path, {OURS: [0.8], "LPT": [0.7]})
    assert found.verdict == Verdict.OPEN and "One seed has no interval: not counted." in found.evidence
    assert "No method does better" not in found.evidence
    with pytest.raises(BadInput, match="No table in .* has ID-SPAM beside another method, with two seeds at least"):
        all_leads(tmp_path)


def test_a_method_that_lacks_the_common_block_is_taken_at_its_own(tmp_path):
    ours = [table({OURS: [0.8, 0.82, 0.81]}, layer=layer) for layer in (1, 5)]
    pd.concat([*ours, table({"LPT": [0.7, 0.71, 0.72]})]).to_csv(tmp_path / "compare_x.csv", index=False)
    assert against(["LPT"])(tmp_path).verdict == Verdict.HOLDS


def test_a_table_of_several_rates_is_refused_by_name(tmp_path):
    twice = pd.concat([table({OURS: [0.8, 0.82], "LPT": [0.7, 0.71]}), table({"LPT": [0.6, 0.61]}).assign(lr=0.01)])
    twice.to_csv(tmp_path / "compare_x.csv", index=False)
    with pytest.raises(BadInput, match="compare_x.csv has several runs of LPT with one seed: leave the chosen one"):
        against(["LPT"])(tmp_path)


def test_rates_of_a_method_in_several_blocks_of_a_grid_are_joined(tmp_path):
    text = '[[runs]]\nmethods = ["lpt"]\nsettings = { lr = [1e-3, 3e-3] }\n'
    (tmp_path / "x.toml").write_text(text + text.replace("1e-3, 3e-3", "3e-3, 1e-2"))
    assert rates_tried(tmp_path / "x.toml") == {"lpt": (1e-3, 3e-3, 1e-2)}


def test_the_verdicts_are_counted_and_none_is_left_out():
    assert set(TOLD) == set(Verdict)
    said = tally([Verdict.HOLDS, Verdict.FAILS, Verdict.HOLDS])
    assert "3 claims: 2 hold, 0 hold partly, 0 cannot be told, 1 do not hold, 0 not tested here." in said
