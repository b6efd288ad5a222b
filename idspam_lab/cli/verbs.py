"""What the verbs do: call the package and print. Imports wait until a verb runs, so that --help is quick."""

import os
import sys
from collections import Counter
from pathlib import Path

from ..errors import BadInput
from ..files import alone_in, check_writable, write_text
from .given import columns, given_texts, load_adapter, method_of, task_of, told, transfer_of, typed

TRAINING = ("epochs", "batch_size", "lr", "weight_decay", "precision", "max_length")  # settings of every training


def demo(chosen) -> None:
    from ..demo import run_demo

    asked = {"seed": chosen.seed, "epochs": chosen.epochs, "limit": chosen.limit, "fresh": chosen.fresh}
    with alone_in(chosen.out):
        show_session(run_demo(chosen.out, **asked, command=typed()))


def train(chosen) -> None:
    from ..backbones import load_backbone
    from ..classifier import PromptClassifier
    from ..experiments import run_session
    from ..experiments.session_folder import clear
    from ..methods.spelled import preset_of

    method, options = method_of(chosen, "layer", "t", "c", "bias", "dropout")
    data = task_of(chosen)
    settings = told(chosen, *TRAINING, "warmup", "clip", "seed", "order_seed")
    backbone = load_backbone(chosen.backbone)
    folder = chosen.out or f"runs/{data.task.name}-{chosen.method.replace(':', '-')}"
    transfer, asked = transfer_of(chosen, data), preset_of(method, **settings)
    auto = options.get("layer") == "auto"
    told_now = {name: value for name, value in options.items() if not (auto and name == "layer")}
    PromptClassifier(backbone, method, labels=data.task.labels, read=chosen.read, **told_now)
    with alone_in(folder):
        if chosen.fresh:  # after all that a wrong option could stop: what is taken away is gone
            clear(Path(folder))
        if auto:
            options["layer"] = pick_layer(data, backbone, method, options, chosen.read, settings, Path(folder))
        show_session(
            run_session(
                data,
                backbone,
                folder=folder,
                method=method,
                options=options,
                settings=asked,
                read=chosen.read,
                transfer=transfer,
                command=typed(),
            )
        )


def compare(chosen) -> None:
    from ..backbones import load_backbone
    from ..experiments.compare import compare as run_all
    from ..experiments.compare import draw
    from ..experiments.summary import as_text, summarize

    data = task_of(chosen)
    transfer = transfer_of(chosen, data)
    folder = Path(chosen.out or f"runs/compare-{data.task.name}")
    with alone_in(folder):
        found = run_all(
            data,
            load_backbone(chosen.backbone),
            chosen.methods,
            chosen.seeds,
            folder=folder,
            transfer=transfer,
            command=typed(),
            fresh=chosen.fresh,
            **told(chosen, *TRAINING),
        )
        draw(found, folder)
    print(f"\n{as_text(summarize(found), chosen.paper)}\n\nWritten to {folder}: results.csv, results.png")


def curve(chosen) -> None:
    from ..experiments.collect import check_command, check_place
    from ..experiments.layer_curve import layer_curve
    from ..plots import layer_curve as draw
    from ..plots import save
    from ..terminal import table

    data = task_of(chosen)
    folder = Path(chosen.out or f"runs/curve-{data.task.name}")
    with alone_in(folder):
        check_place(folder / "results.csv")
        if not chosen.fresh:
            check_command(folder / "results.csv", typed())
        found = layer_curve(
            data,
            chosen.layers or "all",
            chosen.seeds,
            method=chosen.method,
            backbone=chosen.backbone,
            command=typed(),
            out=folder,
            **told(chosen, *TRAINING),
        )
        write_text(folder / "results.csv", found.to_csv(index=False))
        save(draw(found).figure, folder / "layer_curve.png")
    print(table(curve_rows(found), ["method", "layer", f"{data.task.metric} (%)", "runs"]))
    print(f"\nTest: {len(data.test):,} held-out texts. Written to {folder}: results.csv, layer_curve.png")


def evaluate(chosen) -> None:
    from ..experiments import evaluate as measure
    from ..tasks import load_for_evaluation

    clf = load_adapter(chosen)
    data = load_for_evaluation(
        chosen.task,
        source=chosen.source,
        limit=chosen.limit,
        whole=chosen.whole,
        metric=chosen.metric,
        names=list(clf.label2id),
        **columns(chosen),
    ).answered_by(list(clf.label2id))
    found = measure(clf, data.test, data.task.metric, max_length=chosen.max_length, progress=data.task.name)
    low, high = found["interval"]
    print(f"{data.source} {data.split_rule}")
    own = f", their mean {found['score']:.1%}" if data.task.metric == "acc_f1" else ""
    print(
        f"{found['texts']:,} texts: accuracy {found['accuracy']:.1%} (95 % interval {low:.1%} to {high:.1%}), "
        f"macro F1 {found['macro_f1']:.1%}{own}."
    )
    most, times = Counter(data.test.labels).most_common(1)[0]
    print(f"Always saying {data.task.labels[most]!r} would give an accuracy of {times / len(data.test):.1%}.")


