# %% [markdown]
# # 02 Training
#
# **Afterwards you can** train on a GPU or a CPU with the same cells, watch a run and stop it without losing it, say what a frozen
# model saves in memory and in time, and go on after a power cut.
#
# **Time:** 30 minutes with the exercises; the computing takes about 2 minutes on two CPU cores that multiply bf16 in hardware (on a single one that does not: 10). With a GPU the same cells take all texts; that was not timed.
#
# **In the paper:** appendix A for the settings; appendix D with Tables 12 to 15 for sizes and times.

# %% [markdown]
# ## Where will it be computed?
#
# Nothing has to be switched. **Predict:** which device and which precision will be picked on this machine, and why?

# %%
import os
import time
import warnings

import pandas as pd
import torch

from idspam_lab import PromptClassifier, load_backbone, load_task
from idspam_lab.lessons import runs_folder
from idspam_lab.training.device import in_words, training_device

warnings.filterwarnings("ignore", message=".*were cut there")
torch.manual_seed(0)
device = training_device()
print(in_words(device))

# %% [markdown]
# A CPU gets fewer texts, and that is the only difference below.

# %%
quick = os.environ.get("IDSPAM_QUICK")  # set by the tests: fewer texts
texts = 96 if quick else None if device.type == "cuda" else 1500
data = load_task("rotten_tomatoes", source="embedded", limit=texts, holdout=40 if quick else 300)
backbone = load_backbone("minilm")
print(f"{len(data.train):,} texts to train on, {len(data.validation)} to choose the epoch by. "
      f"{data.split_rule}")


def classifier(method="idspam", **options):
    return PromptClassifier(backbone, method, labels=data.task.labels, **options)


# %% [markdown]
# ## The learning rate over a run
#
# The paper trains with AdamW ($\beta = (0.9, 0.98)$, $\epsilon = 10^{-6}$) and a **warm-up** of 0.06 of the steps: AdamW
# divides by the root of a running mean of squared gradients. At first that is made of few gradients, so the first steps are kept small. What comes after the warm-up the
# paper does not say; here the rate falls to 0 in a straight line. With $K$ steps in all, $r = \mathrm{round}(0.06\,K)$ of them
# warm-up, the factor at step $k = 0 \ldots K-1$ is
#
# $$f(k) = \frac{k+1}{r} \;\text{ for } k < r, \qquad f(k) = \frac{K-k}{K-r} \;\text{ for } k \ge r$$
#
# ### Exercise 1
# Write it. `warmup` is the share of the steps, 0.06 in the paper, so $r$ is `round(warmup * steps)`. If there is no warm-up, it falls from 1 at once; if all steps are warm-up, there is nothing to fall.

# %%
def my_lr_factor(step, steps, warmup):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_lr_factor

check_lr_factor(my_lr_factor)

# %% [markdown]
# If you are stuck, [solutions/02](solutions/02_training.ipynb) has it; nothing below depends on yours. The package's own is three
# lines in `training/loop.py`:

# %%
from idspam_lab.training.loop import rate

steps = 100
factors = pd.Series([rate(step, steps, 0.06) for step in range(steps)])
factors.plot(xlabel="step", ylabel="times the learning rate", figsize=(7, 3),
             title="a warm-up of 0.06, then down");

# %% [markdown]
# ## Train, and watch
#
# The next cell shows a panel, the one after it trains. While it does: **Stop** ends the run after the step it is in and keeps the
# best epoch so far. The two sentences are read again as the weights change.
#
# **Predict:** after how many epochs will the accuracy stop growing? And what will the training loss do from then on?

# %%
from idspam_lab.experiments import majority
from idspam_lab.widgets import LiveTraining

clf = classifier(layer=3)
most = majority(data.train, data.validation, "accuracy", 2)["accuracy"]
watched = ["a gripping , funny and unexpectedly moving film .",
           "the plot is thin , but what a performance !"]
live = LiveTraining(clf, watched, levels={"majority class": most})
live

# %%
settings = clf.preset(epochs=20 if quick else 5, max_length=64)
out = runs_folder() / f"lesson-02-{len(data.train)}"
run = await live.fit(data.train, data.validation, settings, out=out)
shown = ["epoch", "train_loss", "validation_accuracy", "train_seconds", "texts_per_second"]
pd.DataFrame(run.history)[shown].round(3)

# %% [markdown]
# `await` lets the notebook hear the button while a thread trains. The run lies under `runs/`: run the cell again, and a finished
# run is read back; one that you have stopped goes on. Every run of this cell begins with the weights that `clf` had when the panel was made. If the training loss went on falling after the best epoch while the accuracy on
# the validation texts did not grow, that is **overfitting**: what is still learned is the training texts themselves. "Look back" shows the weights of earlier steps.
#
# ## Half the digits
#
# A bf16 number has the range of fp32 and 8 significant bits in place of 24: around 1, neighbours lie 1/128 apart. Processors with
# hardware for it multiply bf16 several times faster. The weights stay in fp32, because a step of $10^{-3}$ added to 1 would be
# lost:

