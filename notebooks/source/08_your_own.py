# %% [markdown]
# # 08 Your data, your model
#
# **Afterwards you can** bring a table of your own in, find out what is wrong with it before a score hides it, take an adapter of
# 2 MB out, and do the same with another frozen model.
#
# **Time:** 40 minutes with the exercises; the computing takes about 1 minute on two CPU cores, also where SmolLM2 is installed. A GPU is not needed; with one it was not timed.
#
# **In the paper:** section 3.2 and Table 1 for tasks and metrics; appendix B for decoders (GPT-2); section 5 for what is left open.

# %% [markdown]
# ## A table
#
# This lesson writes a table as you might have one: a CSV file, columns with names of their own, words as labels, and **four
# favourable reviews for each unfavourable one**. Put the path of your own file in its place if you like.

# %%
import os
import warnings

import pandas as pd
import torch

from idspam_lab import BadInput, PromptClassifier, load_backbone, load_task
from idspam_lab.lessons import runs_folder

warnings.filterwarnings("ignore", message=".*were cut there")
torch.manual_seed(0)
quick = os.environ.get("IDSPAM_QUICK")  # set by the tests: fewer texts
reviews = load_task("rotten_tomatoes", source="embedded").train
good, bad = ([text for text, label in zip(reviews.texts, reviews.labels) if label == which]
             for which in (1, 0))
many = 40 if quick else 200
own = pd.DataFrame({"opinion": good[: 4 * many] + bad[:many],
                    "verdict": ["fresh"] * 4 * many + ["rotten"] * many})

folder = runs_folder() / f"lesson-08-{len(own)}"
folder.mkdir(parents=True, exist_ok=True)
table = folder / "opinions.csv"
own.to_csv(table, index=False)
own.iloc[[0, -1]]

# %% [markdown]
# ## In
#
# **Predict:** will `load_task` find the columns by itself?

# %%
try:
    load_task(table)
except BadInput as error:
    print(error)

# %% [markdown]
# It knows the usual names (`text`, `review`, `sentence1` and `sentence2`, ...; `label`, `class`, `sentiment`, ...) and guesses
# nothing beyond them: a wrong guess would train on the wrong column without a word. So name them.

# %%
data = load_task(table, text="opinion", label="verdict", metric="acc_f1")
print(data.source)
print(data.split_rule)
print(f"train {len(data.train)}, validation {len(data.validation)}, test {len(data.test)} rows; "
      f"fingerprint {data.fingerprint}")

# %% [markdown]
# Three things have happened. The labels became numbers in the order of their names. The table was divided **by a rule that is said
# and that gives the same rows on every machine**: it depends on the texts alone, not on a random state. And rows with the same
# text stayed together, so that none is on both sides.
#
# ## What can be wrong with a table
#
# **Predict:** four rows are damaged below, one at a time. Which of them will be read all the same?

