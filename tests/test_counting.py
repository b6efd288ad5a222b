"""Counts from a shape alone, beside the paper's Tables 12 and 13."""

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModel, BartConfig, RobertaConfig

from idspam_lab.backbones.shapes import KNOWN, known_config, without_weights
from idspam_lab.classifier import PromptClassifier
from idspam_lab.counting import backbone_of, count
from idspam_lab.errors import BadInput
from idspam_lab.methods import METHODS


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


@pytest.mark.parametrize(("backbone", "paper"), [("roberta-base", 2_162_688), ("roberta-large", 2_883_584)])
def test_lpt_too_is_table_12_to_the_last_digit(backbone, paper):
    assert count("lpt", backbone).method == paper


@pytest.mark.parametrize("method", METHODS)
def test_count_is_what_would_train(method, minilm):
    clf = PromptClassifier(minilm, method, labels=3)
    assert count(method, "minilm", labels=3).total == sum(p.numel() for p in clf.parameters() if p.requires_grad)


@pytest.mark.parametrize("backbone", KNOWN)
@pytest.mark.parametrize("method", ("lora", "prompt_tuning", "p_tuning", "idpg"))
def test_the_models_of_the_paper_are_counted_without_weights(method, backbone):
    frozen = backbone_of(backbone)
    n, t = frozen.n, 10
    by_hand = {
        "prompt_tuning": t * n,
        "p_tuning": t * n + 3 * (n * n + n),
        "idpg": n * 16 + 16 + 16 * 5 * n + 5 * n,
    }
    found = count(method, backbone).method
    if method in by_hand:
        assert found == by_hand[method]
    else:  # PEFT's own count, of the whole model with the same matrices
        assert found == lora_by_peft(backbone)


def lora_by_peft(backbone):
    with torch.device("meta"):
        model = AutoModel.from_config(known_config(backbone))
        targets = {"gpt2": ["c_attn"], "t5": ["q", "v"], "gemma": ["q_proj", "v_proj"], "mpnet": ["q", "v"]}
        names = targets.get(model.config.model_type, ["query", "value"])
        adapted = get_peft_model(model, LoraConfig(r=8, target_modules=names, fan_in_fan_out="c_attn" in names))
    return adapted.get_nb_trainable_parameters()[0]


@pytest.mark.parametrize(
    ("backbone", "millions"),
    [("roberta-base", 124.6), ("roberta-large", 355.4), ("gpt2", 124.4), ("gpt2-medium", 354.8), ("gpt2-large", 774.0),
     ("gpt2-xl", 1557.6), ("google/gemma-2b", 2506.2), ("bert-base-uncased", 109.5)],
)  # fmt: skip
def test_the_configurations_known_by_heart_have_the_published_sizes(backbone, millions):
    with torch.device("meta"):
        model = AutoModel.from_config(known_config(backbone))
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.06)


def test_what_acts_inside_blocks_is_not_counted_for_t5():
    with pytest.raises(BadInput, match="prefix_tuning acts inside the blocks of google/flan-t5-xl"):
        count("prefix_tuning", "google/flan-t5-xl")
    with pytest.raises(BadInput, match="A 'bart' model cannot be run in stages here"):
        without_weights(BartConfig(), "bart")


def test_other_settings_are_not_held_against_the_paper():
    assert count("idspam", "roberta-base", bias="both").method == 2_064_384 + 34
    assert count("idspam", "roberta-base", bias="both").printed is None
    assert count("linear_head", "roberta-base").total == 768 * 2 + 2


def test_a_folder_with_a_config_is_enough(tmp_path):
    RobertaConfig(hidden_size=64, num_hidden_layers=2, num_attention_heads=4).save_pretrained(tmp_path)
    assert count("idspam", str(tmp_path)).method == 3 * 64**2 + 64 * 34 + 34 * 640 + 640


def test_unknown_backbone_names_the_known_shapes():
    with pytest.raises(BadInput, match="labels is 0, but a classifier needs at least 2"):
        count("idspam", "roberta-base", labels=0)
    with pytest.raises(
        BadInput, match="'roberta-bass' was not found.*Shapes known without it: minilm, mpnet, roberta-base"
    ):
        count("idspam", "roberta-bass")
