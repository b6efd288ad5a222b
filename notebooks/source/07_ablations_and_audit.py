# %% [markdown]
# # 07 Ablations and an audit
#
# **Afterwards you can** take a method apart and say which part was measurably good for something; and check the numbers of a
# paper with nothing but the paper: which of its means, percentages and counts follow from its own tables, which could, and which
# do not.
#
# **Time:** an hour with the exercises, half of it for the audit; less than a minute of computing. No GPU, no network.
#
# **In the paper:** section 3.2 and Table 3 for the ablation; Tables 2 to 16, sections 3.2 to 3.4 and appendices B, D and E for
# the audit.

# %% [markdown]
# ## Ablations
#
# An ablation takes one part away and asks what it was good for. The paper has one: **mean pooling** in place of attention, every
# token with the same weight $1/N$ (Table 3).

# %%
from idspam_lab.paper_tables import as_printed

as_printed(3)

# %% [markdown]
# Attention looks worth four to six points there. **Predict:** will that be so on the film reviews, with MiniLM? And five
# changes that the paper does not try: **without the outer ReLU** of eq. (2), so that a prompt can have entries below 0; **four
# heads**; a generator that sees **positions**; prompts at **two blocks**, 1 and 3; and **LoRA** in the blocks that the prompt
# passes.
#
# All were measured with the same seeds and texts, so they can be compared with ID-SPAM seed by seed (lesson 06).

# %%
from idspam_lab.experiments.summary import in_points, pairwise, summarize
from idspam_lab.lessons import results_table_of

results = results_table_of("compare_rotten_tomatoes.csv")
ablations = ["ID-SPAM", "mean pooling"]
ablations += [name for name in results["method"].unique() if name.startswith("ID-SPAM (")]
kept = results[results["method"].isin([*ablations, "linear head"])]
summarize(kept)[["method", "mean", "std", "seeds", "trained_parameters"]].round(3)

# %%
in_points(pairwise(kept, "ID-SPAM"))

# %% [markdown]
# Read the last column before the first: a difference that is not told apart is no finding, in either direction. The sign is
# ID-SPAM less the other. With five seeds and so few texts only large effects show.
#
# Attention over the plain mean: both have 74.4 %, and the interval of the difference, from -0.5 to +0.6 points, leaves no room for the
# paper's four to six. Whether it is worth half a point cannot be told. Of the
# tables on other texts (the picture below has them all, transfers too) one tells it apart on the task it was trained on: 1,000 rows of SST-2, +2.5 points,
# where one seed's validation texts chose a rate of 0.03 for the plain mean and of 0.01 for ID-SPAM: that is a comparison of
# settings as much as of methods. Positions are told apart as *worse*, by themselves: the next cell asks what is left of that among seven comparisons. The outer ReLU, which we thought harmful, is not told apart, nor are four heads, nor the prompts at two
# blocks. With LoRA beside the prompt it does 1.5 points better in the mean, LoRA alone 0.9 points; neither is told apart.
#
# **Predict:** which of these differences does Holm's correction (lesson 06) leave?

# %%
from idspam_lab.experiments.summary import holm

holm(pairwise(kept, "ID-SPAM")).round(4)

# %% [markdown]
# The linear head's alone. Positions miss the line by a hair, so what they cost here is a guess worth testing and no finding.
#
# > **A warning from our own table.** Measured with three seeds, attention was once worth 1.4 points here, told apart. Then one
# > softmax was computed in 32 bits instead of 16, which changes last digits and nothing else. For one seed of mean pooling another
# > epoch was then the best: it had 1.9 points more, and the difference was gone. An interval over three seeds holds the luck of these
# > three; it is narrow when they happen to agree.
#
# Two things can be seen without any training. What the outer ReLU does to a prompt:

# %%
import torch

from idspam_lab import load_backbone
from idspam_lab.methods import build_method

backbone = load_backbone("minilm")
pair = ["the film is not dull , it is good", "the film is not good , it is dull"]
batch = backbone.tokenizer(pair, return_tensors="pt")
torch.manual_seed(0)


