"""Draws an example of every picture of the package, from small runs on the embedded model and texts or from data/.

    python docs/make_pictures.py            about two minutes on two cores

Writes docs/pictures/*.png and docs/pictures/README.md, which says what each shows and what it was measured on. The runs
lie in runs/pictures.
"""

import dataclasses
import functools
import json
import shutil
from pathlib import Path

import pandas as pd
from PIL import Image

from idspam_lab import PromptClassifier, load_backbone, load_task, plots
from idspam_lab.analysis.faithfulness import findings, prompt_table, summary
from idspam_lab.analysis.plant import find_cues
from idspam_lab.analysis.prompts import input_share, project, prompts
from idspam_lab.analysis.tokens import attention, token_table
from idspam_lab.claims.scores import SOFT_PROMPTS, all_leads
from idspam_lab.counting import count
from idspam_lab.experiments import evaluate, majority
from idspam_lab.experiments.faithfulness import read_study
from idspam_lab.experiments.summary import read_results
from idspam_lab.files import write_text
from idspam_lab.methods import LABELS
from idspam_lab.tasks import sample
from idspam_lab.tasks.planted import LABELS as PLANTED_LABELS
from idspam_lab.tasks.planted import planted

ROOT = Path(__file__).resolve().parent.parent
PICTURES, RUNS = ROOT / "docs" / "pictures", ROOT / "runs" / "pictures"
TEXTS, VALIDATION, TEST, SEEDS = 800, 300, 500, (0, 1, 2)
DPI = 100  # small enough for a README
SENTENCES = ["an unforgettable , gripping film .", "forget the misleading title , and forget the film ."]

backbone = functools.cache(load_backbone)


@functools.cache
def snippets():
    """Few of the embedded texts."""
    data = load_task("rotten_tomatoes", source="embedded", limit=TEXTS, holdout=VALIDATION)
    return dataclasses.replace(data, test=sample(data.test, TEST))


@functools.cache
def trained() -> dict[str, PromptClassifier]:
    """ID-SPAM in each of the seeds, trained so fast that the weights leave the uniform ones on few texts."""
    data, found = load_task("rotten_tomatoes", source="embedded", limit=1500, holdout=VALIDATION), {}
    for seed in SEEDS:
        clf = PromptClassifier(backbone(), labels=data.task.labels, seed=seed)
        settings = clf.preset(lr=1e-2, epochs=3, max_length=64, seed=seed)
        clf.fit(data.train, data.validation, settings, out=RUNS / f"read-{seed}")
        found[f"seed {seed}"] = clf
    return found


# Each returns the figure and its caption -----------------------------------------------------------------------------


def training_curve():
    data, clf = snippets(), PromptClassifier(backbone(), labels=snippets().task.labels)
    run = clf.fit(data.train, data.validation, clf.preset(epochs=4, max_length=64), out=RUNS / "curve")
    baselines = {"majority": majority(data.train, data.validation, "accuracy", 2)["accuracy"]}
    head = PromptClassifier(backbone(), "linear_head", labels=data.task.labels)
    head_run = head.fit(data.train, data.validation, head.preset(max_length=64), out=RUNS / "curve-head")
    baselines["linear_head"] = head_run.best["validation_accuracy"]
    ax = plots.training_curve(run.history, **baselines)
    return ax.figure, f"One run on {TEXTS:,} snippets, validation texts."


def token_weights():
    (found,) = trained()["seed 0"].explain(SENTENCES[1:])
    return plots.token_weights(found).figure, "One sentence, seed 0."


def token_heatmap():
    ax = plots.token_heatmap(token_table(trained()["seed 0"], SENTENCES, words=True))
    return ax.figure, "Two sentences, sub-words added up to words, seed 0."


def attention_matrix():
    (found,) = trained()["seed 0"].explain(SENTENCES[1:])
    return plots.attention_matrix(attention(found)).figure, "The same sentence, seed 0; its mean over the rows is w."


def layer_curve():
    file = "data/results/curve_sst2.csv"
    table = read_results(ROOT / file)
    texts, seeds = int(table["train_texts"].iloc[0]), table["seed"].nunique()
    return plots.layer_curve(table, L=6).figure, (
        f"Measured: `{file}`, MiniLM-L6, {texts:,} training texts, {seeds} seeds. The paper's Figure 2 is of "
        "RoBERTa-large on MRPC and RTE, without numbers; its text calls middle blocks the best."
    )


