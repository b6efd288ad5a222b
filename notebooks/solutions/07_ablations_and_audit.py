# %% [markdown]
# # Solutions to lesson 07

# %%
from idspam_lab.lessons import check_could_be_mean, check_gains, check_reachable


# %% [markdown]
# ## Exercise 1: could it be the mean?
# Each score hides up to 0.05. If all err the same way, so does their mean, by the same 0.05: N of them, divided by N. The printed
# mean hides another 0.05. The last bit, 1e-9, is for the computer: 0.1 is not exact in binary.

# %%
def could_be_mean(scores, printed):
    mean = sum(scores) / len(scores)
    return abs(mean - printed) <= 0.05 + 0.05 + 1e-9


check_could_be_mean(could_be_mean)

# %% [markdown]
# ## Exercise 2: two readings of a percentage

# %%
def gains(base, ours):
    each = [100 * (o / b - 1) for b, o in zip(base, ours)]
    return sum(each) / len(each), 100 * (sum(ours) / sum(base) - 1)


check_gains(gains)

# %% [markdown]
# ## Exercise 3: can it be a share of so many answers?
# If any whole number fits, the nearest one does.

# %%
def can_be_share(percent, answers):
    right = round(percent / 100 * answers)
    return abs(100 * right / answers - percent) <= 0.05 + 1e-9


check_reachable(can_be_share)
