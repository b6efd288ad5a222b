"""Saving and loading: small, safe, and only with the backbone that it was trained on."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from idspam_lab.adapter_checks import CONFIG, WEIGHTS
from idspam_lab.backbones import FAMILIES, load_backbone
from idspam_lab.classifier import PromptClassifier
from idspam_lab.errors import BadInput
from idspam_lab.files import read_tensors, write_tensors, write_text
from tests.conftest import reviews

TEXTS = ["a gripping , funny film .", "dull"]


@pytest.fixture
def clf(minilm):
    return PromptClassifier(minilm, "idspam", labels=("negative", "positive"), layer=2, t=4, c=8, seed=5).eval()


@pytest.fixture
def folder(clf, tmp_path):
    clf.save_pretrained(tmp_path / "adapter")
    return tmp_path / "adapter"


def test_round_trip_gives_identical_probabilities_and_labels(clf, folder, minilm):
    for backbone in (None, minilm, "minilm"):
        again = PromptClassifier.from_pretrained(folder, backbone=backbone)
        assert np.array_equal(again.predict_proba(TEXTS), clf.predict_proba(TEXTS))
        assert again.id2label == clf.id2label and again.read == clf.read and again.options == clf.options


def test_only_the_trained_part_is_written_without_pickle(clf, folder):
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", WEIGHTS, CONFIG]
    trained = sum(p.numel() for p in clf.parameters() if p.requires_grad)
    assert 4 * trained < (folder / WEIGHTS).stat().st_size < 4 * trained + 2000
    config = json.loads((folder / CONFIG).read_text())
    assert config["base_model"]["name"] == "minilm" and len(config["base_model"]["weights_sha256"]) == 64
    assert config["id2label"] == {"0": "negative", "1": "positive"}


def test_its_card_says_how_to_load_it(folder):
    card = (folder / "README.md").read_text()
    assert "library_name: idspam_lab" in card and "PromptClassifier.from_pretrained(" in card
    assert "More Information Needed" not in card  # what the hub's own template says


def test_its_card_links_a_model_of_the_hub(clf, folder, tmp_path):
    assert "base_model" not in (folder / "README.md").read_text()  # what is embedded is not on the hub
    clf.backbone = clf.backbone.twin()
    clf.backbone.name, clf.backbone.revision = "someone/tiny", "0123456789abcdef"
    clf.save_pretrained(tmp_path / "linked")
    assert "base_model: someone/tiny\n" in (tmp_path / "linked" / "README.md").read_text()


def test_another_backbone_is_refused(folder, minilm):
    other = transformers.BertModel(minilm.config, add_pooling_layer=False)  # the same shape, other weights
    with pytest.raises(
        BadInput, match=r"trained on 'minilm' \(bert, 6 blocks x 384.*but the backbone given is 'other'"
    ) as caught:
        PromptClassifier.from_pretrained(folder, backbone=FAMILIES["bert"](other, minilm.tokenizer, "other"))
    assert "float32" not in str(caught.value)  # that is not what differs


def test_one_changed_weight_is_noticed(folder):
    changed = load_backbone("minilm")
    with torch.no_grad():
        changed.model.encoder.layer[3].output.dense.bias[7] += 1e-3
    with pytest.raises(BadInput, match="load the one that it was trained on"):
        PromptClassifier.from_pretrained(folder, backbone=changed)


def test_another_tokenizer_on_the_same_weights_is_refused(folder, minilm, tmp_path):
    minilm.tokenizer.save_pretrained(tmp_path / "cased")
    rules = json.loads((tmp_path / "cased" / "tokenizer.json").read_text(encoding="utf-8"))
    rules["normalizer"]["lowercase"] = False
    (tmp_path / "cased" / "tokenizer.json").write_text(json.dumps(rules), encoding="utf-8")
    other = minilm.twin()
    other.tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(tmp_path / "cased" / "tokenizer.json"), unk_token="[UNK]", pad_token="[PAD]"
    )
    with pytest.raises(BadInput, match="another tokenizer than that of 'minilm'.*load the model with its own"):
        PromptClassifier.from_pretrained(folder, backbone=other)
    config = json.loads((folder / CONFIG).read_text())
    del config["tokenizer_check"]  # an adapter of before the check
    (folder / CONFIG).write_text(json.dumps(config))
    assert PromptClassifier.from_pretrained(folder, backbone=other).backbone is other


def test_the_same_words_with_other_ids_are_refused(folder, minilm, tmp_path):
    """Words that the sentence of the check does not have."""
    minilm.tokenizer.save_pretrained(tmp_path / "swapped")
    path = tmp_path / "swapped" / "tokenizer.json"
    rules = json.loads(path.read_text(encoding="utf-8"))
    vocabulary = rules["model"]["vocab"]
    vocabulary["good"], vocabulary["bad"] = vocabulary["bad"], vocabulary["good"]
    path.write_text(json.dumps(rules), encoding="utf-8")
    other = minilm.twin()
    other.tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "swapped")
    with pytest.raises(BadInput, match="another tokenizer than that of 'minilm', which has another vocabulary"):
        PromptClassifier.from_pretrained(folder, backbone=other)
    config = json.loads((folder / CONFIG).read_text())
    del config["tokenizer_check"]["vocabulary_sha256"]  # an older adapter
    (folder / CONFIG).write_text(json.dumps(config))
    assert PromptClassifier.from_pretrained(folder, backbone=other).backbone is other


def test_a_decoder_with_another_last_token_is_refused(tmp_path):
    """The head reads the end-of-text token, which is written behind the tokenizer's own."""
    from tests.test_backbones import CONFIGS, saved

    (tmp_path / "tiny").mkdir()
    place = saved(tmp_path / "tiny", CONFIGS["llama"])
    own, other = load_backbone(place), load_backbone(place)
    own.tokenizer.eos_token, other.tokenizer.eos_token = "[SEP]", "[MASK]"
    PromptClassifier(own, "idspam", t=2, c=4).save_pretrained(tmp_path / "a")
    with pytest.raises(BadInput, match="cuts the sentence in config.json into other tokens"):
        PromptClassifier.from_pretrained(tmp_path / "a", backbone=other)


