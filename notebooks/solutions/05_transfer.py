# %% [markdown]
# # Solutions to lesson 05

# %%
from math import comb

from idspam_lab.lessons import check_kept_share, check_mcnemar


# %% [markdown]
# ## Exercise 1: the share that is kept
# What always saying one class scores is no merit of either, so it comes off both.

# %%
def kept_share(zero_shot, in_domain, floor):
    return (zero_shot - floor) / (in_domain - floor)


check_kept_share(kept_share)

# %% [markdown]
# ## Exercise 2: discordant texts
# If both were equally good, each text that only one of them reads right would be a fair coin.

# %%
def discordant(labels, a, b):
    only_a = sum(x == y != z for y, x, z in zip(labels, a, b))
    only_b = sum(z == y != x for y, x, z in zip(labels, a, b))
    u, fewer = only_a + only_b, min(only_a, only_b)
    return only_a, only_b, min(1, 2 * sum(comb(u, i) for i in range(fewer + 1)) / 2**u)


check_mcnemar(discordant)
