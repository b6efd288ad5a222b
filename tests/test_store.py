"""Kept hidden states: the same numbers as without, within a budget, and never believed when damaged."""

import json
import os
import subprocess
import sys
import textwrap
import time

import pytest
import torch

from idspam_lab.analysis.paths import has_own_route
from idspam_lab.backbones import FAMILIES
from idspam_lab.classifier import PromptClassifier
from idspam_lab.cli import main
from idspam_lab.errors import BadInput
from idspam_lab.frozen import Store, cache, fit_many
from idspam_lab.frozen.fast import fast_path, joins_once
from idspam_lab.frozen.states import States
from idspam_lab.methods import METHODS, LatePrompt
from idspam_lab.training import Settings
from idspam_lab.training.predict import predict_logits
from tests.conftest import reviews
from tests.test_backbones import build
from tests.test_methods import CASES, classifier, padded
from tests.test_methods import rows as id_rows

QUICK = Settings(epochs=3, batch_size=16, lr=5e-3, precision="fp32")
MB = 1e-3  # of a GB


@pytest.fixture(scope="module", params=["bert", "electra", "gpt2", "mistral"])
def backbone(request):
    return build(request.param)


@pytest.fixture
def clf(tiny):
    return PromptClassifier(tiny, "idspam", layer=2, t=3, c=8, head_dropout=0.0)


@pytest.fixture
def store(tmp_path):
    """Always in a file, in a folder of this test's own."""
    return Store(memory=0, folder=tmp_path / "states")


def logits_of(clf, rows, store=None, precision="fp32"):
    """Of the fast path, with kept states if there is a store."""
    settings = Settings(precision=precision)
    with fast_path(clf, rows, settings, store):
        return predict_logits(clf.eval(), rows, 0, precision=precision)


# The same numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [name for name in CASES])
def test_the_same_logits_as_the_plain_path(case, backbone, tmp_path):
    clf = classifier(backbone, case)
    ids, mask = padded(id_rows())
    with torch.no_grad():
        plain = clf(ids, mask).logits
    for place in ("memory", "file"):
        store = Store(folder=tmp_path) if place == "memory" else Store(memory=0, folder=tmp_path)
        found = logits_of(clf, id_rows(), store)
        assert (found - plain).abs().max() < 1e-6
    assert isinstance(clf.method, LatePrompt) or not list(tmp_path.iterdir())


@pytest.mark.parametrize(("method", "memory"), [("idspam", 1), ("idspam", 0), ("linear_head", 1)])
def test_the_same_run_as_the_plain_path(tiny, train, validation, tmp_path, method, memory):
    options = {"layer": 2, "t": 3, "c": 8} if method == "idspam" else {}
    clf, plain = (PromptClassifier(tiny, method, head_dropout=0.0, **options) for _ in range(2))
    expected = plain.fit(train, validation, QUICK, progress=False, store=False)
    found = clf.fit(train, validation, QUICK, progress=False, store=Store(memory=memory, folder=tmp_path))
    for ours, theirs in zip(found.history, expected.history, strict=True):
        same = {name for name in theirs if "second" not in name}
        assert {name: ours[name] for name in same} == pytest.approx({name: theirs[name] for name in same}, abs=1e-5)
    assert found.best_epoch == expected.best_epoch
    for (name, ours), (_, theirs) in zip(clf.named_parameters(), plain.named_parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-4), name


def test_a_killed_run_with_kept_states_goes_on(tiny, train, validation, tmp_path):
    class Killed(BaseException):
        pass

    def kill(progress):
        if progress.epoch == 2 and progress.metrics is None:
            raise Killed

    def fit(out=None, callbacks=()):
        clf = PromptClassifier(tiny, "idspam", layer=2, t=3, c=8)
        clf.fit(train, validation, QUICK, progress=False, out=out, callbacks=callbacks)
        return clf

    with pytest.raises(Killed):
        fit(tmp_path, [kill])
    resumed, whole = fit(tmp_path), fit()
    assert all(torch.equal(a, b) for a, b in zip(resumed.parameters(), whole.parameters(), strict=True))


