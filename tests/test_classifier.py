"""Backbone + method + readout + head: what the verbs return, and that nothing depends on the rest of the batch."""

import copy
import dataclasses
import threading
import warnings
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from datasets import Dataset
from safetensors.torch import load_file

from idspam_lab.analysis.paths import knock_out_each
from idspam_lab.backbones import FAMILIES
from idspam_lab.classifier import PromptClassifier
from idspam_lab.errors import BadInput
from idspam_lab.frozen import fit_many
from idspam_lab.methods import METHODS
from idspam_lab.tasks import load_task
from idspam_lab.tasks.examples import Examples
from idspam_lab.training import Settings, evaluate
from idspam_lab.training.batches import Collate
from idspam_lab.training.predict import TURN, token_chunks

TEXTS = [
    "a gripping , funny film .",
    "dull",
    "the plot is so clumsy that even its fine actors cannot save it , try as they may",
]
LABELS = ("negative", "positive")


@pytest.fixture(scope="module")
def clf(minilm):
    return PromptClassifier(minilm, "idspam", labels=LABELS, layer=3).eval()


def test_predictions_do_not_depend_on_the_batch_or_padding(clf):
    together = clf.predict_proba(TEXTS, precision="fp32")
    alone = np.concatenate([clf.predict_proba([text], precision="fp32") for text in TEXTS])
    assert together.shape == (3, 2) and np.allclose(together.sum(1), 1)
    assert np.abs(together - alone).max() < 1e-5


def test_left_padded_batches_give_the_same_logits(clf):
    rows = clf.rows(TEXTS)
    right = Collate(0)(rows)
    left = {
        k: torch.stack([row.roll(int((1 - m).sum())) for row, m in zip(v, right["attention_mask"], strict=True)])
        for k, v in right.items()
    }
    assert left["attention_mask"][1, 0] == 0
    with torch.no_grad():
        assert torch.allclose(clf(**left).logits, clf(**right).logits, atol=1e-5)


def test_a_prompt_changes_what_the_head_reads_only_above_its_layer(minilm):
    """At m = 0 the classifier is the Hugging Face encoder over the prompt and the embedded text."""
    clf = PromptClassifier(minilm, "idspam", layer=0, t=2, read="first").eval()
    batch = Collate(0)(clf.rows(TEXTS[:1]))
    with torch.no_grad():
        E, hidden = minilm.trunk(batch["input_ids"], batch["attention_mask"], batch["token_type_ids"], 0)
        S, _ = clf.method.prompt(E, hidden, batch["attention_mask"])
        reference = minilm.model.encoder(torch.cat([S, hidden], 1)).last_hidden_state[
            :, 2
        ]  # its own loop over the blocks
        assert torch.allclose(clf(**batch).logits, clf.head(reference), atol=1e-5)


@pytest.mark.parametrize("layer", range(3))
def test_autograd_keeps_nothing_from_below_the_prompt(tiny, layer):
    """What the backward pass needs is saved for blocks m to L-1 alone."""
    clf = PromptClassifier(tiny, "idspam", layer=layer, t=3).train()
    batch = Collate(0)(clf.rows(TEXTS)) | {"labels": torch.tensor([0, 1, 0])}
    inside, saved = {"now": None}, {}
    hooks = []
    for i, block in enumerate(tiny.blocks()):
        hooks.append(block.register_forward_pre_hook(lambda *_, i=i: inside.update(now=i)))
        hooks.append(block.register_forward_hook(lambda *_: inside.update(now=None)))

    def pack(tensor):
        saved[inside["now"]] = saved.get(inside["now"], 0) + 1
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        clf(**batch).loss.backward()
    for hook in hooks:
        hook.remove()
    assert {i for i in saved if i is not None} == set(range(layer, 3))
    assert all(p.grad is None for p in tiny.parameters())


def test_verbs_speak_label_names(clf):
    assert set(clf.predict(TEXTS)) <= set(LABELS)
    assert clf.id2label == {0: "negative", 1: "positive"} and clf.label2id == {"negative": 0, "positive": 1}
    assert clf.predict([]) == [] and clf.predict_proba([]).shape == (0, 2)


