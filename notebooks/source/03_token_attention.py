# %% [markdown]
# # 03 Token attention
#
# **Afterwards you can** read the learned weights, token by token and word by word, say which way each token pulls and by which of two
# routes it acts, and measure how far such an explanation may be believed.
#
# **Time:** 50 minutes with the exercises; the computing takes about 4 minutes on two CPU cores that multiply bf16 in hardware (on a single one that does not: 10); a third of it is training, once, and most of the rest the study in "Is the order
# faithful?". A GPU is not needed; with one it was not timed.
#
# **In the paper:** the introduction promises prompts that "attend different words of the input with different weights"; equation
# (1) in section 2 is that attention; Table 3 compares it with plain mean pooling. No weights are shown anywhere in the paper, and
# nothing tests what they explain. This lesson does both.

# %% [markdown]
# ## Three classifiers
#
# The same method on the same texts with three seeds. What one seed shows may be luck. They are kept under `runs/`, so this cell
# trains only once. The learning rate is three times the usual one: with so few texts the weights would otherwise stay
# nearly uniform, and there would be nothing to read.

# %%
import os

import torch

from idspam_lab import PromptClassifier, load_backbone, load_task
from idspam_lab.lessons import runs_folder

torch.manual_seed(0)
quick = os.environ.get("IDSPAM_QUICK")  # set by the tests: fewer texts
size = 120 if quick else 1500
backbone = load_backbone("minilm")
data = load_task("rotten_tomatoes", source="embedded", limit=size, holdout=60 if quick else 300)

classifiers = {}
for seed in range(2 if quick else 3):
    clf = PromptClassifier(backbone, "idspam", labels=data.task.labels, layer=3, seed=seed)
    settings = clf.preset(lr=1e-2, epochs=3, max_length=64, seed=seed)
    out = runs_folder() / f"lesson-03-{size}-seed{seed}"
    run = clf.fit(data.train, data.validation, settings, out=out)
    classifiers[f"seed {seed}"] = clf
    print(f"seed {seed}: {run.best['validation_accuracy']:.1%} of the validation texts right, "
          f"{run.seconds:.0f} s")

clf = classifiers["seed 0"]

# %% [markdown]
# ## The weights of a text
#
# **Predict:** in "forget the misleading title , and forget the film .", which tokens got more than their even share of the prompt?

# %%
from idspam_lab.plots import attention_matrix, token_heatmap, token_weights

text = "forget the misleading title , and forget the film ."
(found,) = clf.explain([text])
token_weights(found);

# %% [markdown]
# These $w_j$ are the means of the columns of the attention matrix $\alpha$. Row $i$ says whom token $i$ asks:

# %%
from idspam_lab.analysis.tokens import attention, token_table

attention_matrix(attention(found));

# %% [markdown]
# bertviz draws the same as lines: point at a token on the left to see whom it asks.

# %%
from idspam_lab.bertviz_offline import generator_view, head_view

generator_view(clf, text)

# %% [markdown]
# That was the generator. The prompts that it makes then stand in front of the text at block 3, and in the blocks above, the text's
# tokens can look at them. **Predict:** do they? Choose block 3 or a higher one, and point at a token, or at a prompt.

# %%
head_view(clf, text)

# %%
from idspam_lab.analysis.blocks import block_attention

above = block_attention(clf, text)
even = above.t / len(above.tokens)
for block, weights in zip(above.blocks, above.weights):  # (heads, t+N, t+N)
    to_prompt = weights[:, above.t :, : above.t].sum(-1).mean()
    print(f"block {block}: {to_prompt:.0%} of the text's attention goes to the prompt, "
          f"an even share would be {even:.0%}")

# %% [markdown]
# The tokenizer cuts rare words into pieces, and each piece has a weight. A word's weight is the sum of its pieces', and the even
# share that it is compared with grows with them: 4 of 8 pieces have an even share of 4/8.

