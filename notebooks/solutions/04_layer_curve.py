# %% [markdown]
# # Solutions to lesson 04

# %%
import statistics

from idspam_lab.lessons import check_flattery, check_one_error, check_passes


# %% [markdown]
# ## Exercise 1: passes
# The sum of $L, L-1, \dots, 1$ is $L(L+1)/2$. The trunk ends at the input of the last block, where the highest prompt joins.

# %%
def passes(L, K):
    return K * L * L, L - 1 + K * L * (L + 1) // 2


check_passes(passes)

# %% [markdown]
# ## Exercise 2: the best of several
# In each draw somebody else may be best, so the maximum comes before the mean.

# %%
def flattery(scores, truth):
    return scores.max(axis=1).mean() - truth


check_flattery(flattery)

# %% [markdown]
# ## Exercise 3: one standard error
# The error is the best block's own, and the same for all candidates.

# %%
def one_error(scores):
    means = {block: statistics.mean(found) for block, found in scores.items()}
    best = max(means, key=means.get)
    error = statistics.stdev(scores[best]) / len(scores[best]) ** 0.5
    return max(block for block, mean in means.items() if mean >= means[best] - error)


check_one_error(one_error)
