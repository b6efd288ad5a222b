"""Knock-outs against texts that never had the token, and what each route may and may not change."""

import numpy as np
import pytest
import torch

from idspam_lab import BadInput, PromptClassifier
from idspam_lab.analysis.paths import knock_out_each, knockout, logits_by_route, routes

TEXT = "a gripping film with a dull end"
SHORTER = "a film with a dull end"  # without token 2


def classifier(backbone, method="idspam", **options):
    return PromptClassifier(backbone, method, labels=("neg", "pos"), **options).eval()


@pytest.fixture(scope="module")
def clf(tiny):
    return classifier(tiny, layer=1, read="mean")


def numbers(found):
    return np.array(list(found.probabilities.values()))


def test_nothing_taken_away_is_what_explain_says(clf):
    found, expected = knockout(clf, TEXT), clf.explain([TEXT])[0]
    assert found.tokens == expected.tokens and found.tokens[2] == "gripping"
    assert found.weights == pytest.approx(expected.weights)
    assert found.probabilities == pytest.approx(expected.probabilities)


def test_taken_away_on_both_routes_is_the_text_without_it(clf):
    found, expected = knockout(clf, TEXT, {2}, {2}), clf.explain([SHORTER])[0]
    assert found.probabilities == pytest.approx(expected.probabilities)
    assert found.weights[2] == 0 and np.delete(found.weights, 2) == pytest.approx(expected.weights)


def test_each_route_alone_crosses_the_two_texts(clf):
    """The prompt of one text before the other, built here from the parts, without paths.py."""
    rows = {text: clf.rows([text])[0] for text in (TEXT, SHORTER)}
    for prompted, read in ((SHORTER, TEXT), (TEXT, SHORTER)):
        E, _ = parts(clf, rows[prompted])
        _, hidden = parts(clf, rows[read])
        S, _ = clf.method.generator(E, E.new_ones(E.shape[:2]))
        both = torch.cat([S, hidden], dim=1)
        top = clf.backbone.run(both, torch.ones(both.shape[:2], dtype=torch.long), start=1)[:, S.shape[1] :]
        expected = clf.head(top.mean(1)).softmax(-1)[0].tolist()
        found = knockout(clf, TEXT, {2} if prompted == SHORTER else (), {2} if read == SHORTER else ())
        assert numbers(found) == pytest.approx(expected, abs=1e-6)


def parts(clf, row):
    ids = torch.tensor([row["input_ids"]])
    return clf.backbone.trunk(ids, torch.ones_like(ids), torch.zeros_like(ids), 1)


def test_the_backbones_route_leaves_the_weights_alone(clf):
    whole, found = knockout(clf, TEXT), knockout(clf, TEXT, backbone={2})
    assert found.weights == pytest.approx(whole.weights)
    assert numbers(found) != pytest.approx(numbers(whole), abs=1e-5)


def test_each_token_alone_is_the_same_as_one_by_one(clf):
    each = knock_out_each(clf, TEXT)
    assert list(each) == ["generator", "backbone", "both"]
    for route, found in each.items():
        for place in range(len(found)):
            out = {name: {place} for name in ("generator", "backbone") if route in (name, "both")}
            one = knockout(clf, TEXT, **out)
            assert numbers(found[place]) == pytest.approx(numbers(one), abs=1e-6)
            assert found[place].weights == pytest.approx(one.weights, abs=1e-6)


def test_a_prompt_that_does_not_read_the_text_has_nothing_to_lose(tiny):
    free = classifier(tiny, "prompt_tuning")
    assert knockout(free, TEXT, generator={2}).probabilities == pytest.approx(knockout(free, TEXT).probabilities)
    assert knockout(free, TEXT).weights is None


def test_several_prompts_lose_the_token_together(tiny):
    several = classifier(tiny, layer=[0, 2], read="mean")
    expected = several.explain([SHORTER])[0].probabilities
    assert knockout(several, TEXT, {2}, {2}).probabilities == pytest.approx(expected)


def test_a_method_inside_the_model_has_one_route(tiny):
    plain = classifier(tiny, "linear_head")
    assert routes(plain) == ("both",)
    expected = plain.predict_proba([SHORTER], precision="fp32")[0]
    assert numbers(knockout(plain, TEXT, {2}, {2})) == pytest.approx(expected)
    with pytest.raises(BadInput, match="own way through the model"):
        knockout(plain, TEXT, generator={2})


def test_a_swap_is_the_other_texts_prompt(clf):
    a, b = clf.rows([TEXT, "tedious"])
    crossed, _ = logits_by_route(clf, [a, b], [b, b])
    straight, _ = logits_by_route(clf, [b], [b])
    assert crossed[1].tolist() == pytest.approx(straight[0].tolist(), abs=1e-6)
    assert crossed[0].tolist() != pytest.approx(straight[0].tolist(), abs=1e-5)


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ({"generator": {99}}, "no token 99: the text has 9 tokens, 0 to 8"),
        ({"generator": range(9)}, "All 9 tokens would be gone for the generator"),
        ({"backbone": {0}}, r"head reads the first token \(\[CLS\]\)"),
    ],
)
def test_refuses_in_one_sentence(tiny, out, said):
    with pytest.raises(BadInput, match=said):
        knockout(classifier(tiny, read="first"), TEXT, **out)


def test_a_token_that_the_head_reads_stays_for_the_backbone(tiny):
    each = knock_out_each(classifier(tiny, read="first"), TEXT)
    assert each["backbone"][0] is None and each["both"][0] is None and each["generator"][0] is not None


def test_training_mode_is_put_back(tiny):
    training = classifier(tiny).train()
    knockout(training, TEXT)
    assert training.training and not training.backbone.training


def test_a_word_head_reads_the_mask_and_keeps_it(minilm):
    import transformers

    from idspam_lab.backbones import FAMILIES
    from idspam_lab.verbalizer import Verbalizer

    config = transformers.BertConfig(
        vocab_size=len(minilm.tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=4
    )
    model = transformers.BertForMaskedLM(config)
    backbone = FAMILIES["bert"](model.bert, minilm.tokenizer, "tiny", word_head=model.cls)
    words = Verbalizer("{} . It was <mask> .", ("terrible", "great"))
    clf = PromptClassifier(backbone, labels=("neg", "pos"), verbalizer=words).eval()
    assert knockout(clf, TEXT).probabilities == pytest.approx(clf.explain([TEXT])[0].probabilities)
    place = knockout(clf, TEXT).tokens.index("[MASK]")
    with pytest.raises(BadInput, match=r"head reads the mask token \(\[MASK\]\)"):
        knockout(clf, TEXT, backbone={place})


def test_long_texts_are_taken_apart_in_batches(clf, monkeypatch):
    """The same numbers, and never more tokens at once than there is room for."""
    from idspam_lab.analysis import paths

    whole, seen = knock_out_each(clf, TEXT), []
    real = paths.logits_by_route
    monkeypatch.setattr(paths, "BATCH_TOKENS", 20)
    monkeypatch.setattr(paths, "logits_by_route", lambda clf, a, b: seen.append(len(a)) or real(clf, a, b))
    found = knock_out_each(clf, TEXT)
    assert max(seen) == 2 and len(seen) > 3
    for route, each in whole.items():
        for one, other in zip(each, found[route], strict=True):
            assert (one is None and other is None) or numbers(one) == pytest.approx(numbers(other), abs=1e-6)