def test_the_blocks_below_run_once_a_text(clf, tiny, train, validation):
    texts = []
    handle = tiny.blocks()[0].register_forward_pre_hook(lambda module, args: texts.append(len(args[0])))
    try:
        clf.fit(train, validation, QUICK, progress=False)
    finally:
        handle.remove()
    assert sum(texts) == len(train) + len(validation) + 1  # and one to see what is worth keeping


def test_a_run_that_is_read_back_runs_no_block(clf, tiny, train, validation, tmp_path):
    first = clf.fit(train, validation, QUICK, progress=False, out=tmp_path)
    again = PromptClassifier(tiny, "idspam", layer=2, t=3, c=8, head_dropout=0.0)
    handle = tiny.blocks()[0].register_forward_pre_hook(lambda *_: pytest.fail("a block ran"))
    try:
        run = again.fit(train, validation, QUICK, progress=False, out=tmp_path)
    finally:
        handle.remove()
    assert run.history == first.history


@pytest.mark.parametrize("way", ["alone", "together"])
def test_the_time_of_keeping_states_is_the_first_epochs(clf, train, validation, monkeypatch, way):
    shelf = Store.shelf

    def slow(*arguments, **options):
        time.sleep(0.5)
        return shelf(*arguments, **options)

    monkeypatch.setattr(Store, "shelf", slow)
    if way == "alone":
        run = clf.fit(train, validation, QUICK, progress=False)
    else:
        (run,) = fit_many([clf], train, validation, [QUICK], progress=False)
    seconds = [epoch["train_seconds"] for epoch in run.history]
    assert seconds[0] > 0.5 > seconds[1] and run.seconds > sum(seconds)


def test_runs_that_are_read_back_together_keep_no_states(clf, tiny, train, tmp_path, monkeypatch):
    told = {"out": [tmp_path], "progress": False}
    (first,) = fit_many([clf], train, None, [QUICK], **told)
    monkeypatch.setattr(Store, "shelf", lambda *_, **__: pytest.fail("states were kept"))
    again = PromptClassifier(tiny, "idspam", layer=2, t=3, c=8, head_dropout=0.0)
    (run,) = fit_many([again], train, None, [QUICK], **told)
    assert run.history == first.history


def test_a_linear_head_runs_the_frozen_model_once_a_text(tiny, train, validation):
    texts, clf = [], PromptClassifier(tiny, "linear_head")
    handle = tiny.blocks()[0].register_forward_pre_hook(lambda module, args: texts.append(len(args[0])))
    try:
        clf.fit(train, validation, QUICK, progress=False)
    finally:
        handle.remove()
    assert sum(texts) == len(train) + len(validation)


def test_texts_that_are_not_kept_are_computed(clf):
    rows = clf.rows(reviews(20))
    with torch.no_grad():
        plain = predict_logits(clf.eval(), rows, 0, precision="fp32")
    with fast_path(clf, rows[::3], QUICK, Store()):
        assert (predict_logits(clf, rows, 0, precision="fp32") - plain).abs().max() < 1e-6


def test_token_types_tell_two_texts_apart(clf):
    one = {"input_ids": [101, 7, 8, 102], "token_type_ids": [0, 0, 0, 0]}
    other = {"input_ids": [101, 7, 8, 102], "token_type_ids": [0, 0, 1, 1]}
    with torch.no_grad():
        plain = predict_logits(clf.eval(), [one, other], 0, precision="fp32")
    assert (plain[0] - plain[1]).abs().max() > 1e-4
    assert (logits_of(clf, [one, other], Store()) - plain).abs().max() < 1e-6


def test_half_the_room_costs_three_digits(clf, store):
    rows = clf.rows(reviews(20))
    exact = logits_of(clf, rows)
    half = Store(memory=0, half=True, folder=store.folder)
    off = (logits_of(clf, rows, half) - exact).abs().max()
    assert 0 < off < 0.02
    assert (logits_of(clf, rows, store) - exact).abs().max() < 1e-6
    small, large = sorted(entry["bytes"] for entry in cache.entries(store.folder))
    assert 1.9 < large / small < 2.1


def test_states_of_a_bf16_pass_are_other_states(clf, store):
    rows = clf.rows(reviews(8))
    for precision in ("fp32", "bf16"):
        with torch.no_grad():
            plain = predict_logits(clf.eval(), rows, 0, precision=precision)
        assert torch.allclose(logits_of(clf, rows, store, precision), plain, atol=0.01)
    assert len(cache.entries(store.folder)) == 2