def test_a_precision_that_there_is_not_is_refused(clf, train):
    for read in (clf.predict, clf.predict_proba):
        with pytest.raises(BadInput, match='precision is .bf61., but it is "auto", "fp32" or "bf16"'):
            read(TEXTS, precision="bf61")
    with pytest.raises(BadInput, match="precision is .fp8., but"):
        clf.evaluate(train, precision="fp8")


def test_pairs_are_read_as_the_tokenizer_pairs_them(clf):
    (row,) = clf.rows([("a man sleeps", "he is awake")])
    assert row["input_ids"] == clf.backbone.tokenizer("a man sleeps", "he is awake").input_ids
    assert row["token_type_ids"] == [0] * 5 + [1] * 4


def test_explanation_is_the_trace(clf):
    found = clf.explain(TEXTS)
    for text, explanation in zip(TEXTS, found, strict=True):
        assert explanation.tokens == clf.backbone.tokenizer.convert_ids_to_tokens(
            clf.backbone.tokenizer(text).input_ids
        )
        assert explanation.weights.sum() == pytest.approx(1, abs=1e-5)
        assert np.allclose(explanation.attention.mean(0), explanation.weights, atol=1e-6)
        assert sum(explanation.probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert explanation.label == max(explanation.probabilities, key=explanation.probabilities.get)
    probabilities = clf.predict_proba(TEXTS, precision="fp32")
    assert [e.probabilities["positive"] for e in found] == pytest.approx(probabilities[:, 1], abs=1e-5)


def test_linear_head_is_the_frozen_models_own_features(minilm):
    clf = PromptClassifier(minilm, "linear_head", read="first").eval()
    batch = Collate(0)(clf.rows(TEXTS))
    with torch.no_grad():
        features = minilm.model(**batch).last_hidden_state[:, 0]
        assert torch.allclose(clf(**batch).logits, clf.head(features), atol=1e-5)
    with pytest.raises(BadInput, match="no token weights"):
        clf.explain(TEXTS)


def test_two_classifiers_on_one_backbone_do_not_disturb_each_other(tiny, train, validation):
    settings = Settings(epochs=1, batch_size=16, precision="fp32")
    alone = PromptClassifier(tiny, "idspam", layer=1)
    alone.fit(train, validation, settings, progress=False)
    first, second = PromptClassifier(tiny, "idspam", layer=1), PromptClassifier(tiny, "linear_head")
    second.fit(train, validation, settings, progress=False)
    first.fit(train, validation, settings, progress=False)
    assert np.array_equal(first.predict_proba(TEXTS), alone.predict_proba(TEXTS))


@pytest.mark.parametrize("method", ["idspam", "linear_head", "lora", "p_tuning_v2"])
@pytest.mark.parametrize("verb", ["predict_proba", "explain", "knock_out_each"])
def test_a_classifier_goes_where_another_one_has_taken_their_backbone(tiny, method, verb):
    """Tensors of the meta device have no numbers, so no verb comes to its end there."""
    backbone = copy.deepcopy(tiny)
    first, second = PromptClassifier(backbone, "linear_head"), PromptClassifier(backbone, method)
    first.to("meta")
    with suppress(NotImplementedError, RuntimeError):
        knock_out_each(second, TEXTS[0]) if verb == "knock_out_each" else getattr(second, verb)(TEXTS)
    assert {p.device.type for p in second.parameters()} == {"meta"}


def test_transformers_trainer_can_train_it(minilm, train, validation, tmp_path):
    clf = PromptClassifier(minilm, "idspam", layer=4, t=3, labels=LABELS)
    start = clf.head.weight.detach().clone()
    frozen = minilm.model.embeddings.word_embeddings.weight.clone()
    arguments = transformers.TrainingArguments(
        tmp_path, num_train_epochs=6, per_device_train_batch_size=16, learning_rate=3e-3, report_to=[],
        save_strategy="no",
        use_cpu=True, disable_tqdm=True, logging_strategy="no"
    )  # fmt: skip
    trainer = transformers.Trainer(
        clf, arguments, train_dataset=clf.rows(train), eval_dataset=clf.rows(validation),
        data_collator=Collate(clf.pad_id),
        compute_metrics=lambda p: {"accuracy": float((p.predictions.argmax(-1) == p.label_ids).mean())}
    )  # fmt: skip
    before = trainer.evaluate()
    trainer.train()
    after = trainer.evaluate()
    assert after["eval_loss"] < before["eval_loss"] and after["eval_accuracy"] >= 0.9
    assert not torch.equal(clf.head.weight, start)
    assert torch.equal(minilm.model.embeddings.word_embeddings.weight, frozen)
    assert not any(
        module.training for module in minilm.modules()
    )  # Trainer calls train(); the frozen part stays in eval


@pytest.mark.parametrize(("method", "options"), [("lora", {"r": 2}), ("prefix_tuning", {}), ("idspam", {"lora": 2})])
def test_trainers_checkpoints_hold_what_trains_alone(tiny, train, tmp_path, method, options):
    clf = PromptClassifier(tiny, method, labels=LABELS, **options)
    arguments = transformers.TrainingArguments(
        tmp_path, num_train_epochs=1, per_device_train_batch_size=16, report_to=[], save_strategy="epoch", use_cpu=True,
        disable_tqdm=True, logging_strategy="no"
    )  # fmt: skip
    trained = {name for name, p in clf.named_parameters() if p.requires_grad}
    trainer = transformers.Trainer(clf, arguments, train_dataset=clf.rows(train), data_collator=Collate(clf.pad_id))
    trainer.train()
    (written,) = tmp_path.glob("checkpoint-*/model.safetensors")
    tensors = load_file(written)
    assert set(tensors) == trained == set(clf.state_dict())
    again = PromptClassifier(tiny, method, labels=LABELS, seed=1, **options)
    assert again.load_state_dict(tensors).missing_keys == []
    assert np.array_equal(again.predict_proba(TEXTS), clf.predict_proba(TEXTS))
    with pytest.raises(RuntimeError, match="head.bias"):
        again.load_state_dict({name: tensor for name, tensor in tensors.items() if name != "head.bias"})


@pytest.mark.parametrize("methods", [("idspam", "lora"), ("fine_tuning", "linear_head")])
def test_inside_another_module_what_trains_is_missed_and_what_is_frozen_is_not(tiny, methods):
    both = torch.nn.ModuleList([PromptClassifier(tiny, method) for method in methods])
    trained = {name for name, p in both.named_parameters() if p.requires_grad}
    assert set(both.load_state_dict({}, strict=False).missing_keys) == trained == set(both.state_dict())
    with pytest.raises(RuntimeError, match="Missing key.*0.head.weight"):
        both.load_state_dict({})
    assert both.load_state_dict(both.state_dict()).missing_keys == []


# Bad input: one clear sentence each -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["fine", ""], "Text 2 is empty"),
        (["  \n"], "Text 1 is empty"),
        (["[CLS] [SEP]"], "Text 1 holds nothing that the model can read"),
        (["\u200b"], "Text 1"),
        (["fine", None], "Text 2 is None: give a string"),
        ("one text", "write \\[text\\]"),
        ({"text": ["fine"]}, "A dict was given where texts are wanted: give one column"),
        (pd.DataFrame({"text": ["fine"]}), "A DataFrame was given where texts are wanted: give one column"),
        (pd.DataFrame({"texts": ["fine"]}), "A DataFrame was given where texts are wanted: give one column"),
        (Dataset.from_dict({"text": ["fine"]}), "A Dataset was given where texts are wanted: give one column"),
        (np.array([["fine"]]), "Text 1 is .'fine'.: give a string"),
    ],
)
def test_texts_that_are_none(clf, texts, sentence):
    with pytest.raises(BadInput, match=sentence) as caught:
        clf.predict(texts)
    assert "\n" not in str(caught.value)


