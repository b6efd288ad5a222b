"""The cosine of two texts, against the Hugging Face model by itself; and as a baseline beside trained methods."""

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score
from transformers import AutoModel, AutoTokenizer

from idspam_lab.analysis import similarity as similarity_module
from idspam_lab.analysis.similarity import SimilarityClassifier, similarity
from idspam_lab.backbones.packaged import packaged_folder
from idspam_lab.errors import BadInput
from idspam_lab.experiments import Target, run_session
from idspam_lab.experiments.compare import compare
from idspam_lab.tasks import Examples, Task, TaskData
from idspam_lab.training import Settings
from tests.conftest import reviews

SAME = (
    ("How do I learn to swim?", "What is the best way to learn swimming?"),
    ("The committee rejected the plan.", "The plan was turned down by the committee on Monday."),
    ("Why is the sky blue?", "What makes the sky look blue?"),
    ("He bought a car.", "He purchased an automobile."),
)
FIRST, SECOND = zip(*SAME, strict=True)
PAIRS = Examples((*FIRST, *FIRST), (*SECOND, *SECOND[1:], SECOND[0]), (1,) * 4 + (0,) * 4, "pairs")


def by_hand(text: str) -> torch.Tensor:
    """The mean of the last states of one text, nothing padded, as the model's card has it."""
    folder = packaged_folder("minilm")
    batch = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    with torch.no_grad():
        return AutoModel.from_pretrained(folder).eval()(**batch).last_hidden_state[0].mean(dim=0)


def test_it_is_the_cosine_of_the_models_own_vectors(minilm):
    found = similarity(minilm, PAIRS)
    wanted = [torch.cosine_similarity(by_hand(a), by_hand(b), dim=0) for a, b in SAME[:3]]
    assert found[:3] == pytest.approx(np.array(wanted), abs=1e-5)
    assert found.shape == (8,) and found[:4].min() > found[4:].max()  # before anything is trained


def test_an_empty_text_is_like_none(minilm):
    nothing = Examples(("a film",) * 4, ("", "\u200b", "[SEP]", "a film"))
    assert similarity(minilm, nothing) == pytest.approx([0, 0, 0, 1], abs=1e-5)


@pytest.mark.parametrize("same", [1, 0])
def test_the_line_goes_either_way(minilm, same):
    told = Examples(PAIRS.texts, PAIRS.pairs, [label if same else 1 - label for label in PAIRS.labels])
    assert SimilarityClassifier(minilm, told).predict(told) == list(told.labels)


def test_what_it_cannot_do_is_one_sentence(minilm):
    with pytest.raises(BadInput, match="are single texts"):
        similarity(minilm, Examples(FIRST))
    with pytest.raises(BadInput, match="two classes"):
        SimilarityClassifier(minilm, Examples(FIRST, SECOND, [1] * 4))


def task_of(name, *parts, labels=("no", "yes")):
    return TaskData(Task(name, ("text", "pair"), labels, note="for tests"), *parts, "Made up.", "By number.")


def test_pairs_of_texts_have_it_as_a_baseline(tiny, tmp_path):
    rows = task_of("here", PAIRS, PAIRS, PAIRS)
    away = Target(task_of("there", PAIRS, PAIRS, PAIRS.select(range(1, 6))), 16)
    told = {"folder": tmp_path, "transfer": away, "say": lambda line: None, "epochs": 1, "max_length": 16}
    with pytest.warns(UserWarning, match="are among"):
        found = compare(rows, tiny, [], (0,), **told)
    ours = found[found["method"] == "cosine similarity"]
    assert list(ours["test_task"]) == ["here", "there"] and ours["seed"].isna().all()
    assert (ours["trained_parameters"] == 2).all() and list(ours["texts"]) == [8, 5]
    line = SimilarityClassifier(tiny, PAIRS, 16)
    assert list(ours["accuracy"]) == [
        accuracy_score(part.labels, line.predict(part, 16)) for part in (PAIRS, away.data.test)
    ]


def test_a_session_on_pairs_shows_it_too(tiny, tmp_path):
    rows = task_of("here", PAIRS, PAIRS, PAIRS.select(range(1, 7)))
    settings = Settings(epochs=1, max_length=16, precision="fp32")
    report = run_session(rows, tiny, folder=tmp_path, settings=settings, say=lambda line: None).report
    _, ours, head, method = report["results"]
    assert (ours["method"], ours["trained_parameters"]) == ("cosine similarity", 2)
    line = SimilarityClassifier(tiny, PAIRS, 16)
    assert ours["test"]["accuracy"] == accuracy_score(rows.test.labels, line.predict(rows.test))
    assert "the cosine of the two texts under the frozen model" in (tmp_path / "report.html").read_text()


def test_enough_pairs_draw_the_line(tiny, monkeypatch):
    monkeypatch.setattr("idspam_lab.analysis.similarity.ENOUGH", 4)
    asked = []
    real = similarity_module.similarity
    monkeypatch.setattr(similarity_module, "similarity", lambda b, rows, n: asked.append(rows) or real(b, rows, n))
    SimilarityClassifier(tiny, PAIRS, 16)
    assert [len(rows) for rows in asked] == [4] and set(asked[0].labels) == {0, 1}


def test_single_texts_and_three_classes_have_none(tiny, tmp_path):
    told = {"say": lambda line: None, "epochs": 1, "max_length": 16}
    single = TaskData(Task("one", ("text",), ("neg", "pos"), note=""), *[reviews(12, k) for k in (0, 50, 90)], "", "")
    three = Examples(FIRST, SECOND, (0, 1, 2, 0))
    for number, data in enumerate((single, task_of("three", three, three, three, labels=("a", "b", "c")))):
        found = compare(data, tiny, [], (0,), folder=tmp_path / str(number), **told)
        assert list(found["method"]) == ["majority class", "linear head"]