# %%
pieces = token_table(clf, ["an unforgettable film"])
print(pieces[["token", "weight"]].round(3).to_string(index=False))
words = token_table(clf, ["an unforgettable film"], words=True)
words[["token", "pieces", "weight", "uniform"]].round(3)

# %% [markdown]
# ## Which way does a token pull?
#
# A weight says how much of a token is in $A = \sum_j w_j\, E_j W_V$, but not whether it pulls $A$ where $A$ ends up pointing.
# Two tokens with equal weights may pull against each other. The part of token $j$ along the direction of $A$ is exact:
#
# $$g_j = \frac{w_j \,\langle E_j W_V,\; A\rangle}{|A|} \qquad \sum_j g_j = |A|$$
#
# ### Exercise 1
# `w` is (B, N), `E` is (B, N, n), `W_V` is (n, n). Return $g$ (B, N). (The values `E @ W_V` are (B, N, n), and
# `(w[:, :, None] * values).sum(1)` is $A$.)

# %%
def my_contributions(w, E, W_V):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_contributions

check_contributions(my_contributions)

# %% [markdown]
# If you are stuck, [solutions/03](solutions/03_token_attention.ipynb) has it; nothing below depends on yours.

# %%
signed = token_table(clf, [text])
print(signed[["token", "weight", "contribution"]].round(3).to_string(index=False))
print(f"sum of the weights {signed['weight'].sum():.3f}, "
      f"sum of the contributions {signed['contribution'].sum():.3f} = |A|")

# %% [markdown]
# Look for a token with a good weight that pulls hardly at all: it is in the prompt's making, and what it brings points elsewhere.

# %% [markdown]
# ## Over many texts
#
# One text is an anecdote. **Predict:** which words are heaviest in texts that are read as positive? And do words like "the" and
# "of" get more or less than their share?

# %%
from idspam_lab.analysis.dataset import by_kind, entropy, top_tokens

many = token_table(clf, data.validation, words=True, max_length=64)
print(top_tokens(many, most=6, least=3).round(2).to_string(index=False))
print()
print(by_kind(many).round(2).to_string(index=False))
evenness = entropy(token_table(clf, data.validation, max_length=64))["evenness"].mean()
print(f"\nevenness {evenness:.2f}: 1 would be plain mean pooling")

# %% [markdown]
# `times` is the weight over the even share. `share` is the fraction of the word's occurrences that lie in texts predicted as that class. Mind that a word can be
# heavy in both classes: the weights say what is looked at, not what for. Evenness is the entropy $-\sum_j w_j \log w_j$ over its
# largest value, $\log N$.

# %% [markdown]
# ## Two routes
#
# Now the caution. A token reaches the prediction in **two** ways:
#
# ```
# token ── generator ──> prompt ──┐
# token ── the frozen model ──────┴──> head ──> prediction
# ```
#
# $w$ speaks of the first alone. So delete the heaviest of the text's own tokens (`[CLS]` and `[SEP]` stay), one at a time, from what the
# generator reads, from what the frozen model reads, or from both: that route then gets the text as if the token had never been in it. A text that the classifier is not too sure of shows more, so the next cell looks for one.
#
# **Predict:** which route matters more?

# %%
from idspam_lab.analysis.paths import knock_out_each

short = [text for text in data.test.texts if 6 <= len(text.split()) <= 14][:100]
sure = clf.predict_proba(short).max(axis=1)
doubtful = short[abs(sure - 0.7).argmin()]
(whole,) = clf.explain([doubtful])
label = whole.label
print(f"{doubtful}\n{label}: {whole.probabilities[label]:.1%} with all tokens; "
      "without one, taken away ...\n")
print(f"{'token':<15}{'weight':>8}{'from the prompt':>18}{'from the model':>17}{'from both':>12}")

left = knock_out_each(clf, doubtful)
for place in (-whole.weights[1:-1]).argsort()[:4] + 1:
    gone = [left[route][place].probabilities[label] for route in ("generator", "backbone", "both")]
    print(f"{whole.tokens[place]:<15}{whole.weights[place]:>8.1%}"
          f"{gone[0]:>18.1%}{gone[1]:>17.1%}{gone[2]:>12.1%}")