def predict(chosen) -> None:
    if chosen.out:
        check_apart(chosen.out, chosen.file)
    clf = load_adapter(chosen)
    texts = given_texts(chosen, bool(clf.pairs))
    found = clf.predict_proba(texts, max_length=chosen.max_length)  # (texts, K)
    if chosen.out:
        write_text(Path(chosen.out), predictions(clf, texts, found).to_csv(index=False))
        print(f"Written to {chosen.out}: {len(texts):,} rows, each with the probability of every class")
        return
    for text, row in zip(texts, found, strict=True):
        shown = "\t".join(map(one_line, text if clf.pairs else [text]))
        print(f"{clf.id2label[int(row.argmax())]}\t{row.max():.3f}\t{shown}")


def explain(chosen) -> None:
    from ..terminal import show_weights

    clf = load_adapter(chosen)
    for explanation in clf.explain(given_texts(chosen, bool(clf.pairs)), max_length=chosen.max_length):
        print(show_weights(explanation, colour=coloured()), end="\n\n")


def faithfulness(chosen) -> None:
    from ..analysis.faithfulness import findings, prompt_table, study, summary
    from ..analysis.seeds import in_words
    from ..experiments.faithfulness import describe, write_study
    from ..tasks import load_for_evaluation

    first = load_adapter(chosen, chosen.adapters[0])
    classifiers = {name: load_adapter(chosen, name, first.backbone) for name in dict.fromkeys(chosen.adapters)}
    data = load_for_evaluation(
        chosen.task, source=chosen.source, limit=chosen.limit, names=list(first.label2id), **columns(chosen)
    ).answered_by(list(first.label2id))
    check_writable(chosen.out)
    found = study(
        classifiers, data.test, draws=chosen.draws, steps=chosen.steps, max_length=chosen.max_length, say=print
    )
    write_study(found, chosen.out, describe(classifiers, data, typed()))
    print(f"\n{in_words(summary(found))}\n\n{in_words(prompt_table(found))}\n")
    print("\n".join(findings(found)))
    print(f"\nWritten to {chosen.out}: faithfulness.png, three tables (CSV), about.json")


def count(chosen) -> None:
    from ..counting import count as counted

    method, options = method_of(chosen, "t", "c", "bias")
    found = counted(method, chosen.backbone, labels=chosen.labels, **options)
    own = {"idspam": "generator"}.get(method, "method")
    model = found.backbone
    print(f"{chosen.method} on {model.name} (hidden size {model.n}, {model.L} blocks), trainable parameters:")
    print(f"  {own:<10}{found.method:>14,}\n  {'head':<10}{found.head:>14,}\n  {'total':<10}{found.total:>14,}")
    print(found.beside_the_paper())


def tasks(chosen) -> None:
    from ..tasks import TASKS
    from ..terminal import table

    rows = [
        {"task": name, "texts": "pair" if task.pairs else "single", "metric": task.metric,
         "labels": ", ".join(task.labels), "hub": "/".join(filter(None, task.hub or ()))}
        for name, task in TASKS.items()
    ]  # fmt: skip
    print(table(rows, ["task", "texts", "metric", "labels", "hub"]))
    print(
        "\nEmbedded, no network needed: rotten_tomatoes, imdb (its 25,000 training reviews). "
        "Your own: a .csv, .tsv, .parquet or .jsonl file."
    )


def cache(chosen) -> None:
    from ..frozen import cache as kept
    from ..terminal import table

    found = kept.entries()
    if not found:
        print(f"The cache is empty: {kept.states_folder()}")
        return
    if chosen.clear:
        freed = sum(kept.remove(entry["place"]) for entry in found)
        print(f"Removed {len(found)} entries, {freed / 1e6:,.1f} MB: {kept.states_folder()}")
        return
    columns = ["backbone", "layer", "texts", "tokens", "kept in", "MB", "made"]
    print(table([cache_row(entry["about"], entry["bytes"]) for entry in found], columns))
    total = sum(entry["bytes"] for entry in found)
    print(f"\n{total / 1e6:,.1f} MB in {kept.states_folder()}; idspam-lab cache --clear removes them.")