# The budget ---------------------------------------------------------------------------------------------------------


def test_what_fits_in_memory_leaves_no_file(clf, tmp_path):
    store = Store(memory=1, folder=tmp_path)
    logits_of(clf, clf.rows(reviews(8)), store)
    assert not list(tmp_path.iterdir()) and 0 < store.used["cpu"] < 1e6


def test_beyond_memory_a_file_beyond_the_disk_computed_again(clf, tmp_path):
    rows = clf.rows(reviews(64))
    states = States(clf.method, clf.backbone, rows, "fp32", False, False)
    need = states.bytes / 1e9
    assert states.bytes == 4 * 32 * sum(len(row["input_ids"]) for row in states.rows)
    exact = logits_of(clf, rows)
    assert (logits_of(clf, rows, Store(need / 2, 2 * need, folder=tmp_path / "a")) - exact).abs().max() < 1e-6
    (entry,) = cache.entries(tmp_path / "a")
    assert entry["about"]["texts"] == len(states.rows)

    with pytest.warns(UserWarning, match=r"need .* GB, but there is room for .* GB: those of \d+ texts are computed"):
        found = logits_of(clf, rows, Store(need / 4, need / 2, folder=tmp_path / "b"))
    assert (found - exact).abs().max() < 1e-6
    (entry,) = cache.entries(tmp_path / "b")
    assert entry["bytes"] < 0.6 * states.bytes and 0 < entry["about"]["texts"] < len(states.rows)

    with pytest.warns(UserWarning, match="room for 0 GB"):
        assert torch.equal(logits_of(clf, rows, Store(0, 0, folder=tmp_path / "c")), exact)
    assert not (tmp_path / "c").exists()


def test_memory_that_is_used_is_not_given_twice(tiny, tmp_path):
    rows = PromptClassifier(tiny).rows(reviews(64))
    first, second = (PromptClassifier(tiny, "idspam", layer=layer, t=3, c=8) for layer in (1, 2))
    need = States(first.method, tiny, rows, "fp32", False, False).bytes / 1e9
    store = Store(1.5 * need, folder=tmp_path)
    logits_of(first, rows, store)
    assert not list(tmp_path.iterdir())
    logits_of(second, rows, store)
    assert len(cache.entries(tmp_path)) == 1
    logits_of(PromptClassifier(tiny, "lpt", layer=2, t=3), rows, store)  # another method, the same states
    assert len(cache.entries(tmp_path)) == 1 and len(store.shelves) == 2


