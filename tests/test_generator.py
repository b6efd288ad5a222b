"""Eq. (1) and (2) against torch's own attention, and the paper's parameter counts."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from idspam_lab.errors import BadInput
from idspam_lab.generator import PromptGenerator


@pytest.fixture
def made():
    torch.manual_seed(0)
    generator = PromptGenerator(n=16, t=4, c=6).double()
    E = torch.randn(3, 7, 16, dtype=torch.float64)
    mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3, [1] + [0] * 6])
    return generator, E, mask


def test_equation_1_against_torch_attention(made):
    generator, E, mask = made
    _, trace = generator(E, mask)
    for i, length in enumerate(mask.sum(1)):
        x = E[i : i + 1, :length]  # one text without its padding: the paper's formula as it stands
        attended = scaled_dot_product_attention(generator.W_Q(x), generator.W_K(x), generator.W_V(x))
        assert torch.allclose(trace.A[i], attended.mean(dim=1)[0], atol=1e-12)


def test_rearrangement_is_exact(made):
    generator, E, mask = made
    _, trace = generator(E, mask)
    slow = (trace.alpha @ generator.W_V(E)).sum(1) / mask.sum(1, keepdim=True)
    assert torch.allclose(trace.A, slow, atol=1e-12)


def test_equation_2_entry_by_entry(made):
    generator, E, mask = made
    S, trace = generator(E, mask)
    assert S.shape == (3, 4, 16)
    W_down, W_up, b_up = generator.W_down.weight, generator.W_up.weight, generator.W_up.bias
    flat = (W_up @ (W_down @ trace.A[0]).clamp(min=0) + b_up).clamp(min=0)
    assert torch.allclose(S[0].flatten(), flat, atol=1e-12)
    assert (S >= 0).all()  # the outer ReLU


def test_weights_are_a_distribution_over_real_tokens(made):
    generator, E, mask = made
    _, trace = generator(E, mask)
    assert torch.allclose(trace.w.sum(1), torch.ones(3, dtype=torch.float64))
    assert (trace.w[mask == 0] == 0).all() and (trace.w >= 0).all()
    assert torch.allclose(trace.alpha.sum(-1), mask.double())  # padded query rows are 0


def test_padding_and_batch_do_not_matter(made):
    generator, E, mask = made
    S, _ = generator(E, mask)
    noise = torch.where(mask[:, :, None].bool(), E, 100 * torch.randn_like(E))
    assert torch.allclose(generator(noise, mask)[0], S, atol=1e-12)
    assert torch.allclose(generator(E[1:2, :4], mask[1:2, :4])[0], S[1:2], atol=1e-12)


def test_word_order_does_not_matter(made):
    generator, E, mask = made
    S, trace = generator(E[:1], mask[:1])
    order = torch.randperm(7)
    shuffled, shuffled_trace = generator(E[:1, order], mask[:1])
    assert torch.allclose(shuffled, S, atol=1e-12)
    assert torch.allclose(shuffled_trace.w, trace.w[:, order], atol=1e-12)


@pytest.mark.parametrize(("n", "count"), [(768, 2_064_384), (1024, 3_538_944)])
def test_table_12_to_the_last_digit(n, count):
    with torch.device("meta"):
        generator = PromptGenerator(n, t=10, c=34, bias="up")
    assert sum(p.numel() for p in generator.parameters()) == count


def test_the_texts_variant_has_one_bias_more():
    with torch.device("meta"):
        table, text = PromptGenerator(768), PromptGenerator(768, bias="both")
    assert sum(p.numel() for p in text.parameters()) - sum(p.numel() for p in table.parameters()) == 34
    assert text.W_down.bias is not None and table.W_down.bias is None


def test_gradient_reaches_every_parameter(made):
    generator, E, mask = made
    generator(E, mask)[0].square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in generator.parameters())


@pytest.mark.parametrize(("name", "value"), [("t", 0), ("c", 0), ("n", 0), ("t", -3)])
def test_sizes_below_one_are_refused(name, value):
    with pytest.raises(BadInput, match=f"{name} is {value}.*at least 1"):
        PromptGenerator(**({"n": 8} | {name: value}))


def test_unknown_bias_is_refused():
    with pytest.raises(BadInput, match="'down'.*up.*both"):
        PromptGenerator(8, bias="down")
