"""Reports of several sessions -> one tidy table: a row a method, task and seed, with where the number comes from."""

import json
from collections.abc import Iterable
from pathlib import Path

from ..errors import BadInput
from ..methods.spelled import write_method

VERSIONS = ("idspam-lab", "python", "torch", "transformers", "peft")
SETTINGS = ("epochs", "batch_size", "lr", "weight_decay", "warmup", "eps", "clip", "order_seed")  # of the method alone
SHARED = ("max_length", "precision")  # which the linear head takes over from the method


def collect(reports: Iterable[Path]):
    """A DataFrame: one row for each result of each report.json, on the test texts and on the transfer texts if any.

    Raises:
        BadInput: a file is not a report.
    """
    import pandas as pd

    rows = []
    for path in reports:
        path = Path(path) / "report.json" if Path(path).is_dir() else Path(path)
        try:
            report = json.loads(path.read_text(encoding="utf-8"))
            rows += list(rows_of(report))
        except BadInput as error:
            raise BadInput(f"{path} is no result: {error}, or leave it out.") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"{path} is not a report.json of train or demo ({error}): name such files or their folders."
            ) from error
    return pd.DataFrame(rows)


def check_place(path: Path) -> None:
    """A table may be written there: nothing is there yet, or an older table of runs.

    Raises:
        BadInput: there is something else, which would be lost.
    """
    path = Path(path)
    if not path.is_file():
        return
    try:
        with open(path, encoding="utf-8") as file:
            columns = file.readline().strip().split(",")
    except (OSError, UnicodeDecodeError):
        columns = []
    if not {"train_task", "method"} <= set(columns):
        raise BadInput(
            f"{path} is no table of runs and would be written over: name another place (--out), or move it away."
        )


def check_command(path: Path, command: str) -> None:
    """The table of runs that may be there is of this command, whether or not it said --fresh.

    Raises:
        BadInput: it is of another one, whose runs would be lost.
    """
    import pandas as pd

    before = pd.read_csv(path).get("command") if Path(path).is_file() else None
    if before is None or not len(before.dropna()):
        return
    before = before.dropna().iloc[0]
    if before.replace(" --fresh", "") != command.replace(" --fresh", ""):
        raise BadInput(
            f"{path} is what another command found ({before}): name another folder (--out), or have the new runs take "
            "the place of those (--fresh)."
        )


def rows_of(report: dict):
    """The rows of one report."""
    run, adapter, task = report["run"], report["adapter"], report["task"]
    if run.get("stopped"):
        done, whole = len(run["history"]), run["settings"]["epochs"]
        raise BadInput(f"it was stopped after {done} of {whole} epochs; its command goes on from there")
    versions, hardware = run["environment"]["versions"], run["environment"]["hardware"]
    settings = run["settings"]
    for result in report["results"]:
        main = result["method"] == report["results"][-1]["method"]
        trained = result["trained_parameters"] > 0
        own = result.get("settings", settings if main else {})  # older reports have the method's alone
        best = result.get("best_epoch", run["best_epoch"] if main else None)
        for part, there in (("test", task), ("transfer", report["transfer"])):
            if result.get(part) is None:
                continue
            found = result[part]
            yield {
                "train_task": task["name"],
                "test_task": there["name"],
                "method": result["method"],
                "spelled": spelled(adapter) if main else None,
                "backbone": adapter["base_model"]["name"],
                "layer": adapter["layer"] if main else None,
                "read": adapter["read"] if trained else None,
                "head_dropout": adapter["head_dropout"] if main else None,
                "seed": settings["seed"] if trained else None,
                "metric": there["metric"],
                "score": found["score"],
                "accuracy": found["accuracy"],
                "macro_f1": found["macro_f1"],
                "accuracy_low": found["interval"][0],
                "accuracy_high": found["interval"][1],
                "texts": found["texts"],
                "train_texts": task["train"],
                **{name: own.get(name) for name in SETTINGS},
                **{name: settings[name] if trained else None for name in SHARED},
                "best_epoch": best,
                "trained_parameters": result["trained_parameters"],
                "train_seconds": round(result["train_seconds"], 1),
                "peak_memory_mb": round(report["peak_memory_mb"]),
                "fingerprint": there["fingerprint"],
                "processor": hardware["processor"],
                "device": hardware["device"],
                "threads": hardware["threads"],
                **{name: versions.get(name) for name in VERSIONS},
                "date": report["date"],
                "command": report["command"],
            }


def spelled(adapter: dict) -> str:
    """The method with the options it was given, as `compare` spells it; its one block has a column of its own."""
    options = {name: value for name, value in adapter["options"].items() if name != "layer" or isinstance(value, list)}
    return write_method(adapter["method"], options)
