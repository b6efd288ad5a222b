# %% [markdown]
# # 06 Comparing methods
#
# **Afterwards you can** compare a method with its rivals fairly: the same data, several seeds, the baselines beside it, and a
# rule for when two scores have been told apart.
#
# **Time:** 45 minutes with the exercises; the computing takes about 2 minutes on two CPU cores. A GPU is not needed; with one it was not timed.
#
# **In the paper:** sections 3.1 and 3.2, Table 2; appendix D for the parameter counts.

# %% [markdown]
# ## Who is in the race
#
# All methods but one leave the language model frozen. They differ in what they add and where.
#
# | method | what trains | where |
# | --- | --- | --- |
# | linear head | nothing but the head, which all others have too | |
# | fine-tuning | everything | |
# | LoRA | a low-rank change of queries and values | every block |
# | prompt tuning | $t$ free vectors | the input |
# | P-tuning | the same, made by a small network | the input |
# | P-tuning v2, prefix tuning | keys and values, free or from a network | every block |
# | SMoP | four short prompts and a router | the input |
# | DePT | a short prompt, and a low-rank change of each position's embedding | the input |
# | IDPG | a generator that reads the whole frozen model's output | the input |
# | LPT | a generator that reads the state below block $m$ | block $m$ |
# | mean pooling | ID-SPAM without attention | block $m$ |
# | ID-SPAM | a generator that reads the token embeddings with attention | block $m$ |
#
# **Predict:** which of them trains the fewest numbers, and which the most after full fine-tuning? The next cell counts, for
# RoBERTa-base, without loading it.

# %%
from idspam_lab.counting import count
from idspam_lab.methods import LABELS

sizes = {label: count(name, "roberta-base").method for name, label in LABELS.items()}
for label, size in sorted(sizes.items(), key=lambda item: item[1]):
    print(f"{label:<15}{size:>12,}")

# %% [markdown]
# ID-SPAM is not small: most of it is the attention's three $n \times n$ matrices. Prompt tuning has 7,680 numbers in all. Keep
# that in mind when scores are compared.

# %% [markdown]
# ## What a score of one run is worth
#
# Two runs that differ in the seed alone differ in the initial values of what trains, in the order of the texts and in dropout. So
# a method has not *a* score but a spread of scores.
#
# ### Exercise 1
# `scores` are a method's scores over its seeds. Return the mean and the standard deviation (divided by one less than their number) as a tuple.

# %%
def spread(scores):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_spread

check_spread(spread)

# %% [markdown]
# ### Exercise 2
# Two methods were run with the same $K$ seeds: the same order of the texts, the same held-out rows. So look at the **differences**
# $d_k = a_k - b_k$, seed by seed. The standard error of their mean is their deviation divided by $\sqrt K$. The 95 % interval of
# the mean leaves 0 out if
#
# $$|\bar d| > T_K\,\frac{\mathrm{sd}(d)}{\sqrt{K}}$$
#
# $T_K$ is near 2 for many seeds. For few it is larger (Student's t), because their deviation is itself a guess: $T_3 = 4.30$,
# $T_5 = 2.78$. Return whether `a` and `b` are told apart by this rule. All have three seeds.

# %%
def told_apart(a, b):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_told_apart

check_told_apart(told_apart)

# %% [markdown]
# If you are stuck, [solutions/06](solutions/06_compare_methods.ipynb) has both; nothing below depends on yours.

# %% [markdown]
# ## A small race, now
#
# Three methods, two seeds, a few hundred film reviews. `compare` adds the two baselines that belong in every table. What is done
# is kept under `runs/`, so running the cell again costs nothing.
#
# **Predict:** with so few texts, will anything beat the linear head?

# %%
import os
import warnings

from idspam_lab import load_backbone, load_task
from idspam_lab.experiments.compare import compare
from idspam_lab.experiments.summary import as_text, summarize
from idspam_lab.lessons import runs_folder