def test_too_long_text_is_cut_and_said_so_once(clf):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rows = clf.rows(["word " * 600, "word " * 700, "short"])
    assert [len(row["input_ids"]) for row in rows] == [512, 512, 3]
    assert rows[0]["input_ids"][-1] == clf.backbone.tokenizer.sep_token_id  # cut inside, not at its end
    assert [str(w.message) for w in caught] == ["2 of 3 texts are longer than 512 tokens and were cut there."]


@pytest.mark.parametrize("verb", ["rows", "predict_proba", "predict", "explain"])
def test_a_cut_text_is_noticed_where_the_verb_was_called(clf, verb):
    with pytest.warns(UserWarning, match="were cut there") as caught:
        getattr(clf, verb)(["word " * 600])
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (None, "have no labels"),
        ((0, 1, 2), "Label 2 of the training texts is not one of the 2 classes: label ids go from 0 to 1"),
        ((-1, 0, 1), "Label -1 of the training texts is not one of"),
        ((1, 1, 1), "All 3 training texts are of class 'positive'"),
    ],
)
def test_labels_that_cannot_be_learned(clf, labels, sentence):
    with pytest.raises(BadInput, match=sentence):
        clf.fit(Examples(tuple(TEXTS), None, labels, "x"), progress=False)


def test_settings_are_settings_and_stand_in_their_place(clf, train):
    with pytest.raises(BadInput, match="Settings was given as validation texts: give Examples there, and settings by"):
        clf.fit(train, Settings())
    for settings in ({"epochs": 1}, {}):
        with pytest.raises(BadInput, match=r"The settings are a dict, but Settings are wanted: clf.preset\(epochs=3\)"):
            clf.fit(train, None, settings)


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [(None, "validation texts have no labels"), ((0, 1, 5), "Label 5 of the validation texts is not one of")],
)
def test_validation_texts_are_looked_at_before_the_training(clf, labels, sentence):
    train, steps = Examples(tuple(TEXTS), None, (0, 1, 0), "x"), []
    with pytest.raises(BadInput, match=sentence):
        clf.fit(train, Examples(tuple(TEXTS), None, labels, "x"), callbacks=[steps.append], progress=False)
    with pytest.raises(BadInput, match="There is no metric 'f1'"):
        clf.fit(train, train, metric="f1", callbacks=[steps.append], progress=False)
    assert not steps