def test_when_the_file_cannot_be_written_memory_is_used(clf, tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = Store(1, 1, folder=tmp_path / "file" / "states")
    store.memory_left = lambda place: 0.5 * states.bytes
    rows = clf.rows(reviews(16))
    states = States(clf.method, clf.backbone, rows, "fp32", False, False)
    with pytest.warns(UserWarning) as told:
        logits_of(clf, rows, store)
    assert any("kept in memory" in str(warning.message) for warning in told) and 0 < store.used["cpu"] < states.bytes


def test_a_budget_below_nothing_is_refused():
    with pytest.raises(BadInput, match="memory is -1"):
        Store(memory=-1)


# Files --------------------------------------------------------------------------------------------------------------


def entry_of(store):
    (entry,) = [entry for entry in cache.entries(store.folder) if entry["about"]]
    return entry["place"]


def cut(place):
    (place / "hidden.bin").write_bytes((place / "hidden.bin").read_bytes()[:-4])


def flip(place):
    content = bytearray((place / "hidden.bin").read_bytes())
    content[100] ^= 1
    (place / "hidden.bin").write_bytes(content)


DAMAGES = {
    "cut off": cut,
    "one bit": flip,
    "gone": lambda place: (place / "hidden.bin").unlink(),
    "no about": lambda place: (place / "about.json").unlink(),
    "half an about": lambda place: (place / "about.json").write_text('{"format": "idsp'),
    "another format": lambda place: (place / "about.json").write_text('{"format": "other"}'),
    "no parts": lambda place: (place / "about.json").write_text(json.dumps({"format": cache.FORMAT})),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_noticed_and_made_again(damage, clf, store):
    rows = clf.rows(reviews(8))
    exact = logits_of(clf, rows, store)
    content = (entry_of(store) / "hidden.bin").read_bytes()
    DAMAGES[damage](entry_of(store))
    with pytest.warns(UserWarning, match="damaged.*made again"):
        again = logits_of(clf, rows, Store(memory=0, folder=store.folder))
    assert torch.equal(again, exact)
    assert (entry_of(store) / "hidden.bin").read_bytes() == content
    assert len(list(store.folder.iterdir())) == 1


def test_a_later_store_finds_the_file(clf, tiny, store):
    rows = clf.rows(reviews(8))
    exact = logits_of(clf, rows, store)
    touched = []
    handle = tiny.blocks()[0].register_forward_pre_hook(lambda module, args: touched.append(len(args[0])))
    try:
        assert torch.equal(logits_of(clf, rows, Store(memory=0, folder=store.folder)), exact)
    finally:
        handle.remove()
    assert touched == [1]


def test_other_weights_texts_or_blocks_are_other_entries(tiny, store):
    rows = PromptClassifier(tiny).rows(reviews(8))
    keys = {
        States(PromptClassifier(tiny, "idspam", layer=layer).method, tiny, some, "fp32", half, False).key()
        for layer in (1, 2)
        for some in (rows, rows[:7])
        for half in (False, True)
    }
    torch.manual_seed(1)
    other = FAMILIES["bert"](type(tiny.model)(tiny.config, add_pooling_layer=False), tiny.tokenizer, "other")
    keys.add(States(PromptClassifier(other, "idspam", layer=1).method, other, rows, "fp32", False, False).key())
    assert len(keys) == 9
    same = States(PromptClassifier(tiny, "lpt", layer=1).method, tiny, rows[::-1], "fp32", False, False).key()
    assert same in keys


def test_a_writer_that_fails_leaves_nothing(store):
    with pytest.raises(RuntimeError), cache.Writer(store.folder, "0" * 32) as entry:
        entry.append("hidden", torch.ones(3, 4))
        raise RuntimeError
    assert not list(store.folder.iterdir())


@pytest.mark.parametrize("when", ["while it is written", "before it is read"])
def test_states_that_are_cleared_meanwhile_stop_no_run(clf, store, monkeypatch, when):
    name = "append" if when == "while it is written" else "finish"
    real = getattr(cache.Writer, name)

    def clearing(self, *arguments):
        real(self, *arguments)
        for entry in cache.entries(self.place.parent):
            cache.remove(entry["place"])

    monkeypatch.setattr(cache.Writer, name, clearing)
    rows = clf.rows(reviews(8))
    with pytest.warns(UserWarning, match="was removed .* no run is going.* kept in memory"):
        found = logits_of(clf, rows, store)
    assert (found - logits_of(clf, rows)).abs().max() < 1e-6
    assert not list(store.folder.iterdir())


SCRIPT = """
import os, sys, time
import torch, transformers
from idspam_lab.backbones import FAMILIES, load_backbone
from idspam_lab.classifier import PromptClassifier
from idspam_lab.frozen import Store, cache
from idspam_lab.training import Settings
from idspam_lab.frozen.fast import fast_path
from idspam_lab.training.predict import predict_logits
from tests.conftest import reviews
torch.manual_seed(0)
tokenizer = load_backbone("minilm").tokenizer
config = transformers.BertConfig(vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
                                 intermediate_size=64)
tiny = FAMILIES["bert"](transformers.BertModel(config, add_pooling_layer=False), tokenizer, "tiny")
clf = PromptClassifier(tiny, "idspam", layer=2, t=3, c=8, head_dropout=0.0).eval()
rows = clf.rows(reviews(64))
append = cache.Writer.append
def slow(self, *arguments):  # both are writing at the same time
    append(self, *arguments)
    open(sys.argv[2], "w").close()
    while sys.argv[3] != "kill" and not os.path.exists(sys.argv[3]):
        time.sleep(0.01)
    if sys.argv[3] == "kill":
        os.kill(os.getpid(), 9)
cache.Writer.append = slow
with fast_path(clf, rows, Settings(precision="fp32"), Store(memory=0, folder=sys.argv[1])):
    print(predict_logits(clf, rows, 0, precision="fp32").sum().item())
"""


def start(request, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(request.config.rootpath)}
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_two_processes_at_once_both_finish_and_one_entry_stays(tmp_path, request):
    folder, one, two = tmp_path / "states", tmp_path / "one", tmp_path / "two"
    both = [start(request, folder, one, two), start(request, folder, two, one)]
    out = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], out
    assert out[0][0] == out[1][0]
    (entry,) = cache.entries(folder)
    assert cache.load(folder, entry["place"].name) is not None and len(list(folder.iterdir())) == 1


def test_a_killed_process_leaves_what_is_listed_and_cleared(tmp_path, request, clf, capsys, monkeypatch):
    monkeypatch.setenv("IDSPAM_CACHE_DIR", str(tmp_path))
    folder = cache.states_folder()
    process = start(request, folder, tmp_path / "started", "kill")
    process.communicate(timeout=120)
    assert process.returncode == -9
    (entry,) = cache.entries()
    assert entry["about"] is None and entry["bytes"] > 0
    logits_of(clf, clf.rows(reviews(64)), Store(memory=0))  # is not disturbed by it
    (folder / "notes.txt").write_text("not ours")
    assert main(["cache"]) == 0
    out = capsys.readouterr().out
    assert "tiny" in out and "not finished" in out and str(folder) in out
    assert main(["cache", "--clear"]) == 0
    assert "2" in capsys.readouterr().out
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    assert main(["cache"]) == 0
    assert "empty" in capsys.readouterr().out


def test_a_prediction_in_the_middle_of_a_training_leaves_its_kept_states(clf, train, validation):
    kept = []

    def look(progress):
        clf.predict(["a film"])
        clf.train()
        kept.append(clf.fast is not None and clf.fast.shelf is not None)

    clf.fit(train, validation, QUICK, callbacks=[look], progress=False)
    assert kept and all(kept)


# Whose states they are ----------------------------------------------------------------------------------------------


class ReadsABlock(LatePrompt):
    """A method of one's own, whose prompt is made from a lower block's states."""

    def __init__(self, backbone, layer=2, block=1):
        super().__init__(backbone, layer)
        self.block = block
        self.up = torch.nn.Linear(backbone.n, backbone.n)

    @torch.no_grad()
    def trunk(self, backbone, ids, mask, types):
        embedded = backbone.embed(ids, mask, types)
        lower = backbone.run(embedded, mask, 0, self.block)
        return backbone.run(lower, mask, self.block, self.block), backbone.run(embedded, mask, 0, self.layer)

    def prompt(self, source, hidden, mask):
        return self.up(source[:, :1]), None


def trained_losses(clf, store):
    run = clf.fit(reviews(16), None, QUICK, progress=False, store=store)
    return [epoch["train_loss"] for epoch in run.history]


@pytest.mark.parametrize("memory", [None, 0])
def test_one_store_tells_what_two_methods_read_apart(tiny, tmp_path, memory, monkeypatch):
    monkeypatch.setitem(METHODS, "reads_a_block", ReadsABlock)
    shared = Store(memory=memory, folder=tmp_path / "shared")
    for method, options in (
        ("idspam", {"positions": False}), ("idspam", {"positions": True}), ("reads_a_block", {"block": 1}),
        ("reads_a_block", {"block": 2}),
    ):  # fmt: skip
        alone, together = (PromptClassifier(tiny, method, layer=2, **options) for _ in range(2))
        assert trained_losses(together, shared) == trained_losses(alone, False)
    assert len(shared.shelves) == 3  # ID-SPAM's two variants have the same hidden states


@pytest.mark.parametrize("way", ["encode", "encode_from"])
def test_a_method_that_does_something_else_is_asked_wherever_it_is_used(tiny, way, monkeypatch):
    called = []

    class Own(METHODS["idspam"]):
        pass

    def told(self, *arguments):
        called.append(way)
        return getattr(super(Own, self), way)(*arguments)

    setattr(Own, way, told)
    monkeypatch.setitem(METHODS, "own", Own)
    clf = PromptClassifier(tiny, "own", layer=1)
    assert not joins_once(clf.method) and not has_own_route(clf)
    trained_losses(clf, True)
    assert len(called) == 3  # of three epochs of one step each
    clf.predict_proba(["a film"])
    assert len(called) == 4
