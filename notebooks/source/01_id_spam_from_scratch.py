# %% [markdown]
# # 01 ID-SPAM from scratch
#
# **Afterwards you can** write the prompt generator of the paper in twenty lines, explain why the mask matters and why the
# generator cannot see word order, and train it.
#
# **Time:** 45 minutes with the exercises; the computing takes about 2 minutes on two CPU cores; most of it is the training at the end. A GPU is not needed; with one it was not
# timed.
#
# **In the paper:** section 2, equations (1) and (2); appendix D for the parameter counts.

# %% [markdown]
# ## The frozen model and its token embeddings
#
# The model is MiniLM-L6: 6 blocks, hidden size $n = 384$. It stays frozen throughout.
#
# Words that come again and again: a **block** is one layer of the transformer. The **head** is the linear layer that turns its
# output into a number for each class. A **softmax** turns numbers into positive shares that sum to 1. Shapes stand at the end of a
# line: `(B, N, n)` is B texts at once, N tokens in the longest of them, n numbers a token.

# %%
import math
import warnings

import torch

from idspam_lab import load_backbone

warnings.filterwarnings("ignore", message=".*were cut there")

torch.manual_seed(0)
backbone = load_backbone("minilm")
n, L = backbone.n, backbone.L
trainable = sum(p.requires_grad for p in backbone.parameters())
print(f"n = {n}, L = {L} blocks, {trainable} trainable tensors")

# %% [markdown]
# Two sentences of different length. The tokenizer puts `[CLS]` in front and `[SEP]` behind, and fills the shorter one up with `[PAD]`.

# %%
sentences = ["a gripping , funny and unexpectedly moving film .", "dull and clumsy ."]
batch = backbone.tokenizer(sentences, padding=True, return_tensors="pt")
ids, mask = batch.input_ids, batch.attention_mask  # (B, N)
tokens = [backbone.tokenizer.convert_ids_to_tokens(row) for row in ids]
print(tokens[1])
print(mask[1].tolist())

# %% [markdown]
# $E$ is the token table alone: no positions, no context, the same vector for a word wherever it stands.

# %%
E = backbone.embed_tokens(ids)  # (B, N, n)
E.shape

# %% [markdown]
# ## Equation (1): how much does each token count?
#
# Each token asks (query) and is asked (key). Row $i$ of the scores holds what token $i$ wants from each token $j$:
#
# $$\frac{(E W_Q)(E W_K)^T}{\sqrt{d_k}}$$
#
# ### Exercise 1
# Write it. `E` is (B, N, n), the matrices are (n, n); the result is (B, N, N). We take one attention head, so $d_k = n$; the paper
# names neither, and its counts would fit several heads too. (`K.transpose(1, 2)` turns (B, N, n) into (B, n, N), text by text. The check
# uses smaller matrices, so take their width from the argument: `E.shape[-1]`.)

# %%
def my_scores(E, W_Q, W_K):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_scores

check_scores(my_scores)

# %% [markdown]
# If you are stuck, [solutions/01](solutions/01_id_spam_from_scratch.ipynb) has it. The lesson goes on with its own version, so
# that nothing below depends on yours.

# %%
def scores_of(E, W_Q, W_K):
    return (E @ W_Q) @ (E @ W_K).transpose(1, 2) / math.sqrt(E.shape[-1])  # (B, N, N)


W_Q, W_K, W_V = (torch.randn(n, n) / math.sqrt(n) for _ in range(3))
scores = scores_of(E, W_Q, W_K)
print(scores.shape)

# %% [markdown]
# A softmax over the last axis turns each row into weights that sum to 1: $\alpha_{ij}$ is how much token $i$ asks of token $j$. The
# mean over the rows gives **one weight for each token**:
#
# $$w_j = \frac{1}{N} \sum_i \alpha_{ij}$$
#
# **Predict:** the second sentence has 3 words, a full stop and 2 special tokens, but it was padded to the length of the first. What goes
# wrong if nobody tells the softmax?

# %%
careless = scores.softmax(-1).mean(1)  # (B, N)
on_padding = careless[1][mask[1] == 0].sum()
print(f"weight on padding in the second sentence: {on_padding:.0%}")

# %% [markdown]
# Padding took a good part of the weight, and a sentence's prompt would depend on what happens to stand beside it in the
# batch. It has to be kept out **twice**: padded tokens must not be asked (mask the keys before the softmax), and padded tokens
# must not ask (leave their rows out of the mean).
#
# ### Exercise 2
# `scores` is (B, N, N), `mask` is (B, N) with 1 on real tokens. Return $w$ (B, N).
#
# (`x.masked_fill(condition, value)` puts a value where a condition holds, and the softmax of `float("-inf")` is 0. `mask[:, None, :]`
# has the shape (B, 1, N) and counts for every query, `mask[:, :, None]` has (B, N, 1) and counts for every key.)

# %%
def my_weights(scores, mask):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_weights

check_weights(my_weights)