def prompts_of(**options):
    method = build_method("idspam", backbone, options).eval()
    with torch.no_grad():
        source, hidden = method.trunk(backbone, batch.input_ids, batch.attention_mask, None)
        return method.prompt(source, hidden, batch.attention_mask)[0]  # (B, t, n)


share_of_zeros = float((prompts_of() == 0).float().mean())
print(f"entries of an untrained prompt that are exactly 0: {share_of_zeros:.0%}")
print(f"without the outer ReLU: {float((prompts_of(outer_relu=False) == 0).float().mean()):.0%}")

# %% [markdown]
# For a text whose entry is 0, that entry passes no gradient on, either. One that is 0 for every text gets none for its own weights: it comes
# back only if what lies below it, which the other entries train, changes. And what positions do: two sentences of the same words, with opposite meaning.

# %%
for read_positions in (False, True):
    first, second = prompts_of(positions=read_positions)
    print(f"positions={read_positions!s:<6} the two prompts differ "
          f"by {float((first - second).abs().max()):.1e}, "
          f"entries are {float(first.abs().mean()):.1e} on average")

# %% [markdown]
# ## All tables at once
#
# One table with three seeds says little. Many say more, if none is left out and if they are counted: with no true difference, a 95 %
# interval lies wholly on one given side of 0 in 1 of 40 cases. (That takes the tables as independent. Several share a task, and some
# their test texts, so there is less in them than their number says.) A row says the task, or the two of a transfer, and
# the number of training texts. What was asked again of as many texts, to look into what had come out, is left out: it would be counted twice.
#
# **Predict:** of the leads over LPT, how many count for ID-SPAM, how many for LPT, and how many would luck alone give?

# %%
from idspam_lab import plots
from idspam_lab.claims.scores import all_leads
from idspam_lab.experiments.summary import MEASURED

every = all_leads(MEASURED)
plots.leads(every, rivals=["LPT", "LoRA", "mean pooling"]);

# %%
learned = every[every["learned"] & every["method"].isin(["LPT", "LoRA", "mean pooling"])]
counts = learned.groupby("method")[["ahead", "behind"]].sum()
counts.assign(leads=learned.groupby("method").size(), by_luck=learned.groupby("method").size() / 40)

# %% [markdown]
# Beside LPT and mean pooling most squares stand near the line with bars across it: on few texts and with three seeds, these methods
# are not told apart. Beside LoRA nearly half of the leads count, and most of these are LoRA's. A claim of the form "ahead on most tasks" needs many tables *and* leads that are larger than the seeds' luck.
#
# ## When a claim fails, look for your own mistake first
#
# The paper has ID-SPAM ahead of LPT and of LoRA. Here it is not (lesson 06). Before that is said aloud: was the rate wrong? too
# few epochs, the wrong token for the head, the wrong block, too narrow a bottleneck? A prompt also begins far too small: torch's
# own initial values make it about a tenth as large as the text's states at block 3, and nearly the same for every text.
#
# **Predict:** which of these changes closes the gap?

# %%
from IPython.display import Markdown

from idspam_lab.claims.looked_into import looked_into

Markdown("\n".join(looked_into(MEASURED)))

# %% [markdown]
# None, on film reviews: every row is behind both in the mean, and where an interval leaves 0 out it is on LPT's or LoRA's side. Prompts that begin
# as large as the states (`init="states"`) do as the others do. The best score is block 1's, half a point above the usual setting and a tenth above the next. The best of twelve
# such tries is expected to look better than it is. What may turn the sign is below the table: the number of texts. In two tables of
# SST-2, at the same rate and with as many epochs, the lead over LPT is -1.3 points after 2,500 rows, which is not told apart, and
# +0.8 after 65,349, which is. With the texts the number of steps grows too, so which of the two it is remains open. The model's size
# could not be changed here.
#
# On QQP, where two questions are read together, LoRA is ahead of ID-SPAM by four points at least, and told apart, in every row but
# that with `lora=8`. Block 3 is the best in the mean. With three times the epochs it is four points behind LoRA in place of eight. Leaving
# out the outer ReLU, a wider bottleneck, other initial values and a longer prompt each bring one to three points in the mean, and LoRA
# stays ahead of each. What comes nearest is the row with `lora=8`: the same prompt, and LoRA in the three blocks that it passes. It is
# not told apart from LoRA alone; nor, with three seeds, from ID-SPAM alone (+6.7 points, -0.2 to +13.7).
# So a better prompt is probably not what is missing here. A prompt adds something to attend to; two texts seem to need a change in
# *how* their tokens attend to each other, which a prompt cannot bring about within a layer (Petrov et al. 2023; lesson 06).
# And before QQP is blamed on prompts at all: lesson 05 has a baseline with two trained numbers that beats LoRA on it.

