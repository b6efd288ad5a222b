"""What lessons find ready-made: the shipped adapter, and the decoder with random weights."""

import json
import os
import re

import pytest

from idspam_lab import BadInput, PromptClassifier, load_backbone, load_task
from idspam_lab.experiments import evaluate
from idspam_lab.lessons import shipped_adapter, shipped_record, write_random_decoder
from idspam_lab.lessons.adapters import FOLDER, SHIPPED, place_of
from idspam_lab.metrics import with_interval

GOOD, BAD = ["a gripping film", "funny and moving", "a joy to watch"], ["dull and clumsy", "tedious", "a waste of time"]


def test_the_shipped_adapter_reads_as_it_should():
    clf = shipped_adapter("sst2")
    assert clf.backbone.name == "minilm" and clf.method.layer == 3
    assert clf.predict(GOOD) == ["positive"] * 3 and clf.predict(BAD) == ["negative"] * 3
    assert clf.explain(GOOD[:1])[0].weights.sum() == pytest.approx(1, abs=1e-5)


def test_its_record_says_how_it_was_made_and_fits_the_adapter():
    record, config = shipped_record("sst2"), json.loads((place_of("sst2", FOLDER) / "config.json").read_text())
    assert record["command"].startswith("idspam-lab train sst2 --layer 3 ") and config["options"] == {"layer": 3}
    clf = shipped_adapter("sst2")
    by_method = {row["method"]: row for row in record["results"]}
    assert by_method["ID-SPAM"]["trained_parameters"] == sum(p.numel() for p in clf.parameters() if p.requires_grad)
    for row in record["results"]:
        right = round(row["accuracy"] * row["texts"])
        assert row["accuracy"] == pytest.approx(right / row["texts"], abs=1e-12)
        again = with_interval("accuracy", [1] * row["texts"], [1] * right + [0] * (row["texts"] - right), 2)
        assert row["interval"] == pytest.approx(again["interval"])


def test_what_is_said_of_it_is_what_was_measured():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    record = shipped_record("sst2")
    assert f"`{record['command']}`" in text
    for row in record["results"]:
        assert f"| {row['method']} | {100 * row['accuracy']:.1f} |" in text


def test_no_shipped_file_names_a_folder_of_the_machine_it_was_made_on():
    for path in FOLDER.rglob("*"):
        if path.suffix in (".json", ".md"):
            assert not re.search("/(work|tmp|home|root)\\b", path.read_text()), path
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} == set(SHIPPED.values())


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(BadInput, match="No adapter of 'mrpc' is shipped; there are: sst2"):
        shipped_adapter("mrpc")
    with pytest.raises(BadInput, match="There is no .*sst2-idspam-seed0: shipped adapters lie in a clone"):
        shipped_adapter("sst2", tmp_path)
    with pytest.raises(BadInput, match="in a clone"):
        shipped_record("sst2", tmp_path)


@pytest.mark.slow
@pytest.mark.skipif("IDSPAM_DATA_DIR" not in os.environ, reason="SST-2 is not at hand: set IDSPAM_DATA_DIR")
def test_it_scores_on_sst2_what_its_record_says():
    data = load_task("sst2")
    found = evaluate(shipped_adapter("sst2"), data.test, "accuracy", max_length=64)
    recorded = next(row for row in shipped_record("sst2")["results"] if row["method"] == "ID-SPAM")
    assert found["texts"] == recorded["texts"]
    assert found["accuracy"] == pytest.approx(recorded["accuracy"], abs=2 / 872)  # processors round alike, nearly


# The decoder ---------------------------------------------------------------------------------------------------------


def test_a_random_decoder_takes_the_way_of_a_real_one(tmp_path, train, validation):
    folder = write_random_decoder(tmp_path / "mine", train.texts)
    backbone = load_backbone(folder)
    assert (backbone.name, backbone.causal, backbone.default_read, backbone.L) == ("mine", True, "last", 4)
    ids = backbone.tokenizer("the film is gripping").input_ids
    assert backbone.tokenizer.decode(ids) == "the film is gripping"
    clf = PromptClassifier(backbone, "idspam", layer=2)
    run = clf.fit(train, validation, clf.preset(epochs=1), progress=False)
    assert len(run.history) == 1
    clf.save_pretrained(tmp_path / "adapter")
    again = PromptClassifier.from_pretrained(tmp_path / "adapter", backbone=load_backbone(folder))
    assert again.predict(train[:4]) == clf.predict(train[:4])


def test_the_same_decoder_comes_out_and_one_that_is_there_stays(tmp_path, train):
    one, two = (write_random_decoder(tmp_path / name, train.texts) for name in ("one", "two"))
    assert load_backbone(one).identity().weights_sha256 == load_backbone(two).identity().weights_sha256
    assert (one / "tokenizer.json").read_bytes() == (two / "tokenizer.json").read_bytes()
    before = (one / "model.safetensors").stat().st_mtime_ns
    write_random_decoder(one, ["other texts"], seed=1)
    assert (one / "model.safetensors").stat().st_mtime_ns == before