# %%
def weights_of(scores, mask):
    keys = scores.masked_fill(mask[:, None, :] == 0, float("-inf"))
    alpha = keys.softmax(-1) * mask[:, :, None]  # (B, N, N), padded rows 0
    return alpha.sum(1) / mask.sum(1, keepdim=True)  # (B, N)


w = weights_of(scores, mask)
alone = weights_of(scores_of(E[1:, :6], W_Q, W_K), mask[1:, :6])
print("sums:", w.sum(1).tolist())
apart = float((w[1, :6] - alone[0]).abs().max())
print(f"the second sentence alone and in the batch differ by {apart:.1e}")

# %% [markdown]
# ## One weight a token is all there is
#
# The formula multiplies every token by $W_V$ and then takes the mean. A mean is linear, so both can change places, exactly:
#
# $$A = \mathrm{mean}_i\Big\{\sum_j \alpha_{ij}\, E_j W_V\Big\} = \Big(\sum_j w_j E_j\Big) W_V$$
#
# One $n \times n$ product a text instead of one a token. And it says what "the learned token attention" is: the $w_j$, nothing
# else.

# %%
A = (w[:, :, None] * E).sum(1) @ W_V  # (B, n)

one = E[:1]  # the first sentence is the longest: it has no padding
# torch's own attention
attended = torch.nn.functional.scaled_dot_product_attention(one @ W_Q, one @ W_K, one @ W_V)
difference_to_torch = float((A[0] - attended.mean(1)[0]).abs().max())
print(f"difference to torch's attention, then the mean: {difference_to_torch:.1e}")

# %% [markdown]
# ## Equation (2): from A to the prompt
#
# $$S_T = \mathrm{resize}(\sigma(W_{up}\,\sigma(W_{down}(A))))$$
#
# Down to $c$ numbers, ReLU, up to $n \cdot t$ numbers, ReLU again, cut into $t$ vectors. Mind the **outer** ReLU: it is in the
# formula, so no entry of a prompt is below 0. The paper's text has biases that its formula leaves out; ours is the one of the
# up-projection, $b_{up}$, added before the outer ReLU (lesson 07 shows why only that one).
#
# ### Exercise 3
# `A` (B, n), `W_down` (n, c), `W_up` (c, n t), `b_up` (n t). Return S (B, t, n), with n from `A.shape[-1]`. (`x.relu()` is $\sigma$,
# and `x.view(len(A), t, n)` cuts (B, t n) into t vectors. The paper
# writes $S_T$ as $n \times t$; ours are rows. Which number goes where is free, since $W_{up}$ is learned.)

# %%
def my_prompt(A, W_down, W_up, b_up, t):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_prompt

check_prompt(my_prompt)

# %%
def prompt_of(A, W_down, W_up, b_up, t):
    return ((A @ W_down).relu() @ W_up + b_up).relu().view(len(A), t, A.shape[-1])  # (B, t, n)


t, c = 10, 34
W_down, W_up = torch.randn(n, c) / math.sqrt(n), torch.randn(c, n * t) / math.sqrt(c)
b_up = torch.zeros(n * t)
S = prompt_of(A, W_down, W_up, b_up, t)
S.shape

# %% [markdown]
# ## The same as the package's?
#
# `PromptGenerator` is the package's version. `nn.Linear` keeps its matrix transposed, hence the `.T`.

# %%
from idspam_lab import PromptGenerator

generator = PromptGenerator(n, t, c).eval()
with torch.no_grad():
    for layer, W in ((generator.W_Q, W_Q), (generator.W_K, W_K), (generator.W_V, W_V),
                     (generator.W_down, W_down), (generator.W_up, W_up)):
        layer.weight.copy_(W.T)
    generator.W_up.bias.copy_(b_up)
    theirs, trace = generator(E, mask)

difference = float((theirs - S).abs().max())
print(f"prompts differ by {difference:.1e}, weights by {float((trace.w - w).abs().max()):.1e}")
assert difference < 1e-5

# %% [markdown]
# ## How many numbers is that?
#
# The paper does not say how wide the bottleneck is. **Predict:** which $c$ gives the 2,064,384 parameters of its Table 12 for
# RoBERTa-base ($n = 768$, $t = 10$)? The next cell tries some.

# %%
for width in (16, 32, 34, 64):
    with torch.device("meta"):  # counts without making the numbers
        size = sum(p.numel() for p in PromptGenerator(768, 10, width).parameters())
    print(f"c = {width:>2}: {size:,}{'   <- Table 12' if size == 2_064_384 else ''}")

# %% [markdown]
# ## Does word order matter?
#
# **Predict**, before you run: the same words in another order. Does the prompt change? Does the frozen model's reading change?

# %%
N = ids.shape[1]
order = torch.cat([torch.tensor([0]), torch.randperm(N - 2) + 1, torch.tensor([N - 1])])
shuffled = ids[:1, order]
print(" ".join(backbone.tokenizer.convert_ids_to_tokens(shuffled[0])))