# %% [markdown]
# Now by hand. Type a text or pick one, click a token to take it away from the prompt, from the frozen model or from both, and
# choose another seed: does it look at the same tokens? The panel answers while no cell is running; the study further below takes
# minutes, and what you type meanwhile is answered after it.

# %%
from idspam_lab.widgets import PromptExplorer

PromptExplorer(classifiers, [doubtful, text, "dull and clumsy ."])

# %% [markdown]
# ## Is the order faithful?
#
# **Comprehensiveness** (DeYoung et al. 2020) asks: how much of the predicted class's probability is lost when the $k$ tokens that
# an explanation ranks first are erased? High is good. **Sufficiency** keeps only these $k$: a small loss is good.
#
# ### Exercise 2
# `predict(tokens)` returns a list of probabilities, one for each class; `scores` has one number for each token. Return
# $p_y(\text{text}) - p_y(\text{text without its } k \text{ best tokens})$, where $y$ is the class that is predicted for the whole
# text.

# %%
def my_comprehensiveness(predict, tokens, scores, k):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_comprehensiveness

check_comprehensiveness(my_comprehensiveness)

# %% [markdown]
# An erased text is a broken text, and a broken text may lose probability whatever was erased. So the number means something only
# beside that of a **random** order. Uniform weights rank nothing, which makes them random too.
#
# The random order is an easy rival: rare words carry opinions, and an order that puts the *rarest* tokens first has read neither
# the class nor a single gradient. Vocabularies list common tokens first, roughly, so the token's number gives that order.
#
# The study below erases by $w$; by two gradient methods that see both routes (gradient x input: $\partial p / \partial x_j \cdot x_j$ with
# $x_j$ the token's embedding; integrated gradients, Sundararajan et al. 2017, which adds up gradients on the way from a text whose
# embeddings are all 0, so that their sum is the change of $p$); by rarity; and at random: for the prompt, for the
# frozen model, for both; in every seed. It takes the mean over five $k$: 1, 5, 10, 20 and 50 % of the tokens, rounded up. Then it exchanges
# the prompts themselves: attention frozen to uniform, the mean prompt of all texts, another text's prompt, none.
#
# **Predict** four things: does $w$ beat the random order? The rarest tokens? Do the gradients beat $w$? And how many
# predictions flip when every text gets the *same*, mean prompt, so that nothing of the prompt depends on the input?

# %%
from textwrap import fill

from idspam_lab.analysis.faithfulness import findings, prompt_table, study, summary
from idspam_lab.plots import changed_prompts, erasure
from idspam_lab.tasks import sample

texts = sample(data.test, 8 if quick else 24)
measured = study(classifiers, texts, draws=2, steps=8, max_length=64, say=print)
print("", *(fill(line, 95) for line in findings(measured)), sep="\n")

# %%
erasure(summary(measured));

# %% [markdown]
# Compare each order with the random one in the last row, and with rarity in the row above it. The weights' lead over rarity is what they
# know beyond which words are rare. (What *training* has added would be the lead over an untrained generator's weights, which are not
# in this study.) The other measure turns it round: how much is lost when *only* the first tokens are left? A good order lies to the left.

# %%
erasure(summary(measured), measure="sufficiency");

# %% [markdown]
# And what the prediction owes to the prompt being made *from this text*:

# %%
changed_prompts(prompt_table(measured));

# %% [markdown]
# The gradients are meant to beat $w$: they see both routes and the class; $w$ sees one route and no class. What $w$ has for itself
# is that it is part of the computation and not an estimate of it. And if freezing the attention to uniform flips few predictions, then most of
# what the prompt does for these texts it would do without the weights that we have been reading.
#
# Few texts, short training: "not told apart from chance" is a likely answer here, and it is an answer. The next cell reads the
# same study of classifiers that were trained on all of the training texts for three epochs at the usual rate, 3e-3, on 100 texts.
#
# **Predict:** does the order of the weights beat chance there, by how many points, and by which route more?