# %%
damaged = {
    "a comma without quotation marks": "dull , and clumsy too,rotten",
    "no label": '"dull and clumsy ",',
    "nothing but blanks": '"  ",rotten',
    "another class": '"dull and clumsy",Rotten',
}
for what, line in damaged.items():
    broken = folder / "broken.csv"
    broken.write_text(table.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    try:
        found = load_task(broken, text="opinion", label="verdict")
        print(f"{what}: read, with the classes {', '.join(found.task.labels)}")
    except BadInput as error:
        print(f"{what}: {error}")

# %% [markdown]
# The last one is read: a new word is a new class, and only you can know that it is not meant to be one. **Look at the classes
# that `load_task` names** before you train.
#
# ## The same text on both sides
#
# If you divide a table yourself (a folder with `train.csv` and `test.csv`), nobody keeps equal texts together. And equal does not
# mean letter by letter.
#
# ### Exercise 1
# Return how many texts of `test` are among those of `train` if case and white space are ignored: "It 's dull ." and "it's dull." are one
# text.

# %%
def my_leaks(train, test):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_leaks

check_leaks(my_leaks)

# %% [markdown]
# If you are stuck, [solutions/08](solutions/08_your_own.ipynb) has it; nothing below depends on yours. `load_task` asks the same
# of every test split that it is given:

# %%
divided = folder / "divided"
divided.mkdir(exist_ok=True)
mixed = own.sample(frac=1, random_state=0)
train, test = mixed[: 4 * many], mixed[4 * many :]
copied = train[: many // 10].assign(opinion=lambda rows: rows["opinion"].str.upper() + " ")
train.to_csv(divided / "train.csv", index=False)
pd.concat([test, copied]).to_csv(divided / "test.csv", index=False)

with warnings.catch_warnings(record=True) as noticed:
    warnings.simplefilter("always")
    load_task(divided, text="opinion", label="verdict", holdout=0)
print(noticed[-1].message)

# %% [markdown]
# ## A score that a rare class counts in
#
# **Predict:** what accuracy does somebody reach on the test rows who has not read a single one, and says "fresh" every time?

# %%
from idspam_lab.experiments import evaluate, majority

lazy = majority(data.train, data.test, "acc_f1", 2)
print(f"always the majority class: accuracy {lazy['accuracy']:.1%}, "
      f"macro F1 {lazy['macro_f1']:.1%}")

# %% [markdown]
# The paper reports the mean of accuracy and **macro F1** for MRPC and QQP, whose classes are uneven too. With the true positives
# $TP_c$, false positives $FP_c$ and false negatives $FN_c$ of class $c$,
#
# $$F1_c = \frac{2\,TP_c}{2\,TP_c + FP_c + FN_c} \qquad \text{macro F1} = \frac{1}{K}\sum_c F1_c$$
#
# A class that is never right counts 0, and each class counts the same.
#
# ### Exercise 2
# Write it. `labels` and `predictions` are lists of class numbers; the classes are those that occur in either.

# %%
def my_macro_f1(labels, predictions):
    ...  # replace this line


# %%
from idspam_lab.lessons import check_macro_f1

check_macro_f1(my_macro_f1)

# %% [markdown]
# ## Train
#
# `metric="acc_f1"` above says by which score the epoch is picked (`"macro_f1"`: by macro F1 alone). The learning rate is three times the usual one, because few rows
# are few steps, and at the usual one the weights hardly move. The run is kept, as always.
#
# **Predict:** will ID-SPAM be further above the lazy answer in accuracy or in macro F1?

# %%
backbone = load_backbone("minilm")
clf = PromptClassifier(backbone, "idspam", labels=data.task.labels, layer=3)
settings = clf.preset(lr=1e-2, epochs=5, max_length=64)
run = clf.fit(data.train, data.validation, settings, metric=data.task.metric, out=folder / "run")
found = evaluate(clf, data.test, "acc_f1", max_length=64)
print(f"ID-SPAM: accuracy {found['accuracy']:.1%} "
      f"({found['interval'][0]:.1%} to {found['interval'][1]:.1%}), "
      f"macro F1 {found['macro_f1']:.1%}; {found['texts']} test rows")

# %% [markdown]
# Mind the interval: on so few rows much is luck. Your own table will have the same trouble.
#
# ## Out
#
# The adapter is what was trained, and the name and the fingerprint of the frozen model that it belongs to. Not the model, and none
# of your texts.

# %%
adapter = folder / "adapter"
clf.save_pretrained(adapter)
for file in sorted(adapter.iterdir()):
    print(f"{file.name:<22}{file.stat().st_size:>10,} bytes")
weights = sum(p.numel() for p in clf.parameters() if p.requires_grad) * 4
frozen = sum(p.numel() for p in backbone.parameters()) * 4
print(f"{weights:,} bytes of weights; the frozen model has {frozen:,}")

# %%
again = PromptClassifier.from_pretrained(adapter)
texts = ["a gripping , funny and unexpectedly moving film .", "dull and clumsy ."]
apart = abs(again.predict_proba(texts) - clf.predict_proba(texts)).max()
print(again.predict(texts), f"the probabilities differ by {apart:.1e}")

# %% [markdown]
# New texts come from a list as above, or from a table, with or without labels:

# %%
from idspam_lab.tasks import read_table

new = folder / "new.csv"
pd.DataFrame({"id": [1, 2], "opinion": texts}).to_csv(new, index=False)
unlabelled = read_table(new, text="opinion", labelled=False)
shares = pd.DataFrame(clf.predict_proba(unlabelled.examples), columns=list(clf.label2id))
shares.round(3).assign(text=unlabelled.examples.texts)

# %% [markdown]
# The same on the command line, with a table of yours in the place of `opinions.csv` (in a terminal in the project's folder, after
# `. .venv/bin/activate`):
#
# ```
# idspam-lab train opinions.csv --text opinion --label verdict --metric acc_f1 --lr 0.01 --max-length 64 --out runs/opinions
# idspam-lab train opinions.csv --text opinion --label verdict --metric acc_f1 --layer auto
# idspam-lab evaluate runs/opinions next_month.csv --text opinion --label verdict
# idspam-lab predict runs/opinions "dull and clumsy"
# idspam-lab predict runs/opinions --file one_text_a_line.txt
# ```

# %%
from idspam_lab.cli import main

main(["predict", str(adapter), *texts]);

# %% [markdown]
# ## Another model
#
# `load_backbone` takes a folder as `save_pretrained` of any Hugging Face model leaves it, or a hub address. It has to be of a family
# that can be run in stages here; BERT, RoBERTa, GPT-2, Llama, Qwen and others can. To have one without a network, the next cell
# makes a GPT-2 decoder of 4 blocks, with a tokenizer learned from your texts. **Its weights are random: it has read nothing, and
# its scores mean nothing.** What it shows is the way that a real one takes.

# %%
from idspam_lab.lessons import write_random_decoder

mine = write_random_decoder(folder / "my-decoder", own["opinion"])
print(", ".join(sorted(file.name for file in mine.iterdir())))
decoder = load_backbone(mine)
print(f"{decoder.name}: {decoder.config.model_type}, {decoder.L} blocks, n = {decoder.n}; "
      f"the head reads the {decoder.default_read} token")

# %% [markdown]
# An encoder's head reads the first token, or the mean; a decoder's **last** one, since only that has seen the whole text. The prompt
# stands in front of the text in both.

# %%
noise = PromptClassifier(decoder, "idspam", labels=data.task.labels, layer=2)
few = data.train[::4]
run = noise.fit(few, None, noise.preset(epochs=1, max_length=64), progress=False)
print(f"{run.trained_parameters:,} numbers trained; "
      f"the loss was {run.history[0]['train_loss']:.2f}")

# %% [markdown]
# **Predict:** what happens if the adapter from above is put on this model?

# %%
try:
    PromptClassifier.from_pretrained(adapter, backbone=decoder)
except BadInput as error:
    print(error)

# %% [markdown]
# It is refused by the fingerprint of the weights, so another *version* of the same model would be refused too.
#
# A real decoder, SmolLM2 with 135 million numbers, comes with `make models`. On the few texts that a minute allows, expect little
# of it: this too is the way, not a result.

# %%
from idspam_lab.backbones.packaged import is_installed

if quick or not is_installed("smollm2"):
    print("Left out here: SmolLM2 is not installed (make models), or this is the small setting.")
else:
    smollm2 = load_backbone("smollm2")
    large = PromptClassifier(smollm2, "idspam", labels=data.task.labels, layer=20)
    settings = large.preset(lr=1e-3, epochs=2, batch_size=16, max_length=48)
    run = large.fit(data.train[::8], None, settings, out=folder / "smollm2", progress=False)
    found = evaluate(large, data.test, "acc_f1", max_length=48)
    print(f"SmolLM2, {smollm2.L} blocks, prompt at block 20: accuracy {found['accuracy']:.1%}, "
          f"macro F1 {found['macro_f1']:.1%}")
    print(f"{run.trained_parameters:,} numbers trained on {len(data.train[::8])} texts, "
          f"{run.seconds:.0f} s")

# %% [markdown]
# ## Share it
#
# An adapter's folder can be copied, zipped, or handed round on a USB stick: whoever has the same frozen model can load it. To put
# it on the hub, log in once (`hf auth login`), then
#
# ```python
# clf.push_to_hub("you/opinions", private=True)
# PromptClassifier.from_pretrained("you/opinions")
# ```
#
# This is not run here: it needs a network, and it publishes. What goes up are the trained weights, `config.json` with the labels'
# names and the model's name and fingerprint, and a README to fill in. Write there what it was trained on, how it was measured, and
# on what it was *not*.
#
# ## Before it decides anything
#
# - **Who is misread?** A mean over all texts hides a group that is read badly: reviews by people who write otherwise, in a dialect,
#   about other films. Score such groups by themselves, and with their intervals: small groups have wide ones. (An interval is printed
#   for the accuracy alone; for macro F1 draw the test texts again, with replacement, a thousand times, and see how far it moves.)
# - **What can a text do to its own prompt?** Here the text makes the prompt. Whoever writes the text can try to find words that move
#   it; the explorer of lesson 03 shows what single words can do. Nobody has tested how far that goes for ID-SPAM.
# - **Whose adapter is it?** Adapters here are safetensors and JSON, which run no code when they are loaded. But an adapter from a
#   stranger can have been trained to answer a certain word in a certain way. Test it on texts of your own.
# - **May you?** The texts, the frozen model and the adapter each have terms; those of the model hold for what is made with it.
# - **Do not decide about people with this.** Nothing here was measured for that.

# %% [markdown]
# **What to keep.** Look at the classes, at texts that are on both sides and at the lazy answer, before you look at a score.
#
# > **What we do not know.** Whether next month's texts will be like these: a test split of one table says nothing about that. Whether
# > the block that suits film reviews suits your texts: `--layer auto` asks the validation rows. How well a random decoder stands for
# > yours: only as far as shapes go. And whether an adapter of 590,000 numbers can be made to give away the texts it was trained on:
# > nobody has tried that here, so treat it like the texts themselves.
#
# **Try next:** your own table. Before the first training: `majority` and a linear head, so that you know what a score has to beat.
# Then several seeds (`idspam-lab compare --task opinions.csv --text opinion --label verdict --metric acc_f1 --methods idspam lora`,
# lesson 06), then the weights (lesson 03).
