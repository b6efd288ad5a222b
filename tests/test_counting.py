"""Counts from a shape alone, beside the paper's Tables 12 and 13."""

import pytest
from transformers import RobertaConfig

from idspam_lab.classifier import PromptClassifier
from idspam_lab.counting import count
from idspam_lab.errors import BadInput


@pytest.mark.parametrize(("backbone", "paper"), [("roberta-base", 2_064_384), ("roberta-large", 3_538_944)])
def test_table_12_without_weights_or_network(backbone, paper):
    found = count("idspam", backbone)
    assert found.method == paper and found.beside_the_paper().endswith("the same.")


@pytest.mark.parametrize(
    ("backbone", "millions", "agrees"),
    [
        ("gpt2", 2.06, True),
        ("gpt2-medium", 3.54, True),
        ("gpt2-large", 5.41, False),  # the paper prints 5.1
        ("gpt2-xl", 8.29, True),
        ("google/gemma-2b", 13.37, True),
        ("google/flan-t5-xl", 13.37, True),
    ],
)
def test_table_13(backbone, millions, agrees):
    found = count("idspam", backbone)
    assert found.method / 1e6 == pytest.approx(millions, abs=0.005)
    assert found.printed.agrees(found.method) is agrees
    assert ("the same" in found.beside_the_paper()) is agrees
    if not agrees:
        assert "prints 5.1 M" in found.beside_the_paper() and "+6.0%" in found.beside_the_paper()


def test_count_is_what_would_train(minilm):
    clf = PromptClassifier(minilm, "idspam", layer=3, labels=3)
    assert count("idspam", "minilm", labels=3).total == sum(p.numel() for p in clf.parameters() if p.requires_grad)


def test_other_settings_are_not_held_against_the_paper():
    assert count("idspam", "roberta-base", bias="both").method == 2_064_384 + 34
    assert count("idspam", "roberta-base", bias="both").printed is None
    assert count("linear_head", "roberta-base").total == 768 * 2 + 2


def test_a_folder_with_a_config_is_enough(tmp_path):
    RobertaConfig(hidden_size=64, num_hidden_layers=2, num_attention_heads=4).save_pretrained(tmp_path)
    assert count("idspam", str(tmp_path)).method == 3 * 64**2 + 64 * 34 + 34 * 640 + 640


def test_unknown_backbone_names_the_known_shapes():
    with pytest.raises(BadInput, match="'roberta-bass' was not found.*Shapes known without it: minilm, roberta-base"):
        count("idspam", "roberta-bass")