def test_scores_come_with_their_interval(clf, train):
    found = clf.evaluate(Examples(TEXTS, labels=[1, 0, 0]), "acc_f1", max_length=32)
    right = [clf.label2id[label] for label in clf.predict(TEXTS, max_length=32)]
    assert clf.evaluate(Examples(TEXTS, labels=right))["score"] == 1
    assert found["texts"] == 3 and found["score"] == (found["accuracy"] + found["macro_f1"]) / 2
    assert 0 <= found["interval"][0] <= found["accuracy"] <= found["interval"][1] <= 1
    with pytest.raises(BadInput, match=r"The evaluation texts have no labels: write Examples\(texts, labels=ids\)"):
        clf.evaluate(TEXTS)
    with pytest.raises(BadInput, match="There is no metric 'f1'"):
        clf.evaluate(train, "f1")
    with pytest.raises(BadInput, match="There are no rows to score"):
        clf.evaluate(Examples([], labels=[]))


def test_two_lists_as_in_scikit_learn_get_advice(clf):
    with pytest.raises(BadInput, match=r"training texts have no labels: write Examples\(texts, labels=ids\), "):
        clf.fit(TEXTS, ["positive", "negative", "negative"])


def test_a_training_that_does_not_begin_leaves_the_classifier_as_it_was(tiny):
    clf = PromptClassifier(tiny, "linear_head")
    clf.fit(Examples(("good", "bad"), None, (1, 0), "x"), None, clf.preset(epochs=1, max_length=8), progress=False)
    pairs = Examples(("good", " "), ("very", " "), (1, 0), "x")
    with pytest.raises(BadInput, match="Text 2 is empty"):
        clf.fit(pairs, None, clf.preset(epochs=1, max_length=16), progress=False)
    assert (clf.pairs, clf.max_length) == (False, 8)


