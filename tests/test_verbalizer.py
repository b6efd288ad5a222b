"""Reading by words: the same logits as the Hugging Face masked language model, and what a template may be."""

import pytest
import torch
import transformers as hf

from idspam_lab.backbones import FAMILIES, load_backbone
from idspam_lab.classifier import PromptClassifier
from idspam_lab.errors import BadInput
from idspam_lab.training import Settings
from idspam_lab.verbalizer import Verbalizer, at_mask
from tests.test_backbones import CONFIGS, hugging_face, texts

FILM = Verbalizer("{} . It was <mask> .", ("terrible", "great"))


@pytest.fixture(scope="module")
def folder(minilm, tmp_path_factory):
    """A small BERT with its masked-language-model head and MiniLM's tokenizer, as the hub lays it out."""
    torch.manual_seed(0)
    config = hf.BertConfig(
        vocab_size=len(minilm.tokenizer), hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=32,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("masked")
    hf.BertForMaskedLM(config).save_pretrained(folder)
    minilm.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def masked(folder):
    return load_backbone(folder, words=True)


@pytest.mark.parametrize("family", ("bert", "roberta", "mpnet", "distilbert", "electra"))
def test_the_word_head_is_the_masked_language_models_own(family):
    torch.manual_seed(0)
    model = hf.AutoModelForMaskedLM.from_config(CONFIGS[family], attn_implementation="eager").eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    backbone = FAMILIES[family](model.base_model, None, family, word_head=FAMILIES[family].word_head_of(model))
    ids, mask = texts(backbone)
    with torch.no_grad():
        ours = backbone.word_head(backbone.finish(backbone.run(backbone.embed(ids, mask), mask)))
        theirs = model(input_ids=ids, attention_mask=mask).logits
    assert torch.allclose(ours[mask.bool()], theirs[mask.bool()], atol=1e-5)
    assert torch.allclose(hugging_face(backbone, ids, mask)[mask.bool()].isfinite().float().mean(), torch.tensor(1.0))


def test_without_a_prompt_the_scores_are_those_of_the_words(masked, folder):
    clf = PromptClassifier(masked, "linear_head", verbalizer=FILM).eval()
    assert [name for name, p in clf.named_parameters() if p.requires_grad] == []
    model = hf.AutoModelForMaskedLM.from_pretrained(folder).eval()
    tokenizer = masked.tokenizer
    batch = tokenizer(f"a film . It was {tokenizer.mask_token} .", return_tensors="pt")
    with torch.no_grad():
        place = (batch.input_ids[0] == tokenizer.mask_token_id).nonzero().item()
        logits = model(**batch).logits[0, place, tokenizer.convert_tokens_to_ids(["terrible", "great"])]
    found = clf.predict_proba(["a film"], precision="fp32")[0]
    assert torch.allclose(torch.tensor(found), logits.softmax(-1), atol=1e-5)


@pytest.mark.parametrize("method", ("lpt", "idspam", "prompt_tuning", "lora"))
def test_trains_saves_and_loads_without_a_head_of_its_own(method, masked, folder, train, tmp_path):
    clf = PromptClassifier(masked, method, labels=("neg", "pos"), verbalizer=FILM)
    run = clf.fit(train, None, Settings(epochs=4, lr=1e-2, batch_size=8, precision="fp32"), progress=False)
    assert run.history[-1]["train_loss"] < run.history[0]["train_loss"]
    clf.save_pretrained(tmp_path)
    again = PromptClassifier.from_pretrained(tmp_path, backbone=str(folder))
    assert (again.predict_proba(train.texts[:4]) == clf.predict_proba(train.texts[:4])).all()
    assert not any(name.startswith("head") for name, p in clf.named_parameters() if p.requires_grad)


def test_a_long_text_is_cut_and_the_mask_stays(masked):
    clf = PromptClassifier(masked, "linear_head", verbalizer=FILM)
    (row,) = clf.rows(["word " * 500])
    assert len(row["input_ids"]) <= 32 and masked.tokenizer.mask_token_id in row["input_ids"]
    pair = Verbalizer("{} ? <mask> , {}", ("no", "yes"))
    (row,) = PromptClassifier(masked, "linear_head", verbalizer=pair).rows([("one " * 300, "two " * 300)])
    words = masked.tokenizer.convert_ids_to_tokens(row["input_ids"])
    assert len(words) <= 32 and "[MASK]" in words and "two" in words and "one" in words


def test_the_longer_text_of_a_pair_gives_way(masked):
    clf = PromptClassifier(masked, "linear_head", verbalizer=Verbalizer("{} ? <mask> , {}", ("no", "yes")))
    with pytest.warns(UserWarning, match="1 of 2 texts"):
        rows = clf.rows([("one", "two " * 300), ("one", "two " * 18)])
    count = [masked.tokenizer.convert_ids_to_tokens(row["input_ids"]).count("two") for row in rows]
    assert 18 <= count[0] <= 24 and count[1] == 18 and len(rows[0]["input_ids"]) <= 32


def test_at_mask_takes_each_texts_own():
    hidden = torch.arange(24.0).view(2, 4, 3)
    assert at_mask(hidden, torch.tensor([[5, 9, 1, 1], [9, 1, 1, 1]]), 9).tolist() == [[3, 4, 5], [12, 13, 14]]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda b: Verbalizer("{} was nice", ("a", "b")), "needs one <mask>"),
        (lambda b: Verbalizer("<mask>", ("a", "b")), "one or two {}"),
        (lambda b: PromptClassifier(b, verbalizer=Verbalizer("{} <mask>", ("unputdownable", "great"))), "tokens ("),
        (lambda b: PromptClassifier(b, verbalizer=Verbalizer("{} <mask>", ("great", "great"))), "not all different"),
        (lambda b: PromptClassifier(b, labels=3, verbalizer=FILM), "3 classes, but 2 words"),
        (lambda b: PromptClassifier(b, verbalizer=FILM).rows([("a", "b")]), "takes 1 text(s), but there are 2"),
        (lambda b: PromptClassifier(load_backbone("minilm"), verbalizer=FILM), "load it with words=True"),
        (lambda b: load_backbone("minilm", words=True), "came without its masked-language-model head"),
    ],
)
def test_what_cannot_be_read_gets_a_sentence(make, words, masked):
    with pytest.raises(BadInput) as error:
        make(masked)
    assert words in str(error.value)


