"""Which token the head reads, with padding on either side."""

import pytest
import torch

from idspam_lab.errors import BadInput
from idspam_lab.methods import build_method
from idspam_lab.readout import READOUTS, check_readout

HIDDEN = torch.arange(24.0).view(2, 4, 3)  # row i, position j starts with 12 i + 3 j
RIGHT = torch.tensor([[1, 1, 1, 0], [1, 1, 0, 0]])
LEFT = RIGHT.flip(1)


@pytest.mark.parametrize(
    ("name", "mask", "expected"),
    [("first", RIGHT, [0, 12]), ("first", LEFT, [3, 18]), ("last", RIGHT, [6, 15]), ("last", LEFT, [9, 21]),
     ("mean", RIGHT, [3, 13.5]), ("mean", LEFT, [6, 19.5])],
)  # fmt: skip
def test_reads_the_right_token(name, mask, expected):
    assert READOUTS[name](HIDDEN, mask)[:, 0].tolist() == expected


def test_unknown_readout_names_those_there_are():
    with pytest.raises(BadInput, match="'cls'.*first, mean, last"):
        check_readout("cls")


def test_first_is_the_texts_first_token_at_index_t_not_a_prompt_token(tiny):
    """The prompted sequence is t prompt vectors, then the text: what is read must be position t of it."""
    method = build_method("idspam", tiny, {"layer": 1, "t": 4}).eval()
    ids, mask = torch.tensor([[101, 2023, 2143, 102]]), torch.ones(1, 4, dtype=torch.long)
    with torch.no_grad():
        E, hidden = tiny.trunk(ids, mask, None, 1)
        S, _ = method.prompt(E, hidden, mask)
        whole = tiny.run(torch.cat([S, hidden], 1), torch.ones(1, 8, dtype=torch.long), 1)  # (1, t+N, n)
        encoded = method.encode(tiny, ids, mask, None)
    assert torch.equal(READOUTS["first"](encoded.hidden, encoded.mask), whole[:, 4])
    assert not torch.allclose(whole[:, 0], whole[:, 4])


def test_defaults(tiny, minilm):
    assert minilm.default_read == "mean"  # its folder says that it was trained so
    assert tiny.default_read == "first"  # an encoder that says nothing