def test_single_texts_for_what_was_trained_on_pairs_are_noticed(minilm):
    clf = PromptClassifier(minilm, "linear_head")
    clf.fit(Examples(tuple(TEXTS), tuple(TEXTS), (0, 1, 0), "x"), None, clf.preset(epochs=1), progress=False)
    with pytest.warns(UserWarning, match="trained on pairs of texts and reads single texts here"):
        clf.predict(["one text"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.predict([("one text", "another")])


def test_numbers_of_numpy_are_numbers(minilm, tmp_path):
    for method in ("idspam", "lpt"):
        clf = PromptClassifier(minilm, method, layer=np.int64(1), head_dropout=np.float32(0.25), seed=np.int64(1))
        clf.save_pretrained(tmp_path / method)
        assert clf.method.layer == 1 and type(clf.adapter_config()["options"]["layer"]) is int


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"layer": 6}, r"layer is 6, but minilm has 6 blocks: choose 0 \(the input\) to 5"),
        ({"layer": -1}, "layer is -1"),
        ({"t": 0}, "t is 0"),
        ({"c": 0}, "c is 0"),
        ({"read": "cls"}, "read is 'cls'"),
        ({"labels": 1}, "at least two"),
        ({"labels": ("a", "a")}, "at least two, all different"),
        ({"labels": ("a", "a", "b")}, "at least two, all different"),
        ({"dropout": 2}, "dropout is 2, but it is a share"),
        ({"head_dropout": 1}, "head_dropout is 1, but it is a share"),
        ({"layer": np.int64(6)}, "layer is 6, but minilm has 6 blocks"),
        ({"rank": 8}, "'idspam' has no option 'rank'; it has layer, t, c, bias, dropout, heads"),
        ({"labels": {0: "a", 1: "b"}}, "labels are a dict, but a list"),
        ({"labels": {"a", "b"}}, "labels are a set, but a list"),
        ({"labels": "yes"}, "labels are a str, but a list"),
        ({"labels": None}, "labels are a NoneType, but a list in the order of their ids is wanted, or how many"),
        ({"labels": 2.0}, "labels are a float, but a list"),
        ({"labels": True}, "labels are a bool, but a list"),
        ({"layer": True}, "layer is True, but"),
        ({"outer_relu": "False"}, "outer_relu is 'False', but it is true or false"),
        ({"positions": 1}, "positions is 1, but it is true or false"),
        ({"heads": 2.0}, "heads is 2.0, but it is a whole number"),
    ],
)
def test_options_out_of_range(minilm, options, sentence):
    with pytest.raises(BadInput, match=sentence):
        PromptClassifier(minilm, "idspam", **options)


def test_a_name_is_no_backbone():
    with pytest.raises(BadInput, match=r"The backbone is 'minilm', .*: load_backbone\('minilm'\)"):
        PromptClassifier("minilm")


def test_unknown_method_names_those_there_are(minilm):
    with pytest.raises(BadInput, match=f"no method 'prompts'; there are {', '.join(METHODS)}"):
        PromptClassifier(minilm, "prompts")


def test_explain_is_the_plain_path_in_the_middle_of_a_training_too(tiny, train):
    clf, seen = PromptClassifier(tiny, "idspam", layer=1), []

    def look(progress):
        if progress.metrics:
            found = clf.explain(["a gripping film"])[0]
            seen.append((found.probabilities["LABEL_0"], clf.fast))

    clf.fit(train, None, Settings(epochs=1, precision="bf16"), callbacks=[look], progress=False)
    (told, fast) = seen[0]
    assert fast is not None and told == clf.explain(["a gripping film"])[0].probabilities["LABEL_0"]


