# %% [markdown]
# # 04 The layer-index curve
#
# **Afterwards you can** say at which block a prompt should join, what it costs to find out, and how far to believe the block that
# came out best.
#
# **Time:** 40 minutes with the exercises; the computing takes about 4 minutes on two CPU cores that multiply bf16 in hardware (on a single one that does not: 18); most of it is training, once. A GPU is not needed; with one it was not timed.
#
# **In the paper:** section 3.5 and Figure 2; appendix A says "layers 11-13" of 24. Section 5 leaves an automatic choice as future
# work.

# %% [markdown]
# ## What a curve costs
#
# The prompt joins at the input of one block, $m$. To see which is best, train at each of the $L$ blocks, with $K$ seeds each:
# $K L$ runs. Below the prompt all of them read the same text with the same frozen blocks, so that part, the **trunk**, can be computed once for
# everybody, block by block, and each run leaves it at its own $m$:
#
# ```
# text ── block 0 ── block 1 ── block 2 ── ...    the same for all runs: once
#    └ m = 0   └ m = 1    └ m = 2                 above its prompt, each run alone
# ```
#
# Count the passes of one text through one block, forward, in one epoch of all runs:
#
# $$\text{each by itself: } K L \cdot L \qquad\qquad
# \text{shared: } \underbrace{(L-1)}_{\text{below, once}} + \; K \sum_{m=0}^{L-1} \underbrace{(L-m)}_{\text{above}}$$
#
# ### Exercise 1
# Return both, without a loop or with one.

# %%
def passes(L, K):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_passes

check_passes(passes)

# %% [markdown]
# If you are stuck, [solutions/04](solutions/04_layer_curve.ipynb) has it; nothing below depends on yours.
#
# **Predict:** MiniLM has 6 blocks. What share of the forward passes is saved, with three seeds? And for the 24 blocks of
# RoBERTa-large?

# %%
from idspam_lab.experiments.layer_cost import block_passes

for L in (6, 12, 24):
    alone, shared = block_passes(L, seeds=3)
    saved = 1 - shared / alone
    print(f"L = {L:>2}: {alone:>5} by themselves, {shared:>4} shared: {saved:.0%} saved")

# %% [markdown]
# More than a third, but never half: what lies above a prompt belongs to its run alone. The backward pass is not shared at all, and
# it goes only through the blocks above. So a curve is cheap for three reasons: the trunk is passed once; the runs stand in one
# batch, one call for all; and half of the runs have only a few blocks above them. (The first can be had without sharing: a run by
# itself that keeps its states from epoch to epoch saves the same passes. Timed on two CPU cores, sharing was then no quicker at all;
# see `data/results/bench`.) A prompt at block 5 of 6 trains through one
# block, a prompt at block 0 through six. Which $m$ is best for the score is one question; a high $m$ is cheap in any case.

# %% [markdown]
# ## Draw it
#
# Film reviews again, few of them. All blocks and seeds are trained together in the next cell, once; the runs are kept under
# `runs/`.
#
# **Predict:** where is the best block? How far apart will the best and the worst be? And how far apart two seeds of one block?

# %%
import os
import warnings

from idspam_lab import load_backbone, load_task
from idspam_lab.experiments.kept import kept_choice, kept_curve, opener
from idspam_lab.lessons import runs_folder

warnings.filterwarnings("ignore", message=".*were cut there")  # a few texts, at 48 tokens
quick = os.environ.get("IDSPAM_QUICK")  # set by the tests: fewer texts
size, seeds = (60, 2) if quick else (600, 3)
backbone = load_backbone("minilm")
data = load_task("rotten_tomatoes", source="embedded", limit=size, holdout=40 if quick else 300)
data = data.tested_on(60 if quick else 853)
settings = {"epochs": 2 if quick else 3, "max_length": 48}
folder = runs_folder() / f"lesson-04-{size}"
curve = kept_curve(data, backbone, folder=folder, seeds=seeds, **settings)
runs = curve.dropna(subset=["layer"]).astype({"layer": int})  # without the two baselines
print(f"{len(runs)} runs on {len(data.train)} texts, tested on {len(data.test)}")

# %%
from idspam_lab.plots import layer_curve

layer_curve(curve, L=backbone.L);