def test_a_text_with_a_mask_of_its_own_and_a_limit_without_room_for_the_mask(masked):
    clf = PromptClassifier(masked, "linear_head", verbalizer=FILM)
    with pytest.raises(BadInput, match=r"Text 2 has a \[MASK\] of its own"):
        clf.predict(["fine", "a [MASK] film"])
    with pytest.raises(BadInput, match="max_length is 6, which cuts the template's mask away"):
        clf.predict(["a long and winding film"], max_length=6)


def test_what_the_template_leaves_no_room_for_is_counted(masked):
    clf = PromptClassifier(masked, "linear_head", verbalizer=FILM)
    with pytest.warns(UserWarning, match="1 of 2 texts are longer than 16 tokens"):
        clf.rows(["word " * 40, "short"], 16)


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["fine", ""], "Text 2 is empty"),
        (["fine", None], "Text 2 is None: give a string"),
        (["\u200b"], "Text 1 holds nothing that the model can read"),
    ],
)
def test_texts_are_refused_as_without_a_template(masked, texts, sentence):
    with pytest.raises(BadInput, match=sentence):
        PromptClassifier(masked, "linear_head", verbalizer=FILM).predict(texts)


def test_nothing_to_train_is_said(masked, train):
    with pytest.raises(BadInput, match="has nothing to train"):
        PromptClassifier(masked, "linear_head", labels=("neg", "pos"), verbalizer=FILM).fit(train, progress=False)


def test_another_word_head_is_refused(masked, folder, tmp_path):
    clf = PromptClassifier(masked, "idspam", labels=("neg", "pos"), verbalizer=FILM)
    clf.save_pretrained(tmp_path)
    other = load_backbone(folder, words=True)
    next(other.word_head.parameters()).data.add_(1.0)
    with pytest.raises(BadInput, match="with another masked-language-model head than that of"):
        PromptClassifier.from_pretrained(tmp_path, backbone=other)