def test_reading_while_another_thread_trains_changes_neither(tiny, train, validation):
    def start():
        return PromptClassifier(tiny, "idspam", layer=1, t=3, c=8, dropout=0.5)

    settings = Settings(epochs=4, batch_size=4, lr=3e-3, precision="fp32")
    alone, clf = start(), start()
    expected = alone.fit(train, validation, settings, progress=False)

    thread = threading.Thread(target=clf.fit, args=(train, validation, settings), kwargs={"progress": False})
    thread.start()
    reads = 0
    while thread.is_alive():
        clf.explain(TEXTS[:1]), clf.predict(TEXTS[:1]), knock_out_each(clf, TEXTS[0])
        reads += 1
    numbers = [name for name in expected.history[0] if "second" not in name]
    assert reads > 3 and clf.fast is None and not clf.training
    for ours, theirs in zip(clf.run.history, expected.history, strict=True):
        assert [ours[name] for name in numbers] == [theirs[name] for name in numbers]


def test_checkpointing_can_be_switched_off(tiny):
    clf = PromptClassifier(tiny)
    for name in ("activation_checkpointing", "gradient_checkpointing"):  # of newer and of older transformers
        getattr(clf, f"{name}_enable")()
        assert tiny.checkpointing
        getattr(clf, f"{name}_disable")()
        assert not tiny.checkpointing
    with pytest.raises(BadInput, match="every_n_layers is 2, but here every block is computed again"):
        clf.activation_checkpointing_enable(every_n_layers=2)
    with pytest.raises(BadInput, match="offload is True, but nothing is moved"):
        clf.gradient_checkpointing_enable(offload=True)
    assert not tiny.checkpointing


def two_steps(backbone, rows, folder, **options):
    """What transformers.Trainer makes of a new classifier; whether blocks were computed again."""
    clf = PromptClassifier(backbone, "idspam", layer=0, t=3, c=8, labels=LABELS)
    arguments = transformers.TrainingArguments(
        folder, max_steps=2, per_device_train_batch_size=16, report_to=[], save_strategy="no", use_cpu=True,
        disable_tqdm=True, logging_strategy="no", learning_rate=1e-2, **options
    )  # fmt: skip
    trainer = transformers.Trainer(
        clf, arguments, train_dataset=rows, eval_dataset=rows, data_collator=Collate(clf.pad_id)
    )
    trainer.train()
    again = backbone.checkpointing
    clf.activation_checkpointing_disable()
    assert trainer.evaluate()["eval_loss"] > 0
    return clf, again


@pytest.mark.filterwarnings("error:.*only defines", "ignore:`gradient_checkpointing` is deprecated:FutureWarning")
def test_transformers_trainer_can_compute_blocks_again(tiny, train, tmp_path):
    rows = PromptClassifier(tiny).rows(train)
    plain, again = two_steps(tiny, rows, tmp_path)
    assert not again
    names = [field.name for field in dataclasses.fields(transformers.TrainingArguments)]
    for name in ("gradient_checkpointing", "activation_checkpointing"):
        if name in names:
            clf, again = two_steps(tiny, rows, tmp_path, **{name: True})
            assert again
            for ours, theirs in zip(clf.parameters(), plain.parameters(), strict=True):
                assert torch.allclose(ours, theirs, atol=1e-6)


def test_transformers_trainer_can_smooth_labels(tiny, train, tmp_path):
    rows = PromptClassifier(tiny).rows(train)
    (plain, _), (smooth, _) = (two_steps(tiny, rows, tmp_path, label_smoothing_factor=s) for s in (0.0, 0.1))
    assert not torch.equal(plain.head.weight, smooth.head.weight)


def test_its_configuration_is_the_backbones_with_its_own_classes(tiny):
    config = PromptClassifier(tiny, labels=["bad", "so so", "good"]).config
    assert (config.hidden_size, config.num_labels, config.id2label[2]) == (tiny.n, 3, "good")
    config.hidden_size = 1  # a copy: others use the backbone
    assert tiny.config.hidden_size == tiny.n and tiny.config.num_labels == 2


def test_a_column_of_a_table_is_texts(tiny):
    clf = PromptClassifier(tiny, labels=np.int64(3))
    texts = ["a gripping film", "dull"]
    for column in (pd.Series(texts), np.array(texts), pd.DataFrame({"text": texts})["text"]):
        assert (clf.predict_proba(column) == clf.predict_proba(texts)).all()
    assert clf.predict_proba(texts).shape == (2, 3)


