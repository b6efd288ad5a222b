"""The command line as it is typed: real model, real files, exit statuses, one sentence for bad input."""

import csv
import io
import json
import os
import shlex
import signal
import subprocess
import sys
from collections import Counter

import pyarrow
import pyarrow.parquet
import pytest

import idspam_lab
from idspam_lab.classifier import PromptClassifier
from idspam_lab.cli import main
from idspam_lab.cli.given import task_of
from idspam_lab.cli.grammar import parser
from idspam_lab.cli.verbs import coloured
from idspam_lab.files import alone_in
from idspam_lab.methods.spelled import read_method
from tests.conftest import reviews


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "reviews.csv"
    examples = reviews(80)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["review", "verdict"])
        writer.writerows((text, ("bad", "good")[y]) for text, y in zip(examples.texts, examples.labels, strict=True))
    return path


@pytest.fixture(scope="module")
def trained(table, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "own"
    status = main(
        ["train", str(table), "--text", "review", "--label", "verdict", "--epochs", "6", "--batch-size", "8",
         "--layer", "5", "--out", str(out)]
    )  # fmt: skip
    assert status == 0
    return out


def run(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_train_on_an_own_table_then_predict(trained, capsys):
    status, out, _ = run(capsys, "predict", trained, "the film is lovely", "the film is tedious")
    lines = [line.split("\t") for line in out.splitlines()]
    assert status == 0 and [line[0] for line in lines] == ["good", "bad"]
    assert all(0.5 <= float(line[1]) <= 1 for line in lines) and lines[0][2] == "the film is lovely"


def test_a_model_folder_of_ones_own_is_found_again(table, capsys, tmp_path, monkeypatch, tiny):
    tiny.model.save_pretrained(tmp_path / "models" / "own")
    tiny.tokenizer.save_pretrained(tmp_path / "models" / "own")
    monkeypatch.chdir(tmp_path)
    told = "--text", "review", "--label", "verdict", "--epochs", "1", "--backbone", "models/own", "--out", "run"
    assert run(capsys, "train", table, *told)[0] == 0
    monkeypatch.chdir(tmp_path / "run")
    status, out, err = run(capsys, "predict", tmp_path / "run", "the film is lovely")
    assert status == 0 and out.count("\n") == 1, err
    (tmp_path / "models" / "own").rename(tmp_path / "models" / "moved")
    status, _, err = run(capsys, "predict", tmp_path / "run", "the film is lovely")
    assert status == 2 and "--backbone FOLDER" in err
    status, again, _ = run(capsys, "predict", tmp_path / "run", "--backbone", "../models/moved", "the film is lovely")
    assert status == 0 and again == out


def test_texts_may_stand_behind_an_option(trained, capsys):
    first = run(capsys, "predict", trained, "the film is lovely", "dull", "--max-length", "16")
    assert run(capsys, "predict", trained, "--max-length", "16", "the film is lovely", "dull") == first
    for words in (["predict", trained, "dull", "--colour", "red"], ["evaluate", trained, "sst2", "imdb"]):
        with pytest.raises(SystemExit) as end:
            run(capsys, *words)
        assert end.value.code == 2 and "unrecognized arguments" in capsys.readouterr().err


def test_predict_from_standard_input(trained, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("the film is lovely\nthe film is dull\n"))
    status, out, _ = run(capsys, "predict", trained, "--file", "-")
    assert status == 0 and len(out.splitlines()) == 2


def test_a_files_texts_are_its_lines(trained, capsys, tmp_path):
    path = tmp_path / "texts.txt"
    path.write_bytes("\ufefflovely\u2028film\r\ndull\x0cfilm\n".encode())
    status, out, _ = run(capsys, "predict", trained, "--file", path)
    assert status == 0 and [line.split("\t")[2] for line in out.split("\n")[:-1]] == ["lovely film", "dull film"]
    path.write_text("")
    status, out, err = run(capsys, "predict", trained, "--file", path)
    assert status == 2 and out == "" and "is empty: write one text a line" in err


def test_a_tables_texts_are_read_and_its_labels_are_not(trained, table, capsys):
    status, out, _ = run(capsys, "predict", trained, "--file", table, "--text", "review")
    assert status == 0 and [line.split("\t")[2] for line in out.splitlines()] == list(reviews(80).texts)


def test_a_tsv_is_a_table_where_single_texts_are_asked_for(trained, capsys, tmp_path):
    (tmp_path / "two.tsv").write_text("text\tlabel\nthe film is lovely\tbad\n")
    status, out, _ = run(capsys, "predict", trained, "--file", tmp_path / "two.tsv")
    assert status == 0 and [line.split("\t")[2] for line in out.splitlines()] == ["the film is lovely"]
    told = "--file", tmp_path / "two.tsv", "--text", "text", "--pair", "label"
    status, _, err = run(capsys, "predict", trained, *told)
    assert status == 2 and "trained on single texts: leave --pair out" in err


def test_a_pipe_that_cannot_take_every_character_costs_nothing(trained):
    told = {"capture_output": True, "env": os.environ | {"PYTHONIOENCODING": "cp1252"}}
    done = subprocess.run([sys.executable, "-m", "idspam_lab", "predict", trained, "a film \u2639 \u540d"], **told)
    assert done.returncode == 0 and b"a film ? ?" in done.stdout, done.stderr


def test_what_is_left_of_a_stopped_training_is_said(table, capsys, tmp_path, monkeypatch):
    from idspam_lab.training import loop

    train_epoch, epochs = loop.train_epoch, iter(range(1, 99))

    def interrupted(accelerator, model, *rest):
        if model.method_name == "idspam" and next(epochs) == 3:
            raise KeyboardInterrupt
        return train_epoch(accelerator, model, *rest)

    monkeypatch.setattr(loop, "train_epoch", interrupted)
    told = ["train", table, "--text", "review", "--label", "verdict", "--epochs", "4", "--out", tmp_path / "run"]
    status, out, err = run(capsys, *told)
    assert status == 130 and "Stopped after 2 of 4 epochs; the same command goes on from there." in out
    assert (tmp_path / "run" / "adapter").is_dir() and "stopped by hand" in err
    status, _, err = run(capsys, "collect", tmp_path / "run", "--out", tmp_path / "all.csv")
    assert status == 2 and "is no result: it was stopped after 2 of 4 epochs" in err
    monkeypatch.setattr(loop, "train_epoch", train_epoch)
    status, out, _ = run(capsys, *told)
    assert status == 0 and "Stopped" not in out


def test_the_score_is_said_where_it_is_not_the_accuracy(trained, table, capsys):
    told = ["evaluate", trained, table, "--text", "review", "--label", "verdict"]
    _, plain, _ = run(capsys, *told)
    _, mean, _ = run(capsys, *told, "--metric", "acc_f1")
    assert "their mean" not in plain and ", their mean " in mean


def test_escape_sequences_do_not_reach_the_terminal(trained, capsys):
    _, out, _ = run(capsys, "predict", trained, "a film \x1b[31mred")
    assert "\x1b" not in out


def test_explain_shows_every_token_with_its_weight(trained, capsys):
    status, out, _ = run(capsys, "explain", trained, "the film is lovely")
    assert status == 0 and all(word in out for word in ("film", "lovely", "%", "[CLS]"))


def test_evaluate_on_the_table(trained, table, capsys):
    status, out, _ = run(capsys, "evaluate", trained, table, "--text", "review", "--label", "verdict")
    assert status == 0 and "80 texts: accuracy" in out and "95 % interval" in out
    classes = list(csv.DictReader(table.open(newline="")))
    most, times = Counter(row["verdict"] for row in classes).most_common(1)[0]
    assert f"Always saying {most!r} would give an accuracy of {times / 80:.1%}." in out
    assert "those that were trained on too" in out


def test_evaluate_on_a_folder_without_a_test_file(trained, table, capsys, tmp_path):
    (tmp_path / "train.csv").write_bytes(table.read_bytes())
    told = "evaluate", trained, tmp_path, "--text", "review", "--label", "verdict"
    status, out, _ = run(capsys, *told)
    assert status == 0 and "evaluated on the 8 rows that training keeps back" in out and "8 texts: accuracy" in out
    _, out, _ = run(capsys, *told, "--whole")
    assert "those that were trained on too" in out and "80 texts: accuracy" in out


def test_columns_are_asked_for_as_options(trained, table, capsys, tmp_path):
    status, _, err = run(capsys, "evaluate", trained, table, "--text", "review")
    assert status == 2 and "name one (--label ...) of 'review', 'verdict'" in err
    own = tmp_path / "own.csv"
    own.write_text("opinion,verdict\nlovely,good\ndull,bad\n")
    _, _, err = run(capsys, "train", own)
    assert "name one (--text ...) of 'opinion', 'verdict'" in err and "text=" not in err
    (tmp_path / "own.toml").write_text(
        f"seeds = [0]\n[[runs]]\nbackbones = ['minilm']\ntasks = ['{own}']\nmethods = ['linear_head']\n"
    )
    _, _, err = run(capsys, "grid", tmp_path / "own.toml", "--dry-run")
    assert "name one (text=...) of 'opinion', 'verdict'" in err  # so it is written in a grid file
    own.write_text("text\nlovely\ndull\n")
    status, _, err = run(capsys, "evaluate", trained, own)
    assert status == 2 and "has no labels, only texts (in 'text')" in err and "predict" in err


def test_few_shapes_are_kept_unless_the_user_says_otherwise(capsys, monkeypatch):
    name = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    monkeypatch.setenv(name, "7")
    run(capsys, "tasks")
    assert os.environ[name] == "7"
    monkeypatch.delenv(name)
    run(capsys, "tasks")
    assert os.environ[name] == "32"


def test_tasks_lists_all(capsys):
    _, out, _ = run(capsys, "tasks")
    for name in "sst2 mnli qnli rte mrpc qqp cb copa multirc boolq wic imdb rotten_tomatoes".split():
        assert f"\n{name} " in f"\n{out}"


def test_count_prints_the_papers_number(capsys):
    _, out, _ = run(capsys, "count", "idspam", "--backbone", "roberta-large")
    assert "3,538,944" in out and "Table 12 prints 3,538,944 (without a head): the same." in out


def test_paper_lists_prints_and_audits(capsys):
    _, listed, _ = run(capsys, "paper")
    assert [line.partition(":")[0] for line in listed.splitlines()] == [f"Table {n}" for n in range(1, 17)]
    _, two, _ = run(capsys, "paper", "2")
    assert two.startswith(listed.splitlines()[1] + "\n") and "88.1" in two.splitlines()[-1]
    _, some, _ = run(capsys, "paper", "audit")
    _, everything, _ = run(capsys, "paper", "audit", "--all")
    last = some.split("\n\n")[-1]
    assert "claims recomputed" in last and last == everything.split("\n\n")[-1]
    assert set(some.split("\n\n")) < set(everything.split("\n\n")) and ": adds up" not in some


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "nothing-like-it"], "There is no task or file 'nothing-like-it'"),
        (["train", "rotten_tomatoes", "--method", "magic"], "There is no method 'magic'"),
        (["train", "rotten_tomatoes", "--layer", "6", "--limit", "40"], "layer is 6, but minilm has 6 blocks"),
        (["train", "rotten_tomatoes", "--t", "0", "--limit", "40"], "t is 0"),
        (
            ["train", "rotten_tomatoes", "--method", "idspam:layer=2", "--layer", "1", "--limit", "40"],
            "idspam:layer=2 names layer and so does --layer 1: leave one of the two out",
        ),
        (["train", "rotten_tomatoes", "--method", "idspam:layer=1.0", "--limit", "40"], "layer is 1.0, but a block is"),
        (["count", "idspam:t=3", "--t", "3"], "idspam:t=3 names t and so does --t 3"),
        (["train", "rotten_tomatoes", "--backbone", "roberta-base"], "'roberta-base' was not found"),
        (["predict", "no/such/folder", "text"], "not an adapter"),
        (["predict", "a text of many words " * 20], "not an adapter"),
        (["train", "rotten_tomatoes", "--text", "review"], "rotten_tomatoes has its own"),
        (["count", "idspam", "--backbone", "unheard-of"], "'unheard-of' was not found"),
        (["count", "magic"], "no method 'magic'"),
        (["train", "rotten_tomatoes", "--data-seed", "2"], "--data-seed 2 draws the texts of --limit, but"),
        (["train", "rotten_tomatoes", "--warmup", "2", "--limit", "40"], "warmup is 2.0, but it is a share"),
        (["paper", "17"], "no Table 17: choose one of 1 to 16"),
        (["paper", "audits"], "'audits' is no table"),
        (["paper", "2", "--all"], "--all goes with audit"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(arguments, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capsys, *arguments)
    assert status == 2 and sentence in err and err.startswith("idspam-lab: ") and err.count("\n") == 1, err


COMMON = {"epochs": 1, "batch_size": 8, "lr": 0.02, "weight_decay": 0.0, "precision": "fp32"}


@pytest.mark.parametrize(
    ("words", "called", "own"),
    [
        (["train"], "run_session", {"warmup": 0.5, "clip": 2.0, "order_seed": 3}),
        (["compare", "--task"], "compare.compare", {}),
        (["curve"], "layer_curve.layer_curve", {}),
    ],
)
def test_the_settings_of_training_can_be_typed(words, called, own, table, capsys, tmp_path, monkeypatch):
    asked = []

    def stop(*_, settings=None, **more):
        asked.append(settings.to_dict() if settings else more)
        raise KeyboardInterrupt

    monkeypatch.setattr(f"idspam_lab.experiments.{called}", stop)
    typed = [word for name, value in (COMMON | own).items() for word in (f"--{name.replace('_', '-')}", value)]
    told = "--text", "review", "--label", "verdict", "--out", tmp_path / "run"
    assert run(capsys, *words, table, *told, *typed)[0] == 130
    assert {name: asked[0][name] for name in COMMON | own} == COMMON | own


@pytest.mark.parametrize("words", [["train"], ["compare", "--task"], ["curve"], ["search"]])
def test_another_data_seed_draws_other_training_texts_alone(words, table):
    def drawn(*more):
        typed = [*words, str(table), "--text", "review", "--label", "verdict", "--limit", "20", *more]
        return task_of(parser().parse_args(typed))

    first, same, other = drawn(), drawn("--data-seed", "0"), drawn("--data-seed", "1")
    assert first.train == same.train != other.train and len(other.train) == 20
    assert first.validation == other.validation and first.test == other.test


def test_the_help_of_demo_says_what_its_seed_is_of(capsys, monkeypatch, tmp_path):
    with pytest.raises(SystemExit):
        main(["demo", "--help"])
    assert "of the first weights, dropout and the batches' order" in " ".join(capsys.readouterr().out.split())
    texts = []

    def stop(data, *_, settings, **__):
        texts.append((data.fingerprint, settings.seed))
        raise KeyboardInterrupt

    monkeypatch.setattr("idspam_lab.demo.run_session", stop)
    for seed in (0, 1):
        run(capsys, "demo", "--limit", "40", "--seed", seed, "--out", tmp_path)
    assert texts[0][0] == texts[1][0] and [seed for _, seed in texts] == [0, 1]


def test_several_blocks_are_spelled_in_the_help_of_train(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    assert "several blocks: idspam:layer=1+2" in " ".join(capsys.readouterr().out.split())
    assert read_method("idspam:layer=1+2") == ("idspam", {"layer": [1, 2]})


def test_predict_without_a_text(trained, capsys):
    status, _, err = run(capsys, "predict", trained)
    assert status == 2 and "There is no text" in err


def test_evaluate_on_another_number_of_classes(trained, capsys, tmp_path):
    own = tmp_path / "three.csv"
    own.write_text("text,label\n" + "".join(f"text number {i},{i % 3}\n" for i in range(12)))
    status, _, err = run(capsys, "evaluate", trained, own)
    assert status == 2 and "a label outside 0..1" in err
    (tmp_path / "cb").mkdir()
    rows = {"premise": ["it rains"] * 3, "hypothesis": ["it is wet"] * 3, "idx": [0, 1, 2], "label": [0, 1, 2]}
    pyarrow.parquet.write_table(pyarrow.table(rows), tmp_path / "cb" / "validation.parquet")
    status, _, err = run(capsys, "evaluate", trained, "cb", "--source", tmp_path)
    assert status == 2 and "cb has 3 classes" in err and "tells 2 apart (bad, good)" in err


def test_faithfulness_of_an_adapter_leaves_tables_a_picture_and_sentences(trained, table, capsys, tmp_path):
    status, out, _ = run(capsys, "faithfulness", trained, table, "--text", "review", "--label", "verdict",
                         "--limit", "4", "--draws", "1", "--steps", "2", "--out", tmp_path / "study")  # fmt: skip
    assert status == 0 and "one seed, interval over 4 texts" in out and "comprehensiveness  weights" in out
    written = {path.name for path in (tmp_path / "study").iterdir()}
    assert written == {"erasure.csv", "prompts.csv", "completeness.csv", "about.json", "faithfulness.png"}
    with open(tmp_path / "study" / "erasure.csv") as file:
        assert len(list(csv.DictReader(file))) == 5 * 4 * 3  # orders, texts, routes


def test_help_is_quick_and_loads_no_torch():
    script = "import sys, idspam_lab.cli; idspam_lab.cli.grammar.parser().format_help(); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "False\n"


# Pairs ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def of_pairs(minilm, tmp_path_factory):
    """An adapter that was trained on pairs, as far as predicting needs it."""
    clf = PromptClassifier(minilm, "idspam", labels=("no", "yes"), t=2, c=4)
    clf.pairs = True
    folder = tmp_path_factory.mktemp("pairs") / "adapter"
    clf.save_pretrained(folder)
    return folder, clf.eval()


def test_two_texts_after_each_other_are_one_pair(of_pairs, capsys, tmp_path):
    adapter, clf = of_pairs
    pairs = [("it rains", "it is wet"), ("it rains", "it is dry")]
    status, out, _ = run(capsys, "predict", adapter, *pairs[0], *pairs[1])
    lines = [line.split("\t") for line in out.splitlines()]
    assert status == 0 and [tuple(line[2:]) for line in lines] == pairs
    assert [float(line[1]) for line in lines] == pytest.approx(clf.predict_proba(pairs).max(-1), abs=1e-3)
    (tmp_path / "pairs.tsv").write_text("it rains\tit is wet\nit rains\tit is dry\n")
    assert run(capsys, "predict", adapter, "--file", tmp_path / "pairs.tsv")[1] == out


def test_half_a_pair_gets_a_sentence(of_pairs, capsys, tmp_path):
    adapter, _ = of_pairs
    status, _, err = run(capsys, "explain", adapter, "it rains")
    assert status == 2 and "trained on pairs of texts, but there are 1: give two for each" in err
    (tmp_path / "singles.txt").write_text("it rains\n")
    status, _, err = run(capsys, "predict", adapter, "--file", tmp_path / "singles.txt")
    assert status == 2 and "Line 1 of" in err and "one tab between them" in err


def test_lr_and_metric_are_those_that_were_said(table, capsys, tmp_path):
    status, out, _ = run(
        capsys, "curve", table, "--text", "review", "--label", "verdict", "--layers", "5", "--seeds", "1",
        "--epochs", "1", "--lr", "0.02", "--metric", "acc_f1", "--out", tmp_path / "curve",
    )  # fmt: skip
    with open(tmp_path / "curve" / "results.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert status == 0 and rows[-1]["lr"] == "0.02" and {row["metric"] for row in rows} == {"acc_f1"}


def test_macro_f1_alone_may_be_the_score(table, capsys, tmp_path):
    told = "--text", "review", "--label", "verdict", "--epochs", "1", "--metric", "macro_f1", "--out", tmp_path / "run"
    status, out, _ = run(capsys, "train", table, *told)
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert status == 0 and "test, macro F1 (95" in out and report["task"]["metric"] == "macro_f1"
    assert all(row["test"]["score"] == row["test"]["macro_f1"] for row in report["results"])
    assert all(epoch["validation_score"] == epoch["validation_macro_f1"] for epoch in report["run"]["history"])


def test_another_run_in_the_same_folder_takes_a_word(table, capsys, tmp_path):
    told = "--text", "review", "--label", "verdict", "--epochs", "1", "--out", tmp_path / "run"
    status, out, _ = run(capsys, "train", table, *told)
    assert status == 0 and "labels from column 'verdict' (0 = bad, 1 = good)" in out
    status, out, err = run(capsys, "train", table, *told, "--lr", "0.01")
    assert status == 2 and "holds another run (lr 0.003, here 0.01)" in err and "Training" not in out
    status, out, _ = run(capsys, "train", table, *told, "--lr", "0.01", "--fresh")
    assert status == 0 and "it is read back" not in out
    status, out, _ = run(capsys, "train", table, *told, "--lr", "0.01")
    assert status == 0 and "it is read back. To train it anew: --fresh." in out
    status, _, err = run(capsys, "train", table, *told, "--fresh", "--layer", "9")
    assert status == 2 and "choose 0 (the input) to 5" in err
    assert (tmp_path / "run" / "adapter" / "config.json").is_file()  # a wrong option takes nothing away


def test_fresh_takes_nothing_away_that_no_run_has_signed(table, capsys, tmp_path):
    mine = tmp_path / "project" / "checkpoints" / "mine.pt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    told = "--text", "review", "--label", "verdict", "--epochs", "1", "--out", tmp_path / "project"
    status, out, err = run(capsys, "train", table, *told, "--fresh")
    assert status == 2 and "has checkpoints in it, but no run.json" in err and "Training" not in out
    assert mine.read_text() == "mine"


def test_a_run_writes_over_nothing_that_no_run_has_signed(table, capsys, tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "report.html").write_text("mine")
    told = "--text", "review", "--label", "verdict", "--epochs", "1", "--out"
    status, out, err = run(capsys, "train", table, *told, tmp_path / "project")
    assert status == 2 and "has report.html in it, but no run.json" in err and "step" not in out
    assert (tmp_path / "project" / "report.html").read_text() == "mine"
    status, _, err = run(capsys, "train", table, *told, table)
    assert status == 2 and "is a file, but a folder is written" in err


@pytest.mark.parametrize("verb", ["compare", "curve", "collect", "grid"])
def test_a_table_takes_the_place_of_an_older_table_of_runs_alone(verb, table, trained, capsys, tmp_path):
    """It is found out before anything trains."""
    theirs = tmp_path / "results.csv"
    theirs.write_text("my,own,numbers\n1,2,3\n")
    said = "--text", "review", "--label", "verdict"
    words = {
        "compare": ["compare", "--task", table, *said, "--methods", "idspam", "--out", tmp_path],
        "curve": ["curve", table, *said, "--out", tmp_path],
        "collect": ["collect", trained, "--out", theirs],
        "grid": ["grid", tmp_path / "results.toml", "--out", tmp_path],
    }
    block = 'backbones = ["minilm"]\ntasks = ["rotten_tomatoes"]\nmethods = ["idspam"]\nseeds = [0]\n'
    (tmp_path / "results.toml").write_text(f"[[runs]]\n{block}")
    status, out, err = run(capsys, *words[verb])
    assert status == 2 and f"{theirs} is no table of runs and would be written over" in err and "epoch" not in out
    assert theirs.read_text() == "my,own,numbers\n1,2,3\n"


def test_a_collected_table_may_be_collected_anew(trained, capsys, tmp_path):
    for _ in range(2):
        status, out, _ = run(capsys, "collect", trained, "--out", tmp_path / "all.csv")
        assert status == 0 and "rows from 1 reports" in out


def test_predictions_are_not_written_over_what_is_read(capsys, tmp_path):
    (tmp_path / "mine.csv").write_text("text,stars\na film,3\n")
    for out, says in ((tmp_path / "mine.csv", "is the file that is read: name another one"), (tmp_path, "is a folder")):
        status, _, err = run(capsys, "predict", "anything", "--file", tmp_path / "mine.csv", "--out", out)
        assert status == 2 and says in err
    assert (tmp_path / "mine.csv").read_text() == "text,stars\na film,3\n"


def test_predict_says_which_column_it_took(trained, capsys, tmp_path):
    (tmp_path / "mine.csv").write_text("id,Review,stars\n1,a lovely film,3\n")
    status, _, err = run(capsys, "predict", trained, "--file", tmp_path / "mine.csv")
    assert status == 0 and "note: Texts are read from column 'Review'." in err
    status, _, err = run(capsys, "predict", trained, "--file", tmp_path / "mine.csv", "--text", "Review")
    assert status == 0 and "note" not in err


@pytest.mark.parametrize("verb", ["train", "compare", "curve"])
def test_two_commands_are_not_at_work_in_one_folder(verb, table, capsys, tmp_path):
    out = tmp_path / "run"
    first = ["compare", "--task", table] if verb == "compare" else [verb, table]
    told = *first, "--text", "review", "--label", "verdict", "--epochs", "1", "--out", out
    with alone_in(out):
        status, said, err = run(capsys, *told)
        assert status == 2 and f"Another command is at work in {out}" in err and "step" not in said
        assert os.listdir(out) == [".at-work"]
    assert not out.exists()


def test_a_process_that_is_killed_leaves_its_folder_free(tmp_path):
    program = "import os, signal, sys; from idspam_lab.files import alone_in\nwith alone_in(sys.argv[1]): "
    program += "os.kill(os.getpid(), signal.SIGKILL)"
    assert subprocess.run([sys.executable, "-c", program, tmp_path / "run"]).returncode == -signal.SIGKILL
    with alone_in(tmp_path / "run"):
        assert (tmp_path / "run" / ".at-work").is_file()


def test_a_wrong_option_leaves_no_folder(table, capsys, tmp_path):
    words = "compare", "--task", table, "--text", "review", "--label", "verdict", "--methods", "idspam:foo=1"
    status, _, err = run(capsys, *words, "--out", tmp_path / "compared")
    assert status == 2 and "foo" in err and not (tmp_path / "compared").exists()
    told = "--text", "review", "--label", "verdict", "--out", tmp_path / "run", "--method", "idspam:foo=1"
    status, _, err = run(capsys, "train", table, *told)
    assert status == 2 and "foo" in err and not (tmp_path / "run").exists()


def test_a_recorded_command_can_be_typed_again(table, capsys, tmp_path, monkeypatch):
    own = tmp_path / "my reviews.csv"
    own.write_bytes(table.read_bytes())
    words = ["train", own, "--text", "review", "--label", "verdict", "--epochs", "1", "--out", tmp_path / "a run"]
    monkeypatch.setattr("sys.argv", ["anything", *map(str, words)])
    assert run(capsys, *words)[0] == 0
    command = json.loads((tmp_path / "a run" / "report.json").read_text())["command"]
    assert shlex.split(command) == ["idspam-lab", *map(str, words)]


def test_the_demos_command_is_recorded_with_all_its_options(capsys, tmp_path, monkeypatch):
    recorded = []

    def stop(*_, command, **__):
        recorded.append(command)
        raise KeyboardInterrupt

    monkeypatch.setattr("idspam_lab.demo.run_session", stop)
    words = ["demo", "--epochs", "2", "--limit", "40", "--out", str(tmp_path)]
    monkeypatch.setattr("sys.argv", ["anything", *words])
    assert run(capsys, *words)[0] == 130
    assert shlex.split(recorded[0]) == ["idspam-lab", *words]


def test_predictions_of_a_file_become_a_table(trained, capsys, tmp_path):
    (tmp_path / "texts.txt").write_text("the film is lovely\nthe film, is tedious\n")
    told = "predict", trained, "--file", tmp_path / "texts.txt"
    status, out, _ = run(capsys, *told, "--out", tmp_path / "found.csv")
    assert status == 0 and "2 rows, each with" in out
    rows = list(csv.DictReader((tmp_path / "found.csv").open()))
    assert [row["label"] for row in rows] == ["good", "bad"] and rows[1]["text"] == "the film, is tedious"
    assert all(float(row["p_bad"]) + float(row["p_good"]) == pytest.approx(1, abs=2e-6) for row in rows)
    _, plain, _ = run(capsys, *told)
    assert plain.splitlines()[0].split("\t")[1] == f"{float(rows[0]['p_good']):.3f}"
    status, _, err = run(capsys, *told, "another text")
    assert status == 2 and "texts on the command line and in --file" in err


def test_no_colours_where_they_are_not_wanted(monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert coloured()
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert not coloured()


def test_the_version_is_said(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.strip() == f"idspam_lab {idspam_lab.__version__}"