with torch.no_grad():
    S_shuffled, _ = generator(backbone.embed_tokens(shuffled), mask[:1])
    same_prompt = float((S_shuffled - S[:1]).abs().max())
    read = backbone.run(backbone.embed(ids[:1], mask[:1]), mask[:1])[:, 0]
    read_shuffled = backbone.run(backbone.embed(shuffled, mask[:1]), mask[:1])[:, 0]
    other_reading = float((read - read_shuffled).abs().max())
print(f"the prompt changes by {same_prompt:.1e}, what the model reads by {other_reading:.1e}")

# %% [markdown]
# The prompt knows *which* words there are, not where: $E$ has no positions. To ID-SPAM's generator "the film is not dull, it
# is good" and "the film is not good, it is dull" are the same text. The frozen model still sees the order; the prompt does
# not.

# %% [markdown]
# ## Where the prompt joins
#
# The text runs through the blocks below $m$ on its own. At $m$ the prompt is put in front, and both run on together. The head
# reads the text's own tokens, never a prompt token.

# %%
m = 3
with torch.no_grad():
    # nothing that is trained changes h_m
    h_m = backbone.run(backbone.embed(ids, mask), mask, 0, m)  # (B, N, n)
    both = torch.cat([S, h_m], dim=1)  # (B, t+N, n)
    longer = torch.cat([mask.new_ones(len(ids), t), mask], dim=1)  # (B, t+N)
    top = backbone.run(both, longer, m, L)  # (B, t+N, n)
print(h_m.shape, "->", both.shape, "->", top.shape,
      "-> the text's own first token:", top[:, t].shape)

# %% [markdown]
# > **Trap.** The prompt tuning of PEFT, a much used library, reads for classification index 0 of the longer sequence, which is a *prompt*
# > token there, not the text's first. Here the prompt is cut off before the head reads.
#
# Which of the text's own tokens the head reads is a choice. Encoders such as RoBERTa are read at the first one; MiniLM was trained
# to be read by the **mean** of all, and so is the classifier below.

# %% [markdown]
# ## Train it
#
# Film reviews again. Training stops after two epochs; the run is kept under `runs/`, so this cell does not train a second time.
#
# **Predict:** the weights before training are nearly uniform. Which words will stand out after?

# %%
import os

from idspam_lab import PromptClassifier, Settings, load_task
from idspam_lab.lessons import runs_folder

quick = os.environ.get("IDSPAM_QUICK")  # set by the tests: fewer texts
many, held_out = (200, 60) if quick else (None, 0.1)
data = load_task("rotten_tomatoes", source="embedded", limit=many, holdout=held_out)
before = PromptClassifier(backbone, "idspam", labels=data.task.labels, layer=m)
clf = PromptClassifier(backbone, "idspam", labels=data.task.labels, layer=m)
run = clf.fit(
    data.train,
    data.validation,
    Settings(epochs=2, lr=3e-3, max_length=64),
    out=runs_folder() / ("lesson-01-quick" if quick else "lesson-01"),
)
print(f"{run.trained_parameters:,} trained parameters, {run.seconds:.0f} s, "
      f"kept epoch {run.best_epoch}")

# %%
from idspam_lab.experiments import majority
from idspam_lab.plots import token_weights, training_curve

most = majority(data.train, data.validation, "accuracy", 2)["accuracy"]
training_curve(run.history, majority=most);

# %%
text = "a gripping , funny and unexpectedly moving film ."
explained = [stage.explain([text])[0] for stage in (before, clf)]
for when, found in zip(("before", "after"), explained):
    axes = token_weights(found)
    highest = max(max(one.weights) for one in explained)
    axes.set(ylabel=f"weight (%), {when} training", ylim=(0, 120 * highest))

# %%
for sentence in (text, "dull and clumsy .", "the plot is thin , but what a performance !"):
    (found,) = clf.explain([sentence])
    strongest = sorted(zip(found.weights, found.tokens), reverse=True)[:3]
    print(f"{found.label:<4} {found.probabilities[found.label]:.0%}  {sentence}")
    print("      " + ", ".join(f"{token} {weight:.0%}" for weight, token in strongest))

# %% [markdown]
# **What to keep.** A prompt is a mean of token embeddings with learned weights, sent through a small network: one weight a token, no
# word order, and padding kept out twice.
#
# > **What we do not know.** The paper does not state $c$, the number of attention heads, the head, the read token, the initial values or the split that picks
# > the epoch; ours are in the README. And the weights say what *the prompt* was made from. Whether the *prediction* depends on it
# > is another question: the frozen model reads the same tokens by itself. Lesson 03 takes the two apart.
#
# **Try next:** change `m` to 0 and to 5. Pass `t=1` to `PromptClassifier`, or `bias="both"`, the variant of the paper's text. A
# kept run is of one setting: give `out=` another name for each, such as `lesson-01-m0`.
#
# **Next:** [06 Comparing methods](06_compare_methods.ipynb), for the rule by which scores are told apart, or
# [02 Training](02_training.ipynb).
