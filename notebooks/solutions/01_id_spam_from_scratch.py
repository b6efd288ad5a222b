# %% [markdown]
# # Solutions to lesson 01

# %%
import math

from idspam_lab.lessons import check_prompt, check_scores, check_weights


# %% [markdown]
# ## Exercise 1: the scores
# Queries times keys, divided by the square root of their width, or the softmax would saturate as $n$ grows.

# %%
def my_scores(E, W_Q, W_K):
    Q, K = E @ W_Q, E @ W_K  # (B, N, n)
    return Q @ K.transpose(1, 2) / math.sqrt(E.shape[-1])  # (B, N, N)


check_scores(my_scores)

# %% [markdown]
# ## Exercise 2: the weights
# Minus infinity before the softmax takes padding out as a key; a product with the mask takes it out as a query; and the mean
# divides by the number of real tokens, not by N.

# %%
def my_weights(scores, mask):
    keys = scores.masked_fill(mask[:, None, :] == 0, float("-inf"))
    alpha = keys.softmax(-1) * mask[:, :, None]  # (B, N, N)
    return alpha.sum(1) / mask.sum(1, keepdim=True)  # (B, N)


check_weights(my_weights)

# %% [markdown]
# ## Exercise 3: the prompt

# %%
def my_prompt(A, W_down, W_up, b_up, t):
    hidden = (A @ W_down).relu()  # (B, c)
    return (hidden @ W_up + b_up).relu().view(len(A), t, A.shape[-1])  # (B, t, n)


check_prompt(my_prompt)
