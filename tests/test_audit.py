"""The audit: which claims do not add up, its rounding against made-up numbers, its counts against the libraries'."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pandas as pd
import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model

from idspam_lab.audit import audit, scores, shown
from idspam_lab.audit.rows import extremes, follows, half_step, lead, listed, mean, near, second
from idspam_lab.audit.scores import gain_of_means, mean_of_gains, reachable
from idspam_lab.audit.sizes import idspam_size, lora_size, published_size
from idspam_lab.counting import count
from idspam_lab.paper_tables import FOLDER, as_text


@pytest.fixture(scope="module")
def found():
    return audit()


# --- what it finds -------------------------------------------------------------------------------

DO_NOT = {
    "2: a standard deviation in each cell",
    "2: RTE as a mean of 3 accuracies",
    "12: ID-SPAM with both biases",
    "13: parameters of ID-SPAM, gpt2-large",
    *(f"13: size of {name}" for name in ("gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl")),
    *(f"13: size of {name}" for name in ("google/gemma-2b", "google/flan-t5-xl")),
}
PERHAPS = {
    "2: second place, roberta-large",
    "2: tasks ahead of LoRA, roberta-large",
    "5: tasks ahead of soft prompts",
    "15: improvement of the mean time",
    "16: the loss falls",
}


def test_which_claims_do_not_add_up(found):
    assert set(found.index[found["adds_up"] == "no"]) == DO_NOT
    assert set(found.index[found["adds_up"] == "perhaps"]) == PERHAPS


def test_every_table_with_a_claim_is_there_and_rows_are_whole(found):
    assert set(found["table"]) == set(range(1, 17)) - {1, 7}
    assert found["table"].is_monotonic_increasing and found.index.is_unique
    assert found.map(bool).all(axis=None)  # no empty cell
    assert found["sentence"].str.endswith(".").all()
    assert set(found["adds_up"]) == {"yes", "perhaps", "no"}


def test_no_claim_of_the_means_is_left_out(found):
    printed = sum((as_text(number)["task"] == "Mean").sum() for number in (2, 4, 5, 8, 9, 10))
    assert found.index.str.contains(": mean, ").sum() == printed


def test_means_against_a_plain_pandas_mean(found):
    tables = [pd.read_csv(FOLDER / f"table_{n:02d}.csv").assign(n=n) for n in (2, 4, 5, 8, 9, 10)]
    rows = pd.concat(tables)
    means = rows[rows["task"] != "Mean"].groupby(["n", "backbone", "method"])["score"].mean()
    for (n, backbone, method), value in means.items():
        assert float(found.at[f"{n}: mean, {backbone}, {method}", "recomputed"]) == pytest.approx(value, abs=6e-4)


def test_the_percentages_worked_out_by_hand(found):
    """3: 86.1/82.3, 81.1/75.2, 88.4/84.2. 15: 3462 s against 3715 s in all."""
    gains = [100 * (86.1 / 82.3 - 1), 100 * (81.1 / 75.2 - 1), 100 * (88.4 / 84.2 - 1)]
    assert found.at["3: improvement over Mean-pooling", "recomputed"] == f"{sum(gains) / 3:.3f}%" == "5.817%"
    assert found.at["8: improvement over LPT", "recomputed"] == f"{100 * (474.5 / 464.0 - 1):.2f}%" == "2.26%"
    sentence = found.at["15: improvement of the mean time", "sentence"]
    assert f"{100 * (1 - 3462 / 3715):.2f}%" in sentence and f"{100 * (3715 / 3462 - 1):.2f}%" in sentence


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("2: a standard deviation in each cell", "P-Tuning on MNLI, roberta-base"),
        ("2: RTE as a mean of 3 accuracies", r"82\.5 \(Fine-tuning, roberta-base\)"),
        ("2: tasks ahead of LoRA, roberta-large", r"level on QQP \(88\.4 against 88\.4\)"),
        ("2: second place, roberta-large", r"P-Tuning and SMoP share 95\.8"),
        ("5: tasks ahead of soft prompts", r"level on COPA \(60 against 60\)"),
        ("13: parameters of ID-SPAM, gpt2-large", r"bottleneck of 9 to 15 instead of 34.*a slip for 5\.4"),
        ("13: size of gpt2", "seems to include LoRA"),
        ("16: the loss falls", r"MRPC at epoch 25 \(still 0\.02\)"),
        ("2: mean, roberta-base, SMoP", "81.150, half way between two printed steps"),
    ],
)
def test_the_sentences_name_what_it_hangs_on(found, name, said):
    assert pd.Series([found.at[name, "sentence"]]).str.contains(said).all(), found.at[name, "sentence"]


def test_a_wrong_digit_is_found(monkeypatch):
    def altered(number):
        text = as_text(number)
        if number == 8:
            text.loc[text["score"] == "79.1", "score"] = "79.7"
        return text

    monkeypatch.setattr(scores, "as_text", altered)
    assert [row.name for row in scores.mean_rows() if row.adds_up != "yes"] == ["8: mean, gpt2, ID-SPAM"]


def test_shown_has_the_rows_that_do_not_add_up_and_the_sum(found):
    text = shown(found)
    heads = [line for line in text.splitlines() if line.startswith("Table ")]
    assert len(heads) == len(DO_NOT | PERHAPS)
    last = text.split("\n\n")[-1].replace("\n", " ")
    assert last.startswith(f"{len(found)} claims recomputed: {len(found) - len(heads)} add up, {len(PERHAPS)} perhaps")
    assert last.endswith(f"{len(DO_NOT)} do not.")
    assert shown(found, everything=True).count("\nTable ") == len(found) - 1
    assert max(len(line) for line in text.splitlines()) <= 100


# --- rounding ------------------------------------------------------------------------------------

hidden = st.decimals(min_value=1, max_value=100, places=4)
roundings = st.sampled_from([ROUND_HALF_EVEN, ROUND_HALF_UP])


def rounded(value: Decimal, step: str, rounding) -> str:
    return str(value.quantize(Decimal(step), rounding=rounding))


@given(st.lists(hidden, min_size=2, max_size=6), roundings, st.sampled_from(["0.1", "0.01", "1"]))
def test_an_honest_mean_is_never_refused(values, rounding, step):
    """Whatever was rounded away, and however: inputs to one decimal, the mean to some."""
    printed = rounded(sum(values) / len(values), step, rounding)
    inputs = [float(rounded(value, "0.1", rounding)) for value in values]
    assert follows(mean, inputs, 0.05, printed) in ("yes", "perhaps")
    assert follows(mean, [float(value) for value in values], 0.0, printed) == "yes"


@given(st.lists(hidden, min_size=2, max_size=6), roundings, st.sampled_from([-1, 1]), st.floats(0.102, 5))
def test_a_mean_that_no_rounding_gives_is_refused(values, rounding, sign, off):
    """Inputs may hide 0.05 and the mean another 0.05: anything further off is wrong."""
    inputs = [float(rounded(value, "0.1", rounding)) for value in values]
    wrong = rounded(Decimal(mean(*inputs) + sign * off), "0.0001", rounding)
    assert follows(mean, inputs, 0.05, wrong) == "no"


@given(st.lists(hidden, min_size=2, max_size=4), st.data())
def test_the_corners_hold_every_gain_between_them(values, data):
    inputs = [float(value) for value in values] * 2  # baselines, then ours
    moved = [value + data.draw(st.floats(-0.05, 0.05)) for value in inputs]
    for reading in (mean_of_gains, gain_of_means):
        low, high = extremes(reading, inputs, 0.05)
        assert low - 1e-9 <= reading(*moved) <= high + 1e-9


@given(hidden, roundings, st.sampled_from(["0.1", "0.01", "1"]))
def test_near_is_what_rounding_does(value, rounding, step):
    printed = rounded(value, step, rounding)
    assert near(float(value), float(printed), half_step(printed))
    for neighbour in (Decimal(printed) + Decimal(step), Decimal(printed) - Decimal(step)):
        halfway = abs(value - neighbour) == Decimal(step) / 2
        assert near(float(value), float(neighbour), half_step(printed)) == halfway


@pytest.mark.parametrize(("printed", "half"), [("577", 0.5), ("7.3", 0.05), ("5.82", 0.005), ("0.0001", 0.00005)])
def test_half_a_step(printed, half):
    assert half_step(printed) == pytest.approx(half)


@given(st.integers(1, 300), st.integers(0, 1000))
def test_reachable_against_trying_every_number_of_right_answers(answers, tenths):
    percent = Decimal(tenths) / 10
    tried = any(abs(Decimal(100 * right) / answers - percent) <= Decimal("0.05") for right in range(answers + 1))
    assert reachable(float(percent), answers) == tried


# --- who is ahead --------------------------------------------------------------------------------

CELLS = pd.DataFrame(
    {"w": [90.0, 80.0, 70.0], "x": [80.0, 80.0, 70.0], "y": [70.0, 80.0, 80.0], "z": [75.0, 80.0, 70.0]},
    index=["ID-SPAM", "A", "B"],
)


@pytest.mark.parametrize(("claimed", "adds_up"), [(0, "no"), (1, "yes"), (2, "perhaps"), (3, "no")])
def test_wins_losses_and_level(claimed, adds_up):
    row = lead("1: x", "claim", claimed, CELLS, ["A", "B"])
    assert (row.printed, row.recomputed, row.adds_up) == (f"{claimed} of 4", "1 of 4 and 1 level", adds_up)
    assert "better on w (90 against 80); level on x (80 against 80); worse on y (70 against 80) and z" in row.sentence
    assert ("hidden decimals" in row.sentence) == (adds_up == "perhaps")


def test_level_ones_count_where_the_claim_says_so_and_less_can_be_better():
    assert lead("1: x", "claim", 2, CELLS, ["A"], level_counts=True).adds_up == "yes"
    quick = lead("1: x", "claim", 2, CELLS, ["A"], lower=True)
    assert quick.adds_up == "yes" and "better on y (70 against 80) and z (75 against 80)" in quick.sentence


@pytest.mark.parametrize(("claimed", "adds_up"), [(0, "no"), (1, "yes"), (2, "perhaps"), (3, "no")])
def test_second_place_behind_one_or_behind_two(claimed, adds_up):
    row = second("1: x", "claim", claimed, CELLS, ["A", "B"])
    assert row.adds_up == adds_up and row.recomputed == "1 of 4 and 1 behind a shared first place"
    assert "second on z (75 after 80)" in row.sentence and "A and B share 80" in row.sentence


def test_listed():
    assert [listed(list(parts)) for parts in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]


# --- counts, against the libraries ---------------------------------------------------------------


def roberta(n, L, heads):
    config = transformers.RobertaConfig(
        vocab_size=50_265, hidden_size=n, num_hidden_layers=L, num_attention_heads=heads, intermediate_size=4 * n,
        max_position_embeddings=514, type_vocab_size=1,
    )  # fmt: skip
    return transformers.RobertaForMaskedLM(config), ["query", "key", "value", "dense", "decoder"]


def gpt2(n, L, heads):
    config = transformers.GPT2Config(n_embd=n, n_layer=L, n_head=heads)
    return transformers.GPT2LMHeadModel(config), ["c_attn", "c_proj", "c_fc"]


def gemma():
    config = transformers.GemmaConfig(
        vocab_size=256_000, hidden_size=2048, intermediate_size=16_384, num_hidden_layers=18, num_attention_heads=8,
        num_key_value_heads=1, head_dim=256,
    )  # fmt: skip
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    return transformers.GemmaForCausalLM(config), targets


def flan_t5():
    config = transformers.T5Config(
        vocab_size=32_128, d_model=2048, d_kv=64, d_ff=5120, num_layers=24, num_heads=32,
        feed_forward_proj="gated-gelu", tie_word_embeddings=False,
    )  # fmt: skip
    return transformers.T5ForSequenceClassification(config), ["q", "k", "v", "o", "wi_0", "wi_1", "wo", "dense"]


MODELS = {
    "roberta-base": lambda: roberta(768, 12, 12),
    "roberta-large": lambda: roberta(1024, 24, 16),
    "gpt2": lambda: gpt2(768, 12, 12),
    "gpt2-medium": lambda: gpt2(1024, 24, 16),
    "gpt2-large": lambda: gpt2(1280, 36, 20),
    "gpt2-xl": lambda: gpt2(1600, 48, 25),
    "google/gemma-2b": gemma,
    "google/flan-t5-xl": flan_t5,
}


@pytest.mark.filterwarnings("ignore:fan_in_fan_out")
@pytest.mark.parametrize("name", MODELS)
def test_lora_and_backbone_as_peft_and_transformers_count_them(name):
    with torch.device("meta"):
        model, targets = MODELS[name]()
        size = model.num_parameters()
        with_lora = get_peft_model(model, LoraConfig(r=16, target_modules=targets))
    assert lora_size(name) == sum(p.numel() for key, p in with_lora.named_parameters() if "lora_" in key)
    if name.startswith("gpt2") or name == "google/gemma-2b":
        assert published_size(name) == size
    elif name == "google/flan-t5-xl":  # the language model has an untied output layer in place of the two of the head
        n, V = 2048, 32_128
        assert published_size(name) == size - ((n + 1) * n + (n + 1) * 2) + V * n


@pytest.mark.filterwarnings("ignore:fan_in_fan_out")
def test_rank_64_on_gpt2s_attention_gives_the_same_number():
    with torch.device("meta"):
        model = get_peft_model(gpt2(768, 12, 12)[0], LoraConfig(r=64, target_modules=["c_attn"]))
    assert lora_size("gpt2") == sum(p.numel() for key, p in model.named_parameters() if "lora_" in key)


@pytest.mark.parametrize("name", MODELS)
def test_id_spams_formula_is_what_the_package_would_train(name):
    found = count("idspam", name)
    assert idspam_size(found.backbone.n) == found.method
    assert idspam_size(found.backbone.n, 12) == count("idspam", name, c=12).method
