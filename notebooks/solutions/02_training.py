# %% [markdown]
# # Solutions to lesson 02

# %%
from idspam_lab.lessons import check_lr_factor, check_training_bytes


# %% [markdown]
# ## Exercise 1: the learning rate's factor
# Steps count from 0, so the first one has 1 / r and not 0, and the last one still has 1 / (K - r). The max is for a run that is
# nothing but warm-up, where the second line is never used.

# %%
def my_lr_factor(step, steps, warmup):
    rise = round(warmup * steps)
    if step < rise:
        return (step + 1) / rise
    return (steps - step) / max(1, steps - rise)


check_lr_factor(my_lr_factor)

# %% [markdown]
# ## Exercise 2: bytes while training
# One fp32 number for what is frozen; four for what trains: weight, gradient, two moments.

# %%
def my_training_bytes(frozen, trained):
    return 4 * frozen + 4 * 4 * trained


check_training_bytes(my_training_bytes)