warnings.filterwarnings("ignore", message=".*were cut there")
quick = os.environ.get("IDSPAM_QUICK")  # set by the tests: fewer texts
texts, held_out = (60, 40) if quick else (400, 0.1)
data = load_task("rotten_tomatoes", source="embedded", limit=texts, holdout=held_out)
data = data.tested_on(60) if quick else data
small = compare(
    data,
    load_backbone("minilm"),
    ["idspam", "lpt", "prompt_tuning"],
    seeds=(0, 1),
    folder=runs_folder() / f"lesson-06-{texts}",
    epochs=2,
    max_length=48,
    fresh=True,
)

# %%
print(as_text(summarize(small)))

# %% [markdown]
# The row of the majority class has no seeds: it always says the same. Two seeds are too few to tell anything apart: $T_2$ is 12.7.
# And do not compare the columns of ±: methods whose spreads overlap can still be told apart, where the seeds move both alike
# (exercise 2).

# %% [markdown]
# ## A larger race
#
# All thirteen methods, five seeds, 1,000 texts: measured once, kept in `data/results`. The file says on what, and with which
# command. (It also has variants of ID-SPAM; those are for lesson 07.)
#
# **Predict:** the three best and the three worst.

# %%
from idspam_lab.lessons import results_table_of

full = results_table_of("compare_rotten_tomatoes.csv")
print(full["command"].iloc[0])
print(f"{full['processor'].iloc[-1]}, torch {full['torch'].iloc[-1]}, {full['date'].iloc[-1][:10]}")
full = full[~full["method"].str.contains("(", regex=False)]  # without the variants
print(as_text(summarize(full)))

# %%
from idspam_lab.plots import method_comparison

method_comparison(full);

# %% [markdown]
# Now with the rule of exercise 2: ID-SPAM against every other method, seed by seed.

# %%
from idspam_lab.experiments.summary import in_points, pairwise

in_points(pairwise(full, "ID-SPAM"))

# %% [markdown]
# `difference` is ID-SPAM less the other, `low` to `high` its 95 % interval, all in points. Fine-tuning is told apart as better on
# these texts, the linear head as worse. From all others five seeds cannot tell it apart, not even from prefix tuning, 1.2 points
# ahead in the mean: the differences vary too much from seed to seed. Prompt tuning comes within half a point with 4,610 numbers in
# place of 590,594.
#
# Twelve comparisons were made. Where there is no difference at all, about one in twenty still passes the rule by chance, so with
# twelve of them one or another may. **Holm's correction** (1979) holds the smallest $p$ against 5 % over twelve, the next against
# 5 % over eleven, and so on. **Predict:** which of the two remains?

# %%
from idspam_lab.experiments.summary import holm

holm(pairwise(full, "ID-SPAM")).round(4)

# %% [markdown]
# The linear head's. That fine-tuning is better may well be so; these twelve comparisons do not show it.
#
# > **A warning from our own table.** DePT once stood here with 70.0 %, told apart as the worst but one. Its prompt then trained ten
# > times faster than its change of the embeddings; its own paper has them hundreds of times apart. With such rates it has 73.8 %.
# > A rival that loses clearly deserves a look at its settings before it is written down as the loser.

# %% [markdown]
# ## What a point costs
#
# Scores and sizes belong in one table. **Predict:** do more trained numbers give more points here?

# %%
costs = summarize(full)[["method", "trained_parameters", "mean", "std"]]
costs = costs.sort_values("trained_parameters").set_index("method")
costs.assign(mean=(100 * costs["mean"]).round(1), std=(100 * costs["std"]).round(1))