def method_comparison():
    file = "data/results/compare_rotten_tomatoes.csv"
    table = read_results(ROOT / file)
    table = table[~table["method"].str.contains("(", regex=False)]  # without ID-SPAM's variants
    texts, seeds = int(table["train_texts"].iloc[0]), table["seed"].nunique()
    return plots.method_comparison(table).figure, f"Measured: `{file}`, {texts:,} training texts, {seeds} seeds."


def leads():
    table = all_leads(ROOT / "data" / "results")
    rivals = [*SOFT_PROMPTS, "mean pooling", "LoRA", "fine-tuning"]
    return plots.leads(table, rivals=rivals), (
        "Measured: ID-SPAM with MiniLM-L6 beside its rivals in the tables of `data/results`, what was asked again left "
        "out; a row says the task, or both of a transfer, and the number of training texts. "
        "[RESULTS.md](../../data/results/RESULTS.md) has the numbers and says when a lead counts."
    )


def transfer_matrix():
    file = "data/results/transfer_sst2_imdb.csv"
    table = read_results(ROOT / file)
    caption = f"Measured: `{file}`, {table['seed'].nunique()} seeds."
    return plots.transfer_matrix(table, method="ID-SPAM").figure, caption


def parameter_counts():
    rows = []
    for name in ("roberta-base", "roberta-large"):
        for method in ("idspam", "lpt", "lora"):
            found = count(method, name)
            printed = found.printed.value if found.printed else None
            rows.append((name, LABELS[method], found.method, printed))
    table = pd.DataFrame(rows, columns=["backbone", "method", "parameters", "printed"])
    return plots.parameter_counts(table).figure, "Counted from the models' shapes, beside the paper's Table 12."


def prompt_map():
    clf, texts = trained()["seed 0"], snippets().test
    S = prompts(clf, texts, max_length=64)
    table = project(S).assign(label=[clf.id2label[label] for label in texts.labels])
    ax = plots.prompt_map(table)
    share = f"{100 * input_share(S):.0f} % of the prompts' squared length depends on the text"
    return ax.figure, f"{len(texts)} test texts, seed 0; {share}."


def faithfulness():
    folder = "data/results/faithfulness_rotten_tomatoes"
    found, about = read_study(ROOT / folder), json.loads((ROOT / folder / "about.json").read_text())
    figure = plots.faithfulness(summary(found), prompt_table(found), findings(found))
    return figure, f"Measured: `{folder}`, {about['texts']} test texts, {len(about['adapters'])} seeds."


def planted_cues():
    rows = []
    for kind in ("pair", "place"):
        train, test = planted(kind, 1000), planted(kind, 200, seed=1)
        clf = PromptClassifier(backbone(), labels=PLANTED_LABELS[kind])
        watched = planted(kind, 200, seed=2)  # picks the epoch; the test texts do not
        clf.fit(train.examples, watched.examples, clf.preset(epochs=5), out=RUNS / f"planted-{kind}-watched")
        found = find_cues(token_table(clf, test.examples, words=True), test.cues)
        right = evaluate(clf, test.examples, "accuracy")["accuracy"]
        rows.append(f"{kind}: accuracy {right:.2f}, AUROC {found['auroc'].mean():.2f}")
        if kind == "pair":
            ax = plots.token_heatmap(token_table(clf, test.examples[:4]))
    return ax.figure, f"Texts with two cue words: are both animals or both tools? {'; '.join(rows)}."


DRAWN = (
    training_curve, token_weights, token_heatmap, attention_matrix, layer_curve, method_comparison, leads,
    transfer_matrix, parameter_counts, prompt_map, faithfulness, planted_cues,
)  # fmt: skip


def smaller(path: Path) -> Path:
    """The same picture in 128 colours: a third of the bytes."""
    Image.open(path).convert("RGB").quantize(128).save(path, optimize=True)
    return path


def main() -> None:
    """Draws all, from runs of this version."""
    shutil.rmtree(RUNS, ignore_errors=True)
    lines = ["# Pictures", "", "Written by `python docs/make_pictures.py`. Those that are not called measured are of"]
    lines += ["small runs: examples, not results."]
    for draw in DRAWN:
        figure, caption = draw()
        path = smaller(plots.save(figure, PICTURES / f"{draw.__name__}.png", dpi=DPI))
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
        lines += ["", f"## {draw.__name__.replace('_', ' ')}", "", caption, "", f"![{draw.__name__}]({path.name})"]
    write_text(PICTURES / "README.md", "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