def test_two_columns_of_a_table_are_pairs(tiny):
    clf, pairs = PromptClassifier(tiny), [("a gripping film", "dull"), ("dull", "a film")]
    columns = pd.DataFrame(pairs, columns=["a", "b"])[["a", "b"]].values
    assert (clf.predict_proba(columns) == clf.predict_proba(pairs)).all()


def test_what_is_no_training_texts_gets_advice(tiny):
    clf, data = PromptClassifier(tiny), load_task("rotten_tomatoes", source="embedded", limit=20)
    with pytest.raises(BadInput, match="A TaskData was given as training texts: give its data.train, data.validation"):
        clf.fit(data)
    rows = {"text": ["a"], "labels": [1]}
    for table in (rows, pd.DataFrame(rows), Dataset.from_dict(rows)):
        name = type(table).__name__
        with pytest.raises(BadInput, match=f"A {name} was given as training texts: .*load_task.table..train"):
            clf.fit(table)
        with pytest.raises(BadInput, match=f"A {name} was given as evaluation texts: .*load_task.table..train"):
            clf.evaluate(table)


def test_a_token_that_the_model_does_not_know_is_named(minilm):
    config = transformers.BertConfig(
        vocab_size=500, hidden_size=32, num_hidden_layers=1, num_attention_heads=4, intermediate_size=64
    )
    small = FAMILIES["bert"](transformers.BertModel(config, add_pooling_layer=False), minilm.tokenizer, "small")
    with pytest.raises(BadInput, match=r"Text 1 has the token '\S+' with the id \d+, but small has only ids below 500"):
        PromptClassifier(small).predict(["?", "gripping"])


def test_a_fit_that_its_folder_refuses_leaves_the_classifier_as_it_was(tiny, train, tmp_path):
    other = PromptClassifier(tiny, "linear_head", seed=1)
    other.fit(train, None, other.preset(epochs=1, max_length=8), out=tmp_path, progress=False)
    clf = PromptClassifier(tiny, "linear_head")
    clf.fit(train, None, clf.preset(epochs=1, max_length=8), progress=False)
    with pytest.raises(BadInput, match="holds a run with other settings"):
        clf.fit(train, None, clf.preset(epochs=1, max_length=16), out=tmp_path, progress=False)
    assert clf.max_length == 8


def test_a_reading_waits_for_a_chunk_and_not_for_a_whole_validation(tiny, train, validation):
    clf, turns = PromptClassifier(tiny, "linear_head"), []
    forward = clf.forward

    def watched(*args, **kwargs):
        turns.append(TURN._is_owned())
        return forward(*args, **kwargs)

    clf.forward = watched
    free = []

    def count(rows):
        for chunk in token_chunks(rows, 16):
            free.append(not TURN._is_owned())
            yield chunk

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("idspam_lab.training.predict.token_chunks", count)
        evaluate(clf, clf.rows(validation, 8), clf.pad_id, "accuracy", "fp32")
    assert len(free) > 2 and all(free) and all(turns) and len(turns) == len(free)


def test_reading_while_many_train_in_another_thread_changes_neither(tiny, train, validation):
    settings = Settings(epochs=2, batch_size=4, max_length=16, order_seed=0)

    def losses(read):
        clfs = [PromptClassifier(tiny, "idspam", t=2, c=4, seed=seed) for seed in (0, 1)]
        found = []
        arguments = (clfs, train, validation, [replace(settings, seed=seed) for seed in (0, 1)])
        thread = threading.Thread(target=lambda: found.extend(fit_many(*arguments, progress=False)))
        thread.start()
        while thread.is_alive():
            if read:
                clfs[0].predict(["good"])
        return [[epoch["train_loss"] for epoch in run.history] for run in found]

    undisturbed = losses(read=False)
    assert len(undisturbed) == 2 and losses(read=True) == undisturbed
