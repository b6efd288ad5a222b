# %% [markdown]
# # Solutions to lesson 03

# %%
import torch

from idspam_lab.lessons import check_comprehensiveness, check_contributions


# %% [markdown]
# ## Exercise 1: signed contributions
# The values once, their weighted sum is A, and each weighted value's part along A. Nothing is estimated: the parts sum to |A|
# because A itself is their sum.

# %%
def my_contributions(w, E, W_V):
    values = E @ W_V  # (B, N, n)
    A = torch.einsum("bn,bnd->bd", w, values)  # (B, n)
    direction = A / A.norm(dim=-1, keepdim=True)
    return w * torch.einsum("bnd,bd->bn", values, direction)  # (B, N)


check_contributions(my_contributions)

# %% [markdown]
# ## Exercise 2: comprehensiveness
# The class is chosen once, on the whole text, and then followed.

# %%
def my_comprehensiveness(predict, tokens, scores, k):
    whole = predict(tokens)
    label = whole.index(max(whole))
    gone = sorted(range(len(tokens)), key=lambda i: -scores[i])[:k]
    left = predict([token for i, token in enumerate(tokens) if i not in gone])
    return whole[label] - left[label]


check_comprehensiveness(my_comprehensiveness)