# %%
print(torch.tensor([1.0, 1.001, 1.01, 300.7]).bfloat16().tolist(), torch.finfo(torch.bfloat16).eps)
print("1 + 0.001 in bf16:", float(torch.tensor(1.0).bfloat16() + torch.tensor(0.001).bfloat16()))

# %% [markdown]
# **Predict:** by how much will the logits of the test texts move? How many predictions will change? And is bf16 faster *here*?

# %%
from idspam_lab.training import predict_logits

rows = clf.rows(data.test[: 40 if quick else 300], 64)
logits = {precision: predict_logits(clf, rows, clf.pad_id, precision=precision)
          for precision in ("fp32", "bf16")}
moved = (logits["bf16"] - logits["fp32"]).abs()
changed = int((logits["bf16"].argmax(-1) != logits["fp32"].argmax(-1)).sum())
print(f"logits between {logits['fp32'].min():.1f} and {logits['fp32'].max():.1f} move "
      f"by {moved.mean():.3f} on average, {moved.max():.3f} at most")
print(f"{changed} of {len(rows)} predictions change")

# %%
from idspam_lab.bench.contenders import ours
from idspam_lab.lessons import step_times

batches, repeats = clf.rows(data.train, 64)[: 32 * (2 if quick else 5)], 1 if quick else 3
cases = {precision: ours(classifier(layer=3), batches, 32, precision, "plain")
         for precision in ("fp32", "bf16")}
step_times(cases, 32, repeats)

# %% [markdown]
# Where bf16 is slower, the processor has no hardware for it and has to convert; then `precision="auto"` takes fp32. Where it is
# faster, "auto" takes it.
#
# ## What a frozen model saves: memory
#
# To train a number, AdamW needs four: its weight, its gradient, and two moments. In fp32 each has 4 bytes. A frozen number needs
# its weight alone.
#
# ### Exercise 2
# Return the bytes that `frozen` and `trained` numbers take together while training.

# %%
def my_training_bytes(frozen, trained):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_training_bytes

check_training_bytes(my_training_bytes)

# %% [markdown]
# And there is what no count of weights shows: the **activations**, intermediate results of the forward pass that the backward pass
# needs, from the last block down to the lowest that a gradient has to reach. Full fine-tuning has to reach the embeddings. A prompt
# that joins at block $m$ needs nothing from below $m$.
#
# **Predict:** which of these does ID-SPAM save most of: gradients, moments or activations? How much does $m = 5$ need beside $m = 0$? The next cell takes one step of
# each with the same 32 texts and counts.

# %%
from idspam_lab.lessons import step_memory
from idspam_lab.training.batches import Collate

batch = {name: part.to(device) for name, part in Collate(clf.pad_id)(batches[:32]).items()}
candidates = {"full fine-tuning": classifier("fine_tuning")}
candidates |= {f"ID-SPAM, m = {m}": classifier(layer=m) for m in (0, 3, 5)}
step_memory(candidates, batch)

# %% [markdown]
# The first three columns follow from the count: 4 and 8 bytes a trained number, 38 times as many for full fine-tuning. They do
# not grow with the batch. The last one does, and with the length of the texts: with large batches or long texts it decides what
# fits.
#
# ## What a frozen model saves: time
#
# The paper measures seconds until the best epoch (Table 15), with RoBERTa-large:

# %%
from idspam_lab.paper_tables import as_printed

as_printed(15)

# %% [markdown]
# Such a total mixes two things: how long a step takes, and how many steps the best epoch needed. A step alone can be compared
# fairly, on the same batches. **Predict** the order of these six. The last two also know that what lies below $m$ is the same in
# every epoch, and look it up.

# %%
cases = {"full fine-tuning": ours(classifier("fine_tuning"), batches, 32, "auto", "plain")}
cases |= {f"ID-SPAM, m = {m}": ours(classifier(layer=m), batches, 32, "auto", "plain")
          for m in (0, 3, 5)}
cases |= {f"ID-SPAM, m = {m}, states kept": ours(classifier(layer=m), batches, 32, "auto", "kept")
          for m in (3, 5)}
step_times(cases, 32, repeats)

# %% [markdown]
# ## Computed once
#
# The model below $m$ is frozen and has no dropout: $h_m$ is a function of the text. `fit` computes it when the run begins and keeps
# it in memory if that takes no more than a quarter of what is free, else in a file (`frozen/store.py`):
#
# $$\text{bytes} = \text{tokens} \times n \times 4$$
#
# **Predict:** how many MB for the texts of the next cell, with about 27 tokens each? And is it worth it for one epoch?

