# %% [markdown]
# # Solutions to lesson 06

# %%
import statistics

from idspam_lab.lessons import check_spread, check_told_apart


# %% [markdown]
# ## Exercise 1: the spread
# `stdev` divides by $n - 1$; `pstdev` would divide by $n$.

# %%
def spread(scores):
    return statistics.mean(scores), statistics.stdev(scores)


check_spread(spread)

# %% [markdown]
# ## Exercise 2: told apart
# Differences first: what a seed does to both methods alike falls out.

# %%
def told_apart(a, b):
    d = [x - y for x, y in zip(a, b)]
    return abs(statistics.mean(d)) > 4.30 * statistics.stdev(d) / len(d) ** 0.5


check_told_apart(told_apart)
