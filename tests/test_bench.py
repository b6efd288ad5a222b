"""The benchmark: that it runs, that it counts and divides rightly, and that it is what it says that is timed."""

import json

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from idspam_lab.backbones.shapes import SHAPES as PAPER_SHAPES
from idspam_lab.backbones.upper import ALL, FIRST, run_upper
from idspam_lab.bench import PARTS, quick, run_bench
from idspam_lab.bench.clock import interleaved, medians, timed
from idspam_lab.bench.contenders import ours, rivals, with_trainer
from idspam_lab.bench.flops import needed
from idspam_lab.bench.found import Found, Ratio
from idspam_lab.bench.shapes import SHAPES, backbone_of, config_of, texts
from idspam_lab.classifier import PromptClassifier
from idspam_lab.cli import main
from idspam_lab.errors import BadInput


@pytest.mark.parametrize("part", ["c", "f", "g", "i"])
def test_a_part_runs_and_leaves_its_numbers(part, tmp_path):
    said = []
    report = run_bench(quick(), [part], tmp_path / "bench.json", command="test", say=said.append)
    assert json.loads((tmp_path / "bench.json").read_text()) == json.loads(json.dumps(report))
    assert torch.__version__.startswith(report["versions"]["torch"].split("+")[0])
    assert report["hardware"]["cores"] and report["command"] == "test"
    for found in report["found"]:
        assert found["cases"] and all(value > 0 for value in found["cases"].values())
        assert set(found["all"]) == set(found["cases"]) and 0 <= found["others"] <= 1
    assert len(said) == len(PARTS[part])


def test_the_profile_names_where_all_of_the_time_goes():
    (found,) = run_bench(quick(), ["i"], say=lambda line: None)["found"]
    assert sum(found["cases"].values()) == pytest.approx(1) and any("mm" in name for name in found["cases"])


@pytest.mark.slow
def test_the_whole_command(tmp_path, capsys):
    out = tmp_path / "bench.json"
    assert main(["bench", "--quick", "--out", str(out)]) == 0
    report = json.loads(out.read_text())
    assert [found["part"] for found in report["found"]] == ["a", "b", "b", "c", "d", "e", "e", "f", "g", "h", "i"]
    printed = capsys.readouterr().out
    assert all(f"== ({part}) " in printed for part in "abcdefghi") and str(out) in printed
    ratios = [ratio for found in report["found"] for ratio in found["ratios"]]
    assert sum(ratio["target"] is not None for ratio in ratios) >= 8


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("m", [0, 1, 2])
def test_needed_operations_are_those_that_torch_counts(m, first):
    backbone, B, N, t = backbone_of("tiny"), 4, 8, 10
    hidden, mask = torch.randn(B, N, backbone.n), torch.ones(B, N, dtype=torch.long)
    S = torch.randn(B, t, backbone.n, requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        out = run_upper(backbone, {m: (S, hidden)}, mask, FIRST if first else ALL)
        out.sum().backward()
    assert needed(backbone, m, B, N, t, first) == counter.get_total_flops()


def test_rounds_are_interleaved_and_the_first_does_not_count():
    order = []
    cases = {name: lambda name=name: order.append(name) or float(len(order)) for name in "ab"}
    found = interleaved(cases, 2)
    assert order == ["a", "b"] * 3 and found == {"a": [3.0, 5.0], "b": [4.0, 6.0]}
    assert medians({"a": [3.0, 1.0, 2.0]}) == {"a": 2.0}


def test_a_case_says_how_long_it_took():
    import time

    assert 0.02 < timed(lambda: time.sleep(0.02))() < 1


def test_ratios_say_whether_they_are_reached():
    assert Ratio("x", 2.0, 1.8).reached and not Ratio("x", 1.7, 1.8).reached
    assert Ratio("x", 1.05, 1.1, at_most=True).reached and not Ratio("x", 1.2, 1.1, at_most=True).reached
    assert Ratio("x", 1.0).reached is None
    said = str(Found("title", "seconds", {"case": 0.5}, ratios=[Ratio("a / b", 1.2, 1.1, at_most=True)]))
    assert "title" in said and "0.5" in said and "at most 1.1" in said and "not reached" in said


def test_contenders_train_what_they_say():
    rows, backbone = texts(12, 8), backbone_of("tiny")
    clf = PromptClassifier(backbone, "idspam", read="first")
    for way in ("plain", "fast", "kept"):
        before = [p.detach().clone() for p in clf.parameters()]
        assert ours(clf, rows, 4, "fp32", way)() > 0
        moved = [not torch.equal(a, b) for a, b in zip(before, clf.parameters(), strict=True)]
        frozen = [not p.requires_grad for p in clf.parameters()]
        assert any(moved) and not any(m and f for m, f in zip(moved, frozen, strict=True))
    models = {name: make() for name, make in rivals("tiny").items()}
    trained = {name: sum(p.numel() for p in model.parameters() if p.requires_grad) for name, model in models.items()}
    assert trained["PEFT LoRA"] < trained["full fine-tuning"] / 10
    assert with_trainer(models["PEFT prompt tuning"], rows, 4)() > 0


def test_shapes_are_the_papers():
    for name in ("roberta-base", "roberta-large"):
        config = config_of(name)
        assert (config.hidden_size, config.num_hidden_layers) == tuple(PAPER_SHAPES[name])
    rows = texts(5, 7)
    assert [len(row["input_ids"]) for row in rows] == [7] * 5 and [row["labels"] for row in rows] == [0, 1, 0, 1, 0]
    assert rows == texts(5, 7) != texts(5, 7, seed=1)
    assert {"tiny", "minilm", "roberta-base", "roberta-large"} <= set(SHAPES)


@pytest.mark.parametrize(
    ("arguments", "sentence"), [(["--parts", "z"], "no part 'z'"), (["--shape", "bert"], "no shape 'bert'")]
)
def test_bad_input_is_one_sentence(arguments, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", *arguments]) == 2
    assert sentence in capsys.readouterr().err
    with pytest.raises(BadInput):
        run_bench(quick(), ["z"])