# %%
from idspam_lab.tasks import sample
from idspam_lab.frozen import Store

some = sample(data.train, 48 if quick else 300)
short = clf.preset(epochs=3, max_length=64)
store = Store()
for name, kept in (("nothing kept", False), ("states kept", store)):
    started = time.perf_counter()
    trial = classifier(layer=5).fit(some, None, short, store=kept, progress=False)
    speed = [f"{epoch['texts_per_second']:.0f}" for epoch in trial.history]
    print(f"{name:<13} {time.perf_counter() - started:5.1f} s in all; "
          f"texts a second by epoch: {', '.join(speed)}")

tokens = sum(len(row["input_ids"]) for row in clf.rows(some, 64))
print(f"{tokens:,} tokens x {backbone.n} x 4 bytes = {tokens * backbone.n * 4 / 1e6:.1f} MB; "
      f"kept: {sum(store.used.values()) / 1e6:.1f} MB")

# %% [markdown]
# The total time includes making the states. In a single epoch each text is met only once, so nothing would be gained, and `fit`
# keeps nothing then. (Equal texts are kept once, so a little less may be kept than the formula says.)
#
# ## A power cut
#
# After each epoch a run writes a checkpoint into its folder. **Predict:** a run that was cut off in its second epoch goes on from
# the first one's end. Will its weights in the end be *near* those of a run that was never cut, or *the same*?

# %%
from idspam_lab import StopTraining


def power_cut(progress):
    if progress.epoch == 2:
        raise StopTraining("the power went")


folder = runs_folder() / f"lesson-02-cut-{len(some)}"
cut, resumed, never_cut = (classifier(layer=5) for _ in range(3))
first = cut.fit(some, None, short, out=folder, callbacks=[power_cut], progress=False)
second = resumed.fit(some, None, short, out=folder, progress=False)
third = never_cut.fit(some, None, short, progress=False)
apart = max(float((a - b).detach().abs().max())
            for a, b in zip(resumed.parameters(), never_cut.parameters()))
print(f"epochs after the cut: {len(first.history)}, in the end: {len(second.history)}")
print(f"the weights differ by {apart:.1e} from those of a run that was never cut")

# %% [markdown]
# Every epoch seeds itself, so on a CPU nothing depends on how often a run was cut. (Run the cell again, and no epoch is left to
# cut.) A GPU may add in another order each time; there the weights can differ in their last digits.
#
# ## The room cannot wait
#
# What was trained can be saved without the frozen model: here that is called an **adapter**. It is small, so trained ones can lie in
# the project. This one was trained on all of SST-2:

# %%
from idspam_lab.lessons import shipped_adapter, shipped_record

ready, record = shipped_adapter("sst2"), shipped_record("sst2")
print(record["command"])
print(f"{record['train']:,} texts, {record['minutes']:.0f} minutes "
      f"on {record['hardware']['processor']}, {record['hardware']['threads']} thread")
for row in record["results"]:
    print(f"{row['method']:<15}{row['accuracy']:>7.1%} of {row['texts']} sentences right "
          f"({row['interval'][0]:.1%} to {row['interval'][1]:.1%})")

# %%
from idspam_lab.plots import token_weights

print(dict(zip(watched, ready.predict(watched))))
token_weights(ready.explain(watched[:1])[0]);

# %% [markdown]
# > **Trap.** It would be tempting to evaluate this adapter on the Rotten Tomatoes texts of this lesson. But SST-2 was made of the
# > same reviews: 731 of the 872 sentences that it is reported on are among those 8,530 texts, and 3,937 of the texts are rows that it
# > was trained on. The score would look fine and mean little. IMDB's long reviews are other texts (lesson 05).

# %% [markdown]
# **What to keep.** A frozen number costs 4 bytes, a trained one 16. The higher the block, the less there is to keep and to compute; what
# lies below it is computed once.
#
# > **What we do not know.** How much of the paper's seconds in Table 15 are seconds a step and how much is the number of epochs:
# > neither is printed. (The GPU is: one A100 with 80 GB, section 3.1.) What the rate should do after the warm-up: the paper is silent. Whether 5 epochs are enough
# > here: the best epoch was picked among these five. And seconds measured on a machine that does other things too are seconds of
# > that machine at that time: only the order of cases that are far apart will repeat.
#
# **Try next:** press Stop in the second epoch, look back, then run the training cell again. Set `warmup=0.0` and give
# `out=` another name: does the first epoch change? Set `max_length=256`, and the 64 in the cells below it, take `imdb`, and look at
# the memory table again. `idspam-lab bench` measures all of this with more care.
#
# **Next:** [03 Token attention](03_token_attention.ipynb).