# %% [markdown]
# The hatched stretch is where the paper found its best blocks, moved to a model of six. Every small line is one run. A block is
# worth what it has above the linear head, which has no prompt at all. Before you believe a bump, look at how far the runs of *one*
# block lie apart: they differ in nothing but the seed.
#
# And there is a second kind of luck, the test texts themselves. All runs read the same ones and share part of it, so a difference of two
# blocks has less of it than a single score. For one score $p$, an accuracy on $M$ texts, the standard error is $\sqrt{p(1-p)/M}$.

# %%
p, M = runs["score"].mean(), len(data.test)
by_block = runs.groupby("layer")[["validation_score", "score"]].agg(["mean", "std"])
print((100 * by_block).round(1).to_string())
means = 100 * by_block["score", "mean"]
luck = 100 * (p * (1 - p) / M) ** 0.5
print(f"\nthe luck of {M} test texts: a standard error of {luck:.1f} points; "
      f"the best and the worst block lie {means.max() - means.min():.1f} apart")

# %% [markdown]
# ## The best of six
#
# A block has to be picked by something: by the validation texts, for the test texts are for the report. But the best of several
# noisy scores is best partly by luck. Suppose that all six blocks were equally good:
#
# $$\text{flattery} = \mathrm{E}\big[\max(s_1, \dots, s_6)\big] - p$$
#
# ### Exercise 2
# `scores` is an array (draws, candidates): in each row, what each candidate scored in one imagined repetition. All are worth
# `truth`. Return how much better the best one looks than it is, on average. (`scores.max(axis=1)` is the best of each row.)

# %%
def flattery(scores, truth):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_flattery

check_flattery(flattery)

# %% [markdown]
# **Predict:** six blocks that all read 75 % right, and 300 validation texts. How good does the best look? And the best of 24?

# %%
import numpy as np

from idspam_lab.experiments.choosing import flattery as flatters

generator = np.random.default_rng(0)
for candidates in (1, 2, 6, 24):
    scores = generator.binomial(300, 0.75, (20_000, candidates)) / 300
    print(f"the best of {candidates:>2}: {75 + 100 * flatters(scores, 0.75):.1f} %")

# %% [markdown]
# Three points out of nothing. It is less bad in truth, because all blocks are scored on the *same* 300 texts and stumble over the
# same ones; but the epoch is picked on them too. So compare with the test texts, which picked nothing:

# %%
picked = runs.loc[runs.groupby("seed")["validation_score"].idxmax()]
shown = picked[["seed", "layer"]].astype(int)
shown = shown.assign(validation=100 * picked["validation_score"], test=100 * picked["score"])
print(shown.round(1).to_string(index=False))
over = 100 * (runs["validation_score"] - runs["score"])
print(f"\nvalidation less test: {over[picked.index].mean():+.1f} points where a seed's best block "
      f"was picked, {over.mean():+.1f} over all blocks")

# %% [markdown]
# The difference of these two numbers is the optimism that comes from picking the block. (With three picks it is rough itself.) Do
# the seeds pick the same block?

# %% [markdown]
# ## A block that is good enough
#
# If the best cannot be told from the second best, why insist on it? The **one-standard-error rule** (Breiman et al. 1984) takes
# the cheapest candidate whose mean is within one standard error of the best mean. Here the cheapest is the highest block:
#
# $$\hat m = \max\Big\{m : \bar s_m \ge \bar s_* - \frac{\mathrm{sd}(s_*)}{\sqrt K}\Big\}$$
#
# where $s_*$ are the scores of the block with the best mean, and sd is their standard deviation (with $K - 1$).
#
# ### Exercise 3
# `scores` maps each block to its list of scores, one for each seed. Return $\hat m$.

# %%
def one_error(scores):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_one_error

check_one_error(one_error)

# %%
from idspam_lab.experiments.choosing import one_error_rule

validation = runs.groupby("layer")["validation_score"]
best = validation.mean().idxmax()
enough = one_error_rule(validation.apply(list).to_dict())
for name, block in (("the best on the validation texts", best), ("the one-error rule", enough)):
    test = runs[runs["layer"] == block]["score"].mean()
    print(f"{name}: block {block}, test {test:.1%}; "
          f"it trains through {backbone.L - block} of {backbone.L} blocks")

