"""The main job on a small scale: what is written, and that every number in it is the real one."""

import json
import shutil
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score

from idspam_lab.classifier import PromptClassifier
from idspam_lab.cli import main
from idspam_lab.errors import BadInput
from idspam_lab.experiments import Target, run_session, with_interval
from idspam_lab.experiments.session import collect_warnings
from idspam_lab.experiments.session_folder import clear
from idspam_lab.tasks import Task, TaskData
from idspam_lab.training import Settings
from tests.conftest import reviews

TASK = Task("made-up", ("text",), ("bad", "good"), note="for tests")


def data(train=64):
    return TaskData(TASK, reviews(train), reviews(32, 1000), reviews(40, 2000), "Made up.", "By number.")


@pytest.fixture(scope="module")
def session(tiny, tmp_path_factory):
    there = TaskData(TASK, None, None, reviews(50, 3000), "Made up.", "All rows.")
    folder = tmp_path_factory.mktemp("session")
    settings = Settings(epochs=2, batch_size=16, lr=5e-3, precision="fp32", seed=3)
    return run_session(
        data(), tiny, folder=folder, options={"layer": 1, "t": 3}, settings=settings,
        transfer=Target(there, note="all"),
        command="test", say=lambda line: None,
    )  # fmt: skip


def test_everything_is_written(session):
    names = {path.name for path in session.folder.iterdir()}
    pictures = {"training_curve.png", "token_weights.png"}
    assert names == {"adapter", "checkpoints", "run.json", "report.json", "report.html"} | pictures
    assert (session.folder / "training_curve.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_table_is_what_the_saved_adapter_does(session, tiny):
    report = json.loads((session.folder / "report.json").read_text())
    again = PromptClassifier.from_pretrained(session.folder / "adapter", backbone=tiny)
    majority, head, method = report["results"]
    assert [row["method"] for row in report["results"]] == ["majority class", "linear head", "ID-SPAM"]
    test, there = reviews(40, 2000), reviews(50, 3000)
    for examples, part in ((test, "test"), (there, "transfer")):
        predicted = [again.label2id[name] for name in again.predict(examples)]
        assert method[part]["accuracy"] == accuracy_score(examples.labels, predicted)
        dummy = DummyClassifier(strategy="most_frequent").fit(np.zeros((64, 1)), reviews(64).labels)
        assert majority[part]["accuracy"] == dummy.score(np.zeros((len(examples), 1)), examples.labels)
    assert head["trained_parameters"] == 66 and majority["trained_parameters"] == 0
    assert method["trained_parameters"] == sum(p.numel() for p in again.parameters() if p.requires_grad)
    assert report["run"]["settings"]["seed"] == 3 and report["task"]["fingerprint"] == data().fingerprint


def test_explanations_are_of_the_trained_classifier(session):
    assert 1 <= len(session.explanations) <= 3
    for written, found in zip(session.report["explanations"], session.explanations, strict=True):
        assert written["tokens"] == found.tokens and sum(written["weights"]) == pytest.approx(1, abs=1e-5)


def test_a_second_call_trains_nothing_and_says_the_same(session, tiny, tmp_path):
    seen, said = [], []
    folder = shutil.copytree(session.folder, tmp_path / "copy")
    settings = Settings(**session.report["run"]["settings"])
    again = run_session(
        data(), tiny, folder=folder, options={"layer": 1, "t": 3}, settings=settings, callbacks=[seen.append],
        say=said.append,
    )  # fmt: skip
    assert not seen and any(line.startswith(f"{folder} holds this run, finished on ") for line in said)
    assert [row["test"] for row in again.report["results"]] == [row["test"] for row in session.report["results"]]


def test_overlap_of_transfer_texts_and_training_texts_is_warned_of(tiny, tmp_path):
    seen = TaskData(TASK, None, None, reviews(10), "Made up.", "All rows.")
    settings = Settings(epochs=1, precision="fp32")
    with pytest.warns(UserWarning, match="10"):
        session = run_session(data(), tiny, folder=tmp_path, settings=settings, transfer=Target(seen), say=str)
    assert len(session.report["warnings"]) == 1 and "10" in session.report["warnings"][0]


def test_a_warning_is_collected_and_hidden_where_a_filter_says_so():
    shown = []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*were cut there")
        warnings.showwarning = lambda message, *rest: shown.append(str(message))
        with collect_warnings() as sentences:
            for sentence in ("5 texts were cut there.", "another", "another"):
                warnings.warn(sentence, UserWarning, stacklevel=1)
    assert sentences == ["5 texts were cut there.", "another"] and shown == ["another"]


def test_an_unwritable_folder_is_refused_before_anything_trains(tiny, tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = []
    with pytest.raises(BadInput, match="is a file, but a folder is written"):
        run_session(data(), tiny, folder=tmp_path / "file", say=said.append)
    assert not said


def test_when_the_disk_is_full_at_the_end_the_adapter_is_rescued(tiny, tmp_path, monkeypatch):
    whole = PromptClassifier.save_pretrained

    def full(self, folder, **options):
        if str(folder).startswith(str(tmp_path / "out")):
            raise BadInput(f"There is no room left to write {folder}.")
        return whole(self, folder, **options)

    monkeypatch.setattr(PromptClassifier, "save_pretrained", full)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    settings = Settings(epochs=1, precision="fp32")
    with pytest.raises(BadInput, match="no room left.*The trained adapter is in .*idspam-adapter-.* instead"):
        run_session(data(), tiny, folder=tmp_path / "out", settings=settings, say=lambda line: None)
    (rescued,) = tmp_path.glob("idspam-adapter-*")
    assert PromptClassifier.from_pretrained(rescued, backbone=tiny).predict(["a lovely film"])[0] in TASK.labels


def test_html_in_texts_is_escaped_in_the_page(tiny, tmp_path):
    hostile = "the film <script>alert(1)</script> is </style> dull &amp; long"
    run_session(
        data(),
        tiny,
        folder=tmp_path,
        settings=Settings(epochs=1, precision="fp32"),
        explain=[hostile],
        say=lambda line: None,
    )
    page = (tmp_path / "report.html").read_text()
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_interval_is_wilsons():
    found = with_interval("accuracy", [1] * 80 + [0] * 20, [1] * 100, 2)
    p, n, z = 0.8, 100, 1.959964
    middle, half = (
        (p + z * z / 2 / n) / (1 + z * z / n),
        z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n) / (1 + z * z / n),
    )
    assert found["interval"] == pytest.approx([middle - half, middle + half], abs=1e-6)


def test_reports_are_collected_into_one_tidy_table(session, capsys, tmp_path):
    both = [str(session.folder), str(session.folder / "report.json")]
    assert main(["collect", *both, "--out", str(tmp_path / "all.csv")]) == 0
    table = pd.read_csv(tmp_path / "all.csv")
    assert len(table) == 2 * 3 * 2  # reports x methods x (test, transfer)
    row = table[(table.method == "ID-SPAM") & (table.test_task == "made-up") & (table.texts == 40)].iloc[0]
    found = session.report["results"][2]
    assert row.score == found["test"]["score"] and row.trained_parameters == found["trained_parameters"]
    assert row.seed == 3 and row.layer == 1 and row.backbone == "tiny" and row.command == "test"


def test_a_file_that_is_no_report(tmp_path, capsys):
    (tmp_path / "report.json").write_text("{}")
    assert main(["collect", str(tmp_path)]) == 2
    assert "is not a report.json" in capsys.readouterr().err


@pytest.mark.parametrize(("method", "epoch"), [("linear_head", 1), ("linear_head", 2), ("idspam", 1)])
def test_stopped_by_hand_before_there_is_a_result(tiny, tmp_path, monkeypatch, method, epoch):
    """Ctrl-C in the baseline, or before the method's first epoch has ended, ends the command."""
    from idspam_lab.training import loop

    train_epoch = loop.train_epoch

    def interrupted(accelerator, model, *rest):
        if model.method_name == method and next(epochs[model.method_name]) == epoch:
            raise KeyboardInterrupt
        return train_epoch(accelerator, model, *rest)

    epochs = {"linear_head": iter(range(1, 99)), "idspam": iter(range(1, 99))}
    monkeypatch.setattr(loop, "train_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_session(data(), tiny, folder=tmp_path, options={"layer": 1, "t": 3, "c": 8}, say=lambda line: None)
    assert not (tmp_path / "adapter").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"settings": Settings(epochs=2, batch_size=16, lr=1e-3, precision="fp32", seed=3)}, "lr 0.005, here 0.001"),
        ({"method": "lora", "options": {}}, "method idspam, here lora"),
        ({"options": {"layer": 2, "t": 3}}, "layer 1, here 2"),
        ({"options": {"layer": 1, "t": 4}}, "options .*3.*, here .*4.*"),
        ({"options": {"layer": [1, 2], "t": 3}}, r"options .*3.*, here .*1, 2.*"),
        ({"options": {"layer": 1, "t": 3, "head_dropout": 0.2}}, "head_dropout 0.1, here 0.2"),
    ],
)
def test_a_folder_of_another_run_is_refused_before_anything_trains(session, tiny, change, said, monkeypatch):
    before = {path: path.read_bytes() for path in session.folder.rglob("*") if path.is_file()}
    told = {"options": {"layer": 1, "t": 3}, "settings": Settings(**session.report["run"]["settings"])} | change
    monkeypatch.setattr(PromptClassifier, "fit", None)
    with pytest.raises(BadInput, match=rf"holds another run \(.*{said}.*\): name another folder"):
        run_session(data(), tiny, folder=session.folder, say=str, **told)
    assert before == {path: path.read_bytes() for path in session.folder.rglob("*") if path.is_file()}


def test_what_a_session_left_is_cleared_and_nothing_else(session, tmp_path):
    folder = shutil.copytree(session.folder, tmp_path / "copy")
    (folder / "notes.txt").write_text("mine")
    clear(folder)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