def test_cut_off_weights(folder):
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[:-100])
    with pytest.raises(BadInput, match="damaged or cut off"):
        PromptClassifier.from_pretrained(folder)


def test_missing_weights(folder):
    (folder / WEIGHTS).unlink()
    with pytest.raises(BadInput, match="There is no file"):
        PromptClassifier.from_pretrained(folder)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"model_type": "bert"}'])
def test_a_folder_that_is_no_adapter(tmp_path, content):
    if content is not None:
        (tmp_path / CONFIG).write_text(content)
    with pytest.raises(BadInput, match="not an adapter.*config.json and adapter.safetensors"):
        PromptClassifier.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        {"base_model": {}},
        {"options": None},
        {"id2label": {"0": "a", "2": "b"}},
        {"id2label": ["a", "b"]},
        {"max_length": "abc"},
        {"tokenizer_check": {"text": "a", "ids": [101]}},
    ],
)
def test_a_damaged_config_gets_a_sentence(folder, damage):
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | damage))
    with pytest.raises(BadInput, match="has a damaged config.json: save the adapter again"):
        PromptClassifier.from_pretrained(folder)


def test_it_reads_as_many_tokens_as_it_was_trained_on(minilm, tmp_path):
    clf = PromptClassifier(minilm, "linear_head", labels=("bad", "good"))
    examples, long = reviews(16), ["fine film " * 20]
    with pytest.warns(UserWarning, match="longer than 6 tokens"):
        clf.fit(examples, None, clf.preset(epochs=1, max_length=6), progress=False)
    clf.save_pretrained(tmp_path)
    again = PromptClassifier.from_pretrained(tmp_path, backbone=minilm)
    assert [len(again.rows(long, limit)[0]["input_ids"]) for limit in (None, 12)] == [6, 12]
    untrained = PromptClassifier(minilm, "linear_head")
    assert len(untrained.rows(long)[0]["input_ids"]) == 42


def test_layers_in_any_row_are_saved(minilm, tmp_path):
    for layers in (range(2), (0, 1), np.array([0, 1])):
        PromptClassifier(minilm, "idspam", layer=layers, t=2, c=4).save_pretrained(tmp_path)
        assert PromptClassifier.from_pretrained(tmp_path, backbone=minilm).options["layer"] == [0, 1]


def test_a_hub_name_without_network():
    with pytest.raises(BadInput, match="nor a hub address within reach"):
        PromptClassifier.from_pretrained("someone/an-adapter")


def test_shapes_that_do_not_fit(folder):
    config = json.loads((folder / CONFIG).read_text())
    config["options"]["t"] = 5
    (folder / CONFIG).write_text(json.dumps(config))
    with pytest.raises(BadInput, match=r"W_up.weight has shape \(1536, 8\), but \(1920, 8\) is needed"):
        PromptClassifier.from_pretrained(folder)