def bench(chosen) -> None:
    from ..bench import PARTS, Scale, quick, run_bench

    scale = quick() if chosen.quick else Scale(chosen.shape, every_block=chosen.blocks == "all")
    results = "runs/bench-quick.json" if chosen.quick else f"runs/bench/{scale.shape}-{scale.device.type}.json"
    out = Path(chosen.out or results)
    run_bench(scale, chosen.parts or tuple(PARTS), out, command=typed())
    print(f"Written to {out}")


# Helpers --------------------------------------------------------------------------------------------------


def check_apart(out: str, read: str | None) -> None:
    """What is written is a file, and not the one that is read.

    Raises:
        BadInput: otherwise.
    """
    if os.path.isdir(out):
        raise BadInput(f"{out} is a folder: --out names a file.")
    if read is not None and os.path.exists(out) and os.path.exists(read) and os.path.samefile(out, read):
        raise BadInput(f"--out {out} is the file that is read: name another one.")


def predictions(clf, texts, probabilities):
    """A row a text, in their order: row (from 1), text or both of a pair, label, and a column p_CLASS a class."""
    import pandas as pd

    columns = dict(zip(("text", "pair"), zip(*texts, strict=True), strict=False)) if clf.pairs else {"text": texts}
    found = pd.DataFrame({"row": range(1, len(texts) + 1), **columns})
    found["label"] = [clf.id2label[i] for i in probabilities.argmax(-1).tolist()]
    return found.join(pd.DataFrame(probabilities, columns=[f"p_{name}" for name in clf.label2id]).round(6))


def pick_layer(data, backbone, method: str, options: dict, read: str | None, settings: dict, folder: Path) -> int:
    """The block that does best on the validation texts; the evidence is printed and left in the folder."""
    from ..experiments.kept import kept_choice
    from ..methods.spelled import write_method

    word = write_method(method, {name: value for name, value in options.items() if name != "layer"})
    found = kept_choice(data, backbone, folder=folder, method=word, read=read, **({"seed": 0} | settings))
    write_text(folder / "layer_choice.csv", found.evidence.to_csv(index=False))
    print(f"{found}\n")
    return found.layer


def curve_rows(found) -> list[dict]:
    """Mean and standard deviation over the seeds, a row a block; the baselines first."""
    metric, rows = found["metric"].iloc[0], []
    for (method, layer), runs in found.groupby(["method", "layer"], sort=False, dropna=False):
        spread = f" ± {100 * runs['score'].std():.1f}" if len(runs) > 1 else ""
        score, block = f"{100 * runs['score'].mean():.1f}{spread}", None if layer != layer else int(layer)
        rows.append({"method": method, "layer": block, f"{metric} (%)": score, "runs": len(runs)})
    return rows


def cache_row(about: dict | None, size: int) -> dict:
    """What an entry of the cache holds."""
    megabytes = f"{size / 1e6:,.1f}"
    if about is None:
        return {"backbone": "not finished", "MB": megabytes}
    counts = {name: f"{about[name]:,}" for name in ("texts", "tokens")}
    return {
        "backbone": about["backbone"], "layer": about["layer"], **counts, "kept in": about["kept_in"], "MB": megabytes,
        "made": about["date"],
    }  # fmt: skip


def coloured() -> bool:
    """May the terminal be written to in colours? (no-color.org)"""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def one_line(text: str) -> str:
    """A text without what would move the terminal's cursor."""
    return "".join(c if c.isprintable() else " " for c in text)


def show_session(session) -> None:
    """Table, token weights and where things lie."""
    from ..report import results_table
    from ..terminal import show_weights, table

    columns, rows = results_table(session.report)
    print()
    print(table(rows, columns))
    there = session.report["transfer"]
    task = session.report["task"]
    print(
        f"\nTest: {task['test']:,} held-out texts of {task['name']}"
        + (f"; zero-shot: {there['note']}." if there and there["note"] else ".")
    )
    for explanation in session.explanations:
        print("\n" + show_weights(explanation, colour=coloured()))
    print(
        f"\n{session.report['seconds']:.0f} s, at most {session.report['peak_memory_mb']:,.0f} MB. "
        f"Written to {session.folder}:"
    )
    print("  adapter/   the trained part        report.html   open it in a browser        report.json   all numbers")
    run = session.report["run"]
    if run["stopped"]:
        done, whole = len(run["history"]), run["settings"]["epochs"]
        print(f"\nStopped after {done} of {whole} epochs; the same command goes on from there.")
        raise KeyboardInterrupt