# %% [markdown]
# ## An audit
#
# To repeat a paper's training takes its hardware, and settings that this one does not state. But a paper also computes with its
# own results: it takes means, it says "an average improvement of 5.82%" and "on 4 out of 6 GLUE tasks". All of that can be done
# again in seconds, with nothing but the paper.
#
# The tables lie in `data/paper`, digit for digit as printed. Tidy, a row a number, they are made for computing; `as_printed`
# turns them into the paper's shape.

# %%
from idspam_lab.paper_tables import as_printed, paper_table

print(paper_table(2).head(3).to_string(index=False))
as_printed(2)

# %% [markdown]
# ## What a printed number says
#
# 83.1 is not a number but an interval: something between 83.05 and 83.15. A mean $\bar s$ of $N$ such scores can hide as much
# as each of them (all may err the same way), and the printed mean $p$ was rounded once more:
#
# $$p \text{ is possible} \iff |\bar s - p| \le \underbrace{0.05}_{\text{the scores}} + \underbrace{0.05}_{\text{the mean}}$$
#
# ### Exercise 1
# `scores` and `printed` have one decimal. Return whether numbers that round to the scores can have a mean that rounds to
# `printed`.

# %%
def could_be_mean(scores, printed):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_could_be_mean

check_could_be_mean(could_be_mean)

# %% [markdown]
# If you are stuck, [solutions/07](solutions/07_ablations_and_audit.ipynb) has it; nothing below depends on yours.
#
# The paper prints 39 means over tasks. **Predict:** how many are wrong? How many are possible only because of what rounding
# hides?

# %%
import pandas as pd

tables = pd.concat([paper_table(number).assign(table=number) for number in (2, 4, 5, 8, 9, 10)])
row = ["table", "backbone", "method"]
means = tables[tables["task"] != "Mean"].groupby(row)["score"].mean()
printed = tables[tables["task"] == "Mean"].set_index(row)["score"]
off = (means - printed).abs()
print(f"{len(printed)} printed means; the furthest is off by {off.max():.3f}")

# %% [markdown]
# None is wrong: each is the mean of the printed scores, rounded. Write that down too. An audit that only reports what fails
# says nothing about how much was checked.
#
# The largest difference, 0.05, is that of a mean half way between two printed steps. **Predict:** which way does the paper
# round 81.15? And 65.65?

# %%
halfway = off.round(6) == 0.05
print(pd.DataFrame({"mean": means[halfway].round(3), "printed": printed[halfway]}).to_string())
to_even = (10 * printed[halfway]).round() % 2 == 0
print(f"\n{halfway.sum()} means lie half way; {to_even.sum()} are printed with an even last digit")

# %% [markdown]
# Half way to the even digit is numpy's way; a spreadsheet, and most people, round half way up, and that would have given other
# digits in four of the six. So these means look as if a program had computed them from the rounded scores. (Or hidden decimals
# decided: both fit.)

# %% [markdown]
# ## A percentage has more than one reading
#
# "An average improvement of 5.82%" over $K$ tasks, with $b_k$ the baseline's score and $o_k$ ours, is one of two things:
#
# $$\text{the mean of the gains: } \frac{100}{K} \sum_k \Big(\frac{o_k}{b_k} - 1\Big)
# \qquad \text{the gain of the mean: } 100\,\Big(\frac{\sum_k o_k}{\sum_k b_k} - 1\Big)$$
#
# ### Exercise 2
# `base` and `ours` are lists of scores. Return both, in percent.

