"""RESULTS.md: what its rules decide, and that the page is what the tables give."""

import json

import pandas as pd
import pytest

from idspam_lab.claims import CLAIMS, QUESTIONS, page
from idspam_lab.claims.blocks import middle_blocks, over_lpt_by_block
from idspam_lab.claims.costs import converges, faster_step_than_lora
from idspam_lab.claims.scores import against, on_another_task
from idspam_lab.claims.speed import speed
from idspam_lab.claims.verdict import OURS, Verdict, together
from idspam_lab.cli import main


def table(scores: dict, task="sst2", source=None, layer=3):
    """Rows of `compare`: method -> a score for each seed."""
    return pd.DataFrame(
        {"train_task": source or task, "test_task": task, "backbone": "minilm", "method": method, "seed": seed,
         "layer": layer, "score": score}
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


def test_the_sentence_has_the_lead_of_each(tmp_path):
    found = verdict(tmp_path, {OURS: [0.80, 0.82, 0.81], "LPT": [0.70, 0.72, 0.71], "SMoP": [0.79, 0.83, 0.81]})
    assert "SMoP +0.0 ± 0.6 (?), LPT +10.0 ± 0.0." in found.evidence and "81.0 %" in found.evidence


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
    rows = [table({OURS: [0.8, 0.81], "LPT": [0.7, 0.71 if layer else 0.9]}, layer=layer) for layer in range(4)]
    pd.concat(rows).to_csv(tmp_path / "curve_x.csv", index=False)
    found = over_lpt_by_block(tmp_path)
    assert found.verdict == Verdict.HOLDS and "ahead of LPT at 3 of 4 blocks, behind at 0" in found.evidence


def test_transfer_looks_at_the_other_task_and_the_rivals_alone(tmp_path):
    away = table({OURS: [0.6, 0.61], "LPT": [0.7, 0.71], "linear head": [0.5, 0.51]}, "imdb", "sst2")
    home = table({OURS: [0.9, 0.91], "LPT": [0.7, 0.71], "linear head": [0.5, 0.51]})
    pd.concat([home, away]).to_csv(tmp_path / "few_shot_x.csv", index=False)
    found = on_another_task("few_shot_*.csv", ["LPT"], beside=["linear head"])(tmp_path)
    assert found.verdict == Verdict.FAILS and "linear head +10.0" in found.evidence
    assert on_another_task("transfer_*.csv", ["LPT"])(tmp_path).verdict == Verdict.UNTESTED


def seconds(task, ours, lpt):
    """Two methods' times until they had converged."""
    found = pd.concat([table({OURS: ours}, task), table({"LPT": lpt}, task)])
    return found.assign(seconds_to_best=found["score"], best_epoch=4)


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
    assert found.verdict == expected and "(epoch 4.0)" in found.evidence


@pytest.mark.parametrize(("value", "expected"), [(2.5, Verdict.HOLDS), (0.8, Verdict.FAILS)])
def test_a_step_beside_lora(tmp_path, value, expected):
    ratio = {"what": "PEFT LoRA, same precision and attention / ID-SPAM", "value": value}
    report = {"found": [{"part": "a", "title": "(a) Training step, minilm; median", "ratios": [ratio]}]}
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "x.json").write_text(json.dumps(report))
    assert faster_step_than_lora(tmp_path).verdict == expected


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
    assert len(counted) == 2 and all("numbers" in sentence or "parameters" in sentence for sentence in counted)


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
    [(5, 1, Verdict.HOLDS), (4, 0, Verdict.PARTLY), (3, 1, Verdict.FAILS), (3, 0, Verdict.OPEN)],
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