# %%
from idspam_lab.lessons import measured_study

print(*(fill(line, 95) for line in findings(measured_study())), sep="\n")

# %% [markdown]
# ## A planted truth
#
# For real texts nobody knows the right explanation. So make texts where it is known:
#
# - **pair**: two cue words, each an animal or a tool, among other words. The class: are both of one kind?
# - **place**: animals and tools alone; the class is the kind of the *first*. Equation (1) has no positions: in a bag of words, no
#   word is the first. The frozen model sees the order.
#
# The AUROC is the chance that a cue has more weight than another word: 1 means always, 0.5 is chance. **Predict** accuracy and AUROC
# for both.

# %%
from idspam_lab.analysis.plant import find_cues
from idspam_lab.experiments import evaluate
from idspam_lab.tasks.planted import LABELS, planted

shown = []
for kind in ("pair", "place"):
    train, test = planted(kind, 100 if quick else 1000), planted(kind, 30 if quick else 200, seed=1)
    watched = planted(kind, 30 if quick else 200, seed=2)  # picks the epoch; the test texts do not
    planter = PromptClassifier(backbone, "idspam", labels=LABELS[kind], layer=3)
    before = find_cues(token_table(planter, test.examples, words=True), test.cues)["auroc"].mean()
    out = runs_folder() / f"lesson-03-planted-{kind}-{len(train.cues)}"
    planter.fit(train.examples, watched.examples, planter.preset(epochs=5), out=out)
    accuracy = evaluate(planter, test.examples, "accuracy")["accuracy"]
    cues = find_cues(token_table(planter, test.examples, words=True), test.cues)
    print(f"{kind}: accuracy {accuracy:.1%}, AUROC {before:.2f} before training, "
          f"{cues['auroc'].mean():.2f} after, cues {cues['times'].mean():.2f} times the even share")
    shown.append(token_table(planter, test.examples[:2]).assign(kind=kind))
    for words, places in zip(test.examples.texts[:2], test.cues[:2]):
        print(f"   {words}: the cues are {' and '.join(words.split()[place] for place in places)}")

# %%
for table in shown:
    token_heatmap(table).set_title(table["kind"].iloc[0], loc="left")

# %% [markdown]
# Look at the two accuracies: both classifiers know the class well. In the first the weights say which words it depends on. In the
# second they cannot, and stay almost uniform: the generator found nothing to choose, and the class came by the other route. So
# flat weights are a warning sign, and high accuracy says nothing about whether an explanation is right.

# %% [markdown]
# **What to keep.** The weights say what the prompt was made from. Whether the prediction depends on it has to be measured, beside a random
# order and beside rarity.
#
# > **What we do not know.** Whether weights that pass these tests for film reviews pass them for other tasks, models and layers.
# > Whether an erased text is near enough to real texts for its probability to mean much. How much of $w$ is the method's and how
# > much the seed's: three seeds are few. And a weight is a share of the *pooling*: what the two ReLU layers behind it, and the
# > blocks above, make of that share, no weight says.
#
# **Try next:** train with the usual rate, `lr=3e-3`, and another name for `out=`: the accuracy stays, what becomes of the weights? Take `planted("word", ...)`,
# where the frozen model shows the cue to the head by itself: do the weights find it? After
# `clf.save_pretrained("my-adapter")`, run `idspam-lab faithfulness my-adapter rotten_tomatoes`.
#
# **Read on:** Jain and Wallace 2019 (*Attention is not Explanation*) and Wiegreffe and Pinter 2019 (*Attention is not not Explanation*),
# the dispute behind this lesson; DeYoung et al. 2020 for the two measures; Sundararajan et al. 2017 for integrated gradients.
#
# **Next:** [04 The layer-index curve](04_layer_curve.ipynb).
