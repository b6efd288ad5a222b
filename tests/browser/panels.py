"""A notebook with every panel in it, for the browser to use."""

import jupytext
import nbformat

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
TEXT = "a gripping , funny and unexpectedly moving film ."
HOSTILE = "</script><script>alert(1)</script> <b>dull</b>"
LONG = "positive, or at least not as bad as it was said to be"
EPOCHS = 200  # far more than a test waits for: Stop ends it

SOURCE = """# %%
import pandas as pd

from idspam_lab import PromptClassifier, Settings, load_backbone, load_task
from idspam_lab.bertviz_offline import generator_view, head_view, model_view
from idspam_lab.widgets import LayerCurve, LiveTraining, PromptExplorer, Transfer
from idspam_lab.widgets.transfer import predictions

backbone = load_backbone("minilm")
data = load_task("rotten_tomatoes", source="embedded", limit=160)
clf = PromptClassifier(backbone, "idspam", labels=data.task.labels, layer=3)
first = PromptClassifier(backbone, "idspam", labels=data.task.labels, layer=0)
plain = PromptClassifier(backbone, "linear_head", labels=data.task.labels)
few = data.validation.select(range(0, len(data.validation), 25))

# %%
live = LiveTraining(clf, [{text!r}, {hostile!r}], levels={{"majority class": 0.5}})
live

# %%
run = await live.fit(data.train, few, Settings(epochs={epochs}, lr=3e-3, max_length=48))
print(f"{{len(run.history)}} epochs, stopped: {{run.stopped}}, kept: {{run.best_epoch}}")

# %%
PromptExplorer({{"reviews": [clf, first], "frozen": plain}}, [{text!r}, {hostile!r}])

# %%
made_up = [
    {{"train_task": "reviews", "test_task": task, "method": method, "layer": m, "seed": seed, "metric": "accuracy",
     "score": base + 0.03 * m - 0.004 * m * m + 0.04 * seed, "accuracy": base, "macro_f1": base}}
    for task, method, base in (("reviews", "idspam", 0.6), ("reviews", "lpt", 0.55), ("imdb", "idspam", 0.5))
    for m in range(6) for seed in range(2)
]
LayerCurve(pd.DataFrame(made_up), lambda row: clf if row["layer"] == 3 else None, [{text!r}])

# %%
trained = {{"reviews": {{"idspam": clf, "linear head": plain}}, "nothing": {{"idspam": first}}}}
Transfer(predictions(trained, {{"held out": few}}))

# %%
head_view(clf, {text!r})

# %%
model_view(clf, "a gripping film")

# %%
generator_view(clf, {hostile!r})

# %%
print("all cells ran")
"""

ONE_CLASSIFIER = f"""# %%
import pandas as pd

from idspam_lab import PromptClassifier, load_backbone
from idspam_lab.widgets import LayerCurve, PromptExplorer

clf = PromptClassifier(load_backbone("minilm"), "idspam", labels=("negative", {LONG!r}), layer=3)

# %%
PromptExplorer({{"reviews": clf}}, [{TEXT!r}])

# %%
methods = ["idspam", *(f"method {{i}}" for i in range(2, 10))]
rows = [
    {{"train_task": "reviews", "test_task": "reviews", "method": name, "layer": m, "seed": 0, "score": 0.7 - 0.05 * i}}
    for i, name in enumerate(methods) for m in range(13)
]
LayerCurve(pd.DataFrame(rows), lambda row: clf, [{TEXT!r}])
"""

TRAINS_IN_VOILA = """# %%
from idspam_lab import PromptClassifier, Settings, load_backbone, load_task
from idspam_lab.widgets import LiveTraining

data = load_task("rotten_tomatoes", source="embedded", limit=160)
clf = PromptClassifier(load_backbone("minilm"), "idspam", labels=data.task.labels, layer=3)
few = data.validation.select(range(0, len(data.validation), 25))
live = LiveTraining(clf)
live.fit(data.train, few, Settings(epochs=200, lr=3e-3, max_length=48))  # shown, not awaited
"""


def panels(epochs: int = EPOCHS) -> str:
    """The notebook with every panel."""
    return notebook_of(SOURCE.format(text=TEXT, hostile=HOSTILE, epochs=epochs))


def notebook_of(source: str) -> str:
    """A notebook's text from percent cells."""
    notebook = jupytext.reads(source, fmt="py:percent")
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    return nbformat.writes(notebook)