# %% [markdown]
# ## `layer="auto"`
#
# The whole curve is more than a choice needs. **Successive halving** (Jamieson and Talwalkar 2016) starts all blocks and lets the
# worse half go after each epoch: with $L = 6$ and three epochs, $6 + 3 + 2$ epochs of single runs are trained in place of 18.
# On the command line it is `idspam-lab train TASK --layer auto`.
#
# **Predict:** does it end at the block that is best in the curve?

# %%
choice = kept_choice(data, backbone, folder=folder, **settings)
print(choice)
choice.evidence.round(3)

# %% [markdown]
# The evidence says who left when, and by how much. A block that learns slowly and ends well is lost in the first round: halving
# bets that the first epoch tells. And it has looked at one seed and at the validation texts alone, so what was said above of
# flattery holds for its score too; a report belongs to the test texts.

# %% [markdown]
# ## What the paper saw, and measured curves of its tasks
#
# Figure 2 shows RoBERTa-large (24 blocks) on MRPC and RTE, for ID-SPAM and LPT, and prints no numbers. The text says: both do
# better in the middle layers; ID-SPAM is above LPT at almost every layer on RTE; it does better at earlier layers than at later
# ones. The reason it gives is that a prompt made from the token embeddings fits early layers better than late ones, and that a
# late prompt passes few blocks.
#
# Here are measured curves with MiniLM, and one with the twelve blocks of MPNet-base, both methods and three seeds, kept in `data/results`; each says on what and with which
# command. **Predict:** does a model of 6 blocks and 23 million parameters show the hump? And is ID-SPAM above LPT everywhere?

# %%
from idspam_lab.lessons import measured_tables

measured = measured_tables("curve_*.csv")
for table in measured:
    layer_curve(table)
    first = table.iloc[0]
    print(f"{first['test_task']} on {first['backbone']}: {first['train_texts']:,} training texts, "
          f"{first['texts']} test texts; {first['command']}")

# %% [markdown]
# Look at the dotted line before the curve. Where no block is above the majority class, the model has not learned the task, and it is
# luck which point of the curve is the highest: RTE is such a case for MiniLM, and `data/results/RESULTS.md` does not count it. For the others: is the best block further from the next one than one run from another?
#
# On MRPC ID-SPAM has one high block: all three runs at block 3 are above all of its runs elsewhere. A hump of middle blocks it is
# not: blocks 2 and 4 are no higher than block 0. On SST-2 block 3 is its
# second lowest in the mean. `RESULTS.md` asks for more than one high block: that the middle third is told apart from the first and from the
# last. From the last it is for ID-SPAM on MRPC and for LPT on SST-2; from the first it is not, with three seeds, in any of them.
# On MPNet-base's twelve blocks the middle third is told apart from neither, and ID-SPAM is ahead of LPT at one block and behind at one.

# %% [markdown]
# ## Your own look
#
# Choose a task with its frozen model, a metric, methods. A click on a point of our own curve opens that run's weights: do the weights of a prompt at
# block 0 and of one at block 5 look alike? (Both are made from the same token embeddings.)

# %%
import pandas as pd

from idspam_lab.widgets import LayerCurve

texts = ["a gripping , funny and unexpectedly moving film .", "dull and clumsy .",
         "forget the misleading title , and forget the film ."]
LayerCurve(pd.concat([curve, *measured], ignore_index=True), open_run=opener(backbone), texts=texts)

# %% [markdown]
# **What to keep.** The best of several noisy blocks flatters. Pick on the validation texts, report on the test texts, and prefer the cheap
# block that is not told apart from the best.
#
# > **What we do not know.** What Figure 2's points are: no numbers are printed, nor how many runs stand behind one. Whether the
# > best block was picked on the texts that it is reported on (Table 7 searches the layer with everything else). Whether "middle" is
# > a property of the method, of the task or of the model: a model of six blocks has no layer 12. And whether the reason is the one
# > that the paper gives: a curve shows that a block is good, not why.
#
# **Try next:** `method="lpt"` in the cell that draws the curve: its prompt is made from the state below block $m$, so a high block
# gives it more to read. Or `lr=1e-3`. With SmolLM2 after `make models`, some of its 30 blocks, which takes a while:
# `idspam-lab curve rotten_tomatoes --backbone smollm2 --layers 10 15 20 --seeds 1 --limit 200 --epochs 2 --lr 1e-3 --max-length 48`.
#
# **Next:** [05 Zero-shot transfer](05_transfer.ipynb).