# %% [markdown]
# At the two ends, yes: the head alone is last, and the two with the most numbers, fine-tuning and prefix tuning, are first. In between
# hardly: between 4,610 numbers and 590,594 lies half a point, and SMoP and LoRA do as well as ID-SPAM with 2 and 13 % of its numbers. A count says what has to be stored for each task. It does not say what a step or a prediction costs:
#
# - A prompt makes the text $t$ tokens longer in every block above $m$, at each prediction. ID-SPAM's generator also lets each token
#   ask each other one, once.
# - LoRA adds a product of two thin trained matrices to a frozen one, $W + UV$, with $r = 8$ columns in $U$. After training the sum can be
#   stored as one matrix; then a prediction costs nothing more. In our measurement a prediction of ID-SPAM takes longer than that where the
#   head reads the mean; where it reads the first token of texts of 128 tokens or more, it is a little quicker, because our pass leaves out
#   what nobody reads (`data/results/RESULTS.md`, "A prediction takes less time than LoRA's"). In the paper's Table 14 ID-SPAM is the
#   quicker one throughout.
# - Merged weights serve one task. Prompts of several tasks, and unmerged LoRA, can stand in one batch on one frozen model.
#
# And the paper, with backbones five and sixteen times as large and the full training sets. **Look:** how large are its standard deviations,
# and how large the differences between the soft prompts?

# %%
from idspam_lab.paper_tables import as_printed

as_printed(2)

# %% [markdown]
# > **Traps in released code**, each of which changes a table. PEFT's prompt tuning for classification reads index 0,
# > which is a prompt vector there, and moves the text's positions. SMoP's released code multiplies so that every text gets the
# > sum over the *whole batch's* prompts: its prediction depends on its neighbours. Several leave the frozen model's dropout on
# > while training. And a rate that suits one method does not suit another: free prompt vectors train at thirty times a
# > generator's here, so a table with one rate for all measures mostly that. Here each method has a rate of its own
# > (`METHODS[name].preset`, `lr_factors`).
# >
# > **And in names.** "P-tuning" is two methods: section 3.1 of the paper cites the second, with keys and values in every block,
# > and appendix A sets the encoder of the first. LoRA is counted here at rank 8 on queries and values, 294,912 numbers; Table 12
# > counts rank 16 on every layer, 3,495,312, so that there ID-SPAM is the smaller one and here the larger.

# %% [markdown]
# ## When not to take a soft prompt
#
# - **When the task needs other attention.** Petrov, Torr and Bibi (2023) show that what stands in front of a text cannot change how
#   the text's tokens share out their attention *among each other* in that layer: it can only draw some of it away and add something.
#   The paper cites them for the other half of their result, that continuous prompts can say more than words. Lesson 07 has a task,
#   two questions that are read together, on which LoRA, beside the prompt or alone, is ahead of every prompt that was tried.
# - **When a plain use of the frozen model is better.** Lesson 05 has a baseline with two trained numbers that, after 1,000 training
#   texts, no method that was tried has surpassed on two tasks. Look for such a baseline first.
# - **When there are few texts and no time to look for a rate.** At the usual rate, after 400 or 600 film reviews, the linear head did as
#   well here (above, and in lesson 00); with rates that validation texts chose, ID-SPAM was ahead of it after 600 reviews of IMDB.
# - **When one small change of the weights can be kept per task**, and predictions have to be quick: merged LoRA costs nothing there.
# - **When the model already does the task if asked in words.** Large decoders often do. A written prompt, with or without examples,
#   needs no training; the paper does not compare with one, and the model of these lessons is too small to try.
#
# A soft prompt is worth a look where many tasks share one frozen model that may not be changed, where the prompts have to be small and
# exchangeable, or, as here, to look at what a prompt was made from. Everything in these lessons is classification;
# what prompts made from the input do for generated text is asked neither here nor in the paper.
#
# **What to keep.** The same texts and the same seeds, differences, an interval, and the number of comparisons that were made.
#
# > **What we do not know.** The test texts are one draw too, and 853 of them leave three points of luck in either direction. Methods share part of that luck, not all: a difference
# > depends on the few texts that only one of two reads right (lesson 05). And the rates were not searched for this race: in the SST-2
# > race of lesson 05, where they were, ID-SPAM took 0.01 and mean pooling 0.03, three and ten times what they have here. A comparison is of
# > methods *with their settings*.
#
# **Try next:** `idspam-lab compare --task mrpc --methods idspam lpt lora --paper roberta-base`, with MRPC in a folder of yours.
#
# **Read on:** Petrov, Torr and Bibi 2023 on what prompts cannot do; Dodge et al. 2020 on seeds.
#
# **Next:** [07 Ablations and an audit](07_ablations_and_audit.ipynb).
