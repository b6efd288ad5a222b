"""Equations (1) and (2) of the ID-SPAM paper: a text's token embeddings in, its soft prompt out.

Plain torch; knows nothing of Hugging Face. The letters are the paper's (arXiv 2506.05629, section 2):

    E            token embeddings of one text, special tokens included            N x n
    W_Q W_K W_V  one attention head, no bias, no output projection, d_k = n       n x n
    A            mean over the tokens of softmax(E W_Q (E W_K)^T / sqrt(d_k)) E W_V      (1)
    S_T          resize(relu(W_up relu(W_down A)))                                       (2)

B is the batch, N the longest text in it, n the hidden size, t the prompt's tokens, c the bottleneck.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .errors import BadInput


class Trace(NamedTuple):
    """How a prompt came about, for explanations.

    alpha: (B, N, N) attention, row i = query token i; rows sum to 1 over real tokens, padded rows are 0.
    w:     (B, N)    weight of each token in A: the mean of alpha's real rows. Sums to 1; 0 on padding.
    A:     (B, n)    the pooled text of eq. (1).
    """

    alpha: Tensor
    w: Tensor
    A: Tensor


class PromptGenerator(nn.Module):
    """Makes t prompt vectors from a text's token embeddings (eq. 1 and 2).

    Args:
        n: hidden size of the frozen model.
        t: prompt tokens (10 in every table of the paper).
        c: width of the bottleneck. The paper does not state it; its parameter counts (Table 12) fit c = 34 only.
        bias: "up" has a bias on W_up alone, which gives Table 12's counts to the last digit;
              "both" has one on W_down too, as the paper's text says.
        dropout: on the bottleneck's c activations (Table 7 tunes a rate without saying where it acts).
        outer_relu: False leaves out the outer ReLU of eq. (2); not in the paper.

    Raises:
        BadInput: n, t or c below 1, or an unknown `bias`.
    """

    def __init__(
        self, n: int, t: int = 10, c: int = 34, bias: str = "up", dropout: float = 0.0, outer_relu: bool = True
    ):
        super().__init__()
        for name, value in (("n", n), ("t", t), ("c", c)):
            if value < 1:
                raise BadInput(f"{name} is {value}, but a prompt generator needs {name} of at least 1.")
        if bias not in ("up", "both"):
            raise BadInput(f'bias is {bias!r}, but it is either "up" (Table 12\'s counts) or "both" (the text).')
        self.n, self.t, self.c = n, t, c
        self.W_Q = nn.Linear(n, n, bias=False)
        self.W_K = nn.Linear(n, n, bias=False)
        self.W_V = nn.Linear(n, n, bias=False)
        self.W_down = nn.Linear(n, c, bias=bias == "both")
        self.W_up = nn.Linear(c, n * t)
        self.dropout = nn.Dropout(dropout)
        self.outer = nn.ReLU() if outer_relu else nn.Identity()

    def attend(self, E: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The softmax of eq. (1) and its mean over the tokens.

        Padding is not in the paper's formula. It has to be kept out twice: as a key (else real tokens look
        at it) and as a query (else its row counts in the mean).

        Input shape: E (B, N, n), mask (B, N) with 1 on real tokens. Output shape: alpha (B, N, N), w (B, N).
        """
        Q, K = self.W_Q(E), self.W_K(E)  # (B, N, n)
        scores = Q @ K.transpose(1, 2) / math.sqrt(self.n)  # (B, N, N)
        scores = scores.masked_fill(~mask[:, None, :], float("-inf"))
        alpha = scores.softmax(dim=-1) * mask[:, :, None]  # (B, N, N)
        w = alpha.sum(dim=1) / mask.sum(dim=1, keepdim=True)  # (B, N)
        return alpha, w

    def forward(self, E: Tensor, mask: Tensor) -> tuple[Tensor, Trace]:
        """Input shape: E (B, N, n), mask (B, N). Output shape: the prompt S (B, t, n), and its trace.

        The mean and the value product of eq. (1) change places: mean_i(alpha_i E W_V) = (w^T E) W_V. That
        is exact, needs one n x n product a text instead of one a token, and shows that one weight a token
        says all there is to say about the pooling.
        """
        mask = mask.bool()
        alpha, w = self.attend(E, mask)
        pooled = torch.einsum("bn,bnd->bd", w.to(E.dtype), E)  # w^T E   (B, n)
        A = self.W_V(pooled)  # (B, n)
        return self.expand(A), Trace(alpha, w, A)

    def expand(self, A: Tensor) -> Tensor:
        """Eq. (2). Input shape: A (B, n). Output shape: S (B, t, n)."""
        hidden = self.dropout(torch.relu(self.W_down(A)))  # (B, c)
        return self.outer(self.W_up(hidden)).view(-1, self.t, self.n)  # (B, t, n)
