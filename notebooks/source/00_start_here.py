# %% [markdown]
# # 00 Start here
#
# **Afterwards you can** say in two sentences what ID-SPAM is, tell whether your machine is ready for the lessons, and read
# a result table without being fooled.
#
# **Time:** about 1 minute of computing on two CPU cores, 10 minutes with the reading. No GPU, no network. Run the cells from top to bottom.

# %% [markdown]
# ## What this is about
#
# A language model has read a lot, but it was not trained for *your* task. Training all of it for each task is expensive: every
# task needs its own copy. A **soft prompt** leaves the model as it is, frozen, and puts a few extra vectors in front of the
# text. Only these, and a small head that reads the answer, are trained.
#
# The first soft prompts were the same for every text. **ID-SPAM** (Muppidi, Nandy and Bandyopadhyay,
# [ACL 2025](https://arxiv.org/abs/2506.05629)) makes them from the text itself: it looks at the text's token embeddings $E$,
# decides with one attention layer how much each token counts, takes the mean, and turns the result into $t$ vectors:
#
# $$A = \mathrm{mean}\left\{\mathrm{softmax}\left(\frac{(E W_Q)(E W_K)^T}{\sqrt{d_k}}\right)(E W_V)\right\}
# \qquad S_T = \mathrm{resize}\big(\sigma(W_{up}\,\sigma(W_{down}(A)))\big)$$
#
# These vectors stand in front of the text at the input of **one** block $m$ of the frozen model (a block is one layer of the
# transformer). $W_Q$, $W_K$, $W_V$, $W_{down}$ and $W_{up}$ (with a bias) are what is trained, and a small head that
# reads the model's output; $d_k$ is the width of a query, and $\sigma$ sets
# all that is below 0 to 0. That is all of it. Lesson 01 builds it step by step, so nothing has to be clear yet. The paper has no
# public code; this project is one, with lessons.
#
# **In the paper:** the abstract, Figure 1 and section 2. Exercises begin in lesson 01.

# %% [markdown]
# ## Is your machine ready?
#
# Each line is a question and its answer. Nothing is downloaded.

# %%
from idspam_lab.lessons import check_environment

answers = check_environment()

# %% [markdown]
# ## The map
#
# Begin with 01. Then any order will do, but 06 is a good second one: lessons 03, 04, 05 and 07 ask whether two scores have been "told
# apart", and 06 says by which rule.

# %%
from idspam_lab.lessons import show_series

show_series()

# %% [markdown]
# ## Words that come again and again
#
# | word | what it means here |
# | --- | --- |
# | token | a piece of text that the model knows by a number: a word, or a part of a rare one |
# | embedding | the vector that stands for a token at the model's input |
# | block | one layer of the transformer: attention, then a small network, token by token |
# | head | the layer that turns the model's output into a number for each class; before the softmax these are the *logits* |
# | ReLU | $\max(0, x)$, number by number |
# | dropout | while training, some numbers are set to 0 at random, so that nothing relies on a single one |
# | epoch | one pass over all training texts |
# | validation texts | texts that are not trained on; they choose, for example the epoch that is kept |
# | test texts | texts that neither train nor choose; they are for the report |
# | overfitting | the training texts are read ever better, new ones are not |
# | seed | the number that all chance in a run follows from: the initial values of what is trained, the order of the texts, dropout |
# | standard deviation, standard error | how far single runs lie from their mean; how far the mean itself may be off |
# | 95 % interval | made so that, of many such intervals, 95 in 100 hold the true value |
# | SST-2, Rotten Tomatoes, IMDB | film reviews, good or bad: sentences, snippets of the same kind, whole reviews |
# | MRPC, QQP | two sentences of the news, or two questions from Quora: do they say the same? |
# | RTE | does the second text follow from the first? |
# | CB, COPA, WiC | small tasks of SuperGLUE: does it follow; the better of two endings; is a word meant in the same sense |
# | LPT, late prompt tuning | ID-SPAM's nearest rival: its prompt, too, is made from the text and joins at one block, but is made from the text's state below that block |
# | LoRA | no prompt: a small trained change of the frozen matrices (lesson 06) |
#
# Letters are the paper's: $n$ hidden size, $N$ tokens, $t$ vectors of a prompt, $c$ width of the bottleneck, $m$ block, $L$ blocks.
# $K$ is whatever a lesson counts: it says so.
#
# ## A first result
#
# The task: is a short film review positive or negative? Three answers are compared.
#
# - **majority class**: always say what is most frequent. Costs nothing and knows nothing.
# - **linear head**: the frozen model as it is, and one linear layer that reads it.
# - **ID-SPAM**: the same, with a prompt made from the text.
#
# **Predict before you run:** the texts are half positive, half negative. What will the majority class reach? Will ID-SPAM be
# ahead of the linear head at all, and by how much?
#
# If you have run `make demo`, the next cell shows its result. If not, it trains a small one now.

# %%
import warnings

from idspam_lab.lessons import demo_result

warnings.filterwarnings("ignore", message=".*were cut there")

report = demo_result()

# %%
from idspam_lab.report import results_table
from idspam_lab.terminal import table

columns, rows = results_table(report)
print(table(rows, columns))

# %% [markdown]
# On the 600 texts of the small run ID-SPAM may well be behind the linear head: its 590,594 numbers learn little from so few.
# `make demo` takes all of them.
#
# The second score is on IMDB: reviews about eight times as long, cut at 256 tokens, from which nothing was learned. The interval in brackets says
# how far the score could move if other test texts had been drawn. Two methods whose intervals overlap a lot have not been
# told apart by these intervals; that both read the *same* texts helps, see lesson 05.

# %%
from idspam_lab.plots import training_curve

history = report["run"]["history"]
training_curve(history, majority=report["results"][0]["test"]["accuracy"]);

# %% [markdown]
# A curve without the line of the majority class says little: 52 % looks like something and is next to nothing here.
#
# > **What we do not know.** One run with one seed says what happened once. How much of the difference is the method and how
# > much the seed is measured in lessons 04 and 06.
#
# **Read on:** Lester et al. 2021 (prompt tuning), Li and Liang 2021 (prefix tuning), Liu et al. 2022 (late prompt tuning), Hu et al.
# 2022 (LoRA).
#
# **Next:** [01 ID-SPAM from scratch](01_id_spam_from_scratch.ipynb), where you write the formula above yourself.