# %%
def gains(base, ours):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_gains

check_gains(gains)

# %% [markdown]
# The paper states four such improvements. **Predict:** does one reading fit all four?

# %%
from idspam_lab.audit.rows import by_method
from idspam_lab.audit.scores import gain_of_means, mean_of_gains

for number, base, claimed in ((3, "Mean-pooling", 5.82), (8, "LPT", 2.3),
                              (10, "LoRA", 0.5), (10, "LPT", 1.3)):
    cells = by_method(number)
    values = [*cells.loc[base], *cells.loc["ID-SPAM"]]
    print(f"Table {number:>2}, over {base:<12}  printed {claimed:>4}%   "
          f"mean of the gains {mean_of_gains(*values):.3f}%   "
          f"gain of the mean {gain_of_means(*values):.3f}%")

# %% [markdown]
# Not as printed: Table 3's 5.82% is the mean of the gains, and Table 8's 2.3% and Table 10's 1.3% are the gain of the mean. Each
# number is right in a reading, but the reading seems to change from table to table. Read like Table 3, Table 8 would claim 3.1%.
# (Only hidden decimals could lift Table 3's gain of the mean from 5.75% to 5.82%.)
#
# The fifth improvement is of a time (Table 15): "LPT takes an average convergence of time of 619 s, while ID-SPAM takes 577 s,
# giving an improvement of 7.3%".
#
# **Predict:** 7.3% of what?

# %%
total = by_method(15, "seconds").sum(axis="columns")
ours, lpt = total["ID-SPAM"], total["LPT"]
print(f"ID-SPAM saves {100 * (1 - ours / lpt):.2f}% of LPT's time; "
      f"LPT takes {100 * (lpt / ours - 1):.2f}% longer than ID-SPAM")

# %% [markdown]
# The scores' improvements are measured against the baseline. Measured so, the time saved is 6.8%; 7.3% is measured against
# ID-SPAM itself. In a mean over six tasks, moreover, the longest decides: MNLI and QQP make up most of the seconds.

# %% [markdown]
# ## Some numbers cannot come out
#
# Table 2 reports accuracy on RTE "for 3 runs", and Table 1 gives RTE 277 dev texts. Three accuracies over 277 texts have a mean
# of $k/831$ with a whole $k$. Those lie 0.12 points apart, further than two printed numbers. So not every number with one
# decimal can come out. (In psychology this is known as the GRIM test, Brown and Heathers 2017.)
#
# ### Exercise 3
# Is there a whole number of right answers, out of `answers`, whose percentage rounds to `percent` (one decimal)?

# %%
def can_be_share(percent, answers):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_reachable

check_reachable(can_be_share)

# %% [markdown]
# **Predict:** how many of the 16 RTE accuracies in Table 2 pass? How many would pass if somebody had made them up?

# %%
from idspam_lab.audit.scores import reachable

answers = 3 * 277
rte = paper_table(2).query("task == 'RTE'")
passed = rte["score"].map(lambda percent: reachable(percent, answers))
made_up = pd.Series(range(1001)).map(lambda tenths: reachable(tenths / 10, answers)).mean()
print(f"{passed.sum()} of {len(rte)} pass; of all numbers with one decimal {made_up:.0%} would")
print(rte[~passed].to_string(index=False))

# %% [markdown]
# One fails: no three runs on 277 texts have a mean accuracy of 82.5%. And mind what the others are worth: made-up numbers would
# mostly pass as well. The test can refute; it can hardly confirm.
#
# It refutes a *combination*: 277 texts, three runs, plain accuracy, one decimal. The caption says "test results", and the paper
# does not say which texts these are. Another split, a run left out or a slip of the pen would all do.

# %% [markdown]
# ## What arithmetic cannot refute
#
# **Predict:** RoBERTa-base and RoBERTa-large were trained separately. For how many of the six tasks does a method have the
# same standard deviation on both?