def test_push_to_hub_sends_the_same_three_files(clf, monkeypatch):
    sent = {}

    class Created:
        repo_id = "me/my-adapter"

    def upload(self, *, repo_id, folder_path, **_):
        sent[repo_id] = {path.name: path.stat().st_size for path in Path(folder_path).iterdir()}

    with pytest.raises(BadInput, match="out of reach: save_pretrained"):
        clf.push_to_hub("me/my-adapter")
    monkeypatch.setattr("idspam_lab.adapter.hub_reachable", lambda: True)
    monkeypatch.setattr("huggingface_hub.HfApi.create_repo", lambda self, **_: Created)
    monkeypatch.setattr("huggingface_hub.HfApi.upload_folder", upload)
    clf.push_to_hub("me/my-adapter")
    assert set(sent["me/my-adapter"]) == {"README.md", WEIGHTS, CONFIG}


# Folders that cannot be written --------------------------------------------------------------------------------


@pytest.fixture
def read_only(clf):
    """A folder with an adapter that may not be written. Root may write anywhere, so it gives that up for the test."""
    with tempfile.TemporaryDirectory() as parent:
        os.chmod(parent, 0o755)
        folder = Path(parent) / "adapter"
        clf.save_pretrained(folder)
        folder.chmod(0o555)
        was_root = os.geteuid() == 0
        if was_root:
            os.seteuid(65534)
        yield folder
        if was_root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_read_only_folder(clf, read_only):
    before = {path.name: path.read_bytes() for path in read_only.iterdir()}
    for folder in (read_only, read_only / "below"):
        with pytest.raises(BadInput, match="may not be written: choose a folder that you own"):
            clf.save_pretrained(folder)
    assert {path.name: path.read_bytes() for path in read_only.iterdir()} == before


def test_a_file_where_the_folder_should_be(clf, tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(BadInput):
        clf.save_pretrained(tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"


def test_full_disk_leaves_the_old_adapter_whole(folder, clf):
    """A process that may write no file above 100 kB, as on a full disk, saves over an adapter."""
    script = f"""
import resource, signal
from idspam_lab.classifier import PromptClassifier
from idspam_lab.errors import BadInput
clf = PromptClassifier.from_pretrained({str(folder)!r})
with __import__("torch").no_grad():
    clf.head.bias.fill_(3.0)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    clf.save_pretrained({str(folder)!r})
except BadInput as error:
    print(error)
"""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "no room left" in done.stdout and done.stdout.count("\n") == 1, done
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_full_disk_for_small_files_too(tmp_path, monkeypatch):
    write_text(tmp_path / "report", "old")

    def full(self, *_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(BadInput, match="no room left"):
        write_text(tmp_path / "report", "new")
    monkeypatch.undo()
    assert (tmp_path / "report").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_a_write_that_is_interrupted_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(self, *_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "report", "new")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process maps")
def test_tensors_that_were_read_do_not_hold_on_to_their_file(tmp_path):
    path = write_tensors(tmp_path / "weights.safetensors", {"w": torch.arange(3.0)})
    tensors, _ = read_tensors(path)
    assert tensors["w"].tolist() == [0, 1, 2] and str(path) not in Path("/proc/self/maps").read_text()


def tiny_folder(tmp_path):
    """A small model in a folder, with a tokenizer."""
    from tests.test_backbones import CONFIGS, saved

    (tmp_path / "tiny").mkdir()
    return saved(tmp_path / "tiny", CONFIGS["bert"])


def test_a_backbone_in_another_type_is_found_again_in_that_type(tmp_path):
    place = tiny_folder(tmp_path)
    PromptClassifier(load_backbone(place, dtype=torch.bfloat16), "idspam", t=2, c=4).save_pretrained(tmp_path / "a")
    again = PromptClassifier.from_pretrained(tmp_path / "a", backbone=str(place))
    assert again.backbone.model.dtype == torch.bfloat16


def test_the_same_weights_in_another_type_are_refused_with_both_types(tmp_path):
    place = tiny_folder(tmp_path)
    PromptClassifier(load_backbone(place), "idspam", t=2, c=4).save_pretrained(tmp_path / "a")
    sentence = r"in float32\), but .* in bfloat16\): load the one .* with dtype=torch.float32, or leave backbone out"
    with pytest.raises(BadInput, match=sentence):
        PromptClassifier.from_pretrained(tmp_path / "a", backbone=load_backbone(place, dtype=torch.bfloat16))


def test_a_backbone_that_is_elsewhere_is_asked_for(tmp_path):
    place = tiny_folder(tmp_path)
    PromptClassifier(load_backbone(place), "idspam", t=2, c=4).save_pretrained(tmp_path / "a")
    with pytest.raises(BadInput, match=r"trained on 'tiny' \(bert, 3 blocks x 32.*say where: backbone=FOLDER"):
        PromptClassifier.from_pretrained(tmp_path / "a")


def test_options_that_there_are_not(folder):
    with pytest.raises(BadInput, match="from_pretrained has no option 'dtype'; it has backbone, device, revision"):
        PromptClassifier.from_pretrained(folder, dtype="bf16")


def test_what_is_loaded_here_goes_where_training_would_be(folder, monkeypatch):
    monkeypatch.setattr("idspam_lab.adapter.training_device", lambda: torch.device("meta"))
    assert next(PromptClassifier.from_pretrained(folder).parameters()).device.type == "meta"


def test_it_goes_where_it_is_told(folder, monkeypatch):
    monkeypatch.setattr("idspam_lab.adapter.training_device", lambda: torch.device("meta"))
    assert next(PromptClassifier.from_pretrained(folder, device="cpu").parameters()).device.type == "cpu"
    with pytest.raises(BadInput, match="device is 'nowhere', which torch cannot use here .*: take cpu, or cuda"):
        PromptClassifier.from_pretrained(folder, device="nowhere")


def test_what_is_asked_of_the_hub_is_asked_for_the_frozen_model_too(folder, monkeypatch):
    asked = {}

    def load(name, **options):
        asked.update(options)
        return load_backbone(name)

    monkeypatch.setattr("idspam_lab.adapter.load_backbone", load)
    PromptClassifier.from_pretrained(folder)
    assert not {"token", "cache_dir", "local_files_only"} & set(asked)
    PromptClassifier.from_pretrained(folder, token="hf_mine", cache_dir="there", local_files_only=False)
    told = {"token": "hf_mine", "cache_dir": "there", "local_files_only": False}
    assert {name: asked[name] for name in told} == told


def test_a_config_that_lacks_something(folder):
    config = json.loads((folder / CONFIG).read_text())
    del config["base_model"]
    (folder / CONFIG).write_text(json.dumps(config))
    with pytest.raises(BadInput, match="is not an adapter of this library"):
        PromptClassifier.from_pretrained(folder)


def test_it_remembers_whether_it_was_trained_on_pairs(folder, clf, tmp_path, minilm):
    assert PromptClassifier.from_pretrained(folder, backbone=minilm).pairs is None
    clf.pairs = True
    clf.save_pretrained(tmp_path / "pairs")
    assert PromptClassifier.from_pretrained(tmp_path / "pairs", backbone=minilm).pairs is True


def test_a_replaced_head_is_refused_when_it_is_saved(minilm, tmp_path):
    clf = PromptClassifier(minilm, "linear_head")
    clf.head = torch.nn.Sequential(torch.nn.Linear(minilm.n, 2))
    with pytest.raises(BadInput, match="The head is a Sequential, but an adapter is built again with a linear one"):
        clf.save_pretrained(tmp_path / "adapter")
    assert not (tmp_path / "adapter" / "adapter.safetensors").exists()


def test_a_mixture_of_two_adapters_is_refused(folder, minilm, tmp_path):
    """As a power failure between the two files leaves it."""
    other = PromptClassifier(minilm, "idspam", labels=("negative", "positive"), layer=3, t=4, c=8)
    other.save_pretrained(tmp_path / "other")
    (tmp_path / "other" / WEIGHTS).replace(folder / WEIGHTS)
    with pytest.raises(BadInput, match=f"{WEIGHTS} is not the file that {CONFIG} was saved with: save it again"):
        PromptClassifier.from_pretrained(folder, backbone=minilm)


def test_a_sessions_folder_is_read_too(clf, tmp_path, minilm):
    clf.save_pretrained(tmp_path / "run" / "adapter")
    again = PromptClassifier.from_pretrained(tmp_path / "run", backbone=minilm)
    assert (again.predict_proba(TEXTS) == clf.predict_proba(TEXTS)).all()


def test_a_session_on_a_model_folder_of_ones_own_finds_it_again(tmp_path):
    place = tiny_folder(tmp_path)
    clf = PromptClassifier(load_backbone(place), "idspam", t=2, c=4)
    clf.save_pretrained(tmp_path / "run" / "adapter")
    (tmp_path / "run" / "report.json").write_text(json.dumps({"backbone_folder": str(place)}))
    assert PromptClassifier.from_pretrained(tmp_path / "run").backbone.folder == place
    for damaged in (json.dumps({"backbone_folder": 3}), "[]", "{"):
        (tmp_path / "run" / "report.json").write_text(damaged)
        with pytest.raises(BadInput, match="say where: backbone=FOLDER"):
            PromptClassifier.from_pretrained(tmp_path / "run")