# %%
single = paper_table(2).query("task != 'Mean'")
stds = single.pivot(index="method", columns=["backbone", "task"], values="std")
base, large = stds["roberta-base"], stds["roberta-large"]
equal = (base == large).sum(axis="columns")
print(equal.to_string())
others, pairs = equal.drop("ID-SPAM").sum(), base.drop("ID-SPAM").notna().sum().sum()
print(f"\nall methods but ID-SPAM: {others} of {pairs} pairs are equal")

# %% [markdown]
# ID-SPAM's six standard deviations are the same on both backbones, task by task. Among all the other methods two pairs agree. Nothing
# here is impossible, so no formula marks it as wrong. A row copied by mistake while the table was made is one explanation; the
# authors could say. Until then we would not lean on these twelve numbers.

# %% [markdown]
# ## Everything at once
#
# The package recomputes every claim that the paper's own numbers allow. "Perhaps" means: only with hidden decimals, or in
# another usual reading of the words.
#
# **Predict:** of about 110 claims, how many do not add up?

# %%
from idspam_lab.audit import audit, shown

found = audit()
print(found["adds_up"].value_counts().to_string())

# %%
print(shown(found))

# %% [markdown]
# Eight of the ten are counts of parameters.
#
# - **GPT-2 large, 5.1 M.** The formula $3n^2 + (c + ct + t)n = 3n^2 + 384n$, with $c = 34$ and $t = 10$, gives every other count of ID-SPAM in Tables 12 and 13, and 5.4 M here. One
#   digit is the likeliest explanation.
# - **The bias.** Section 2 writes two biases. Table 12 fits with one alone, on the way up: 34 parameters of two million. What
#   was counted and what was written differ.
# - **The backbones' sizes.** GPT-2 has 124.4 M parameters; Table 13 prints 126.8 M.
#
# **Predict:** where do the other 2.4 M come from? Another column of Table 13 has them.

# %%
from idspam_lab.audit.sizes import lora_size, published_size

sizes = paper_table(13).query("method == 'LoRA'").set_index("backbone")["backbone_millions"]
sizes = sizes.drop("google/flan-t5-xl")
for name, millions in sizes.items():
    size, lora = published_size(name) / 1e6, lora_size(name) / 1e6
    print(f"{name:<16} printed {millions:>6} M   published {size:>6.1f} M   "
          f"too much: {millions - size:>4.1f} M   LoRA: {lora:>4.1f} M")

# %% [markdown]
# The column seems to have been counted on the models with LoRA already put in. (FLAN-T5-xl fits too, once its output layer is
# replaced by a classification head.) And LoRA's own counts give away its settings: rank 16 on every linear layer gives all
# eight, though the paper states neither, if for RoBERTa the masked-language-model head counts with its decoder, for GPT-2 and Gemma
# no head, and for FLAN-T5 the classifier's dense layer. A fit with such a choice per family is weaker evidence than one without. That is what an audit is good for besides finding slips.
#
# > **What we do not know.** Whether any result is *true*: an audit checks sums, not experiments. Which texts were scored. How
# > many runs stand behind Tables 3 to 5 and 8 to 11, where no deviation is printed. Whether a deviation divides by 3 or by 2.
# > Which hidden decimals decide the level scores: RoBERTa-large "outperforms LoRA in 3/6 tasks" only if 88.4 beats 88.4. What the
# > authors would answer; we have not asked.
# >
# > And what this does not say: that the method does not work. 97 claims add up, every mean over tasks among them, and none of
# > the ten touches the claim that ID-SPAM has the best average among the soft prompts.

# %% [markdown]
# **What to keep.** Take one part away at a time, count all tables, and look for your own mistake first. A printed number is an interval, and
# most of what a paper computes from its own numbers can be computed again.
#
# **Try next:** CB has 56 dev texts and COPA 100. Hold `can_be_share` against Tables 4, 5 and 9, for one run and for three. Which
# readings of "score" are left? Then audit a table of your own, before somebody else does: `idspam-lab paper audit --all` shows
# how each claim was put.
#
# **Next:** [08 Your data, your model](08_your_own.ipynb).
