"""Reports of several sessions -> one tidy table: a row a method, task and seed, with where the number comes from."""

import json
from collections.abc import Iterable
from pathlib import Path

from ..errors import BadInput

VERSIONS = ("python", "torch", "transformers")


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
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"{path} is not a report.json of train or demo ({error}): name such files or their folders."
            ) from error
    return pd.DataFrame(rows)


def rows_of(report: dict):
    """The rows of one report."""
    run, adapter, task = report["run"], report["adapter"], report["task"]
    versions, hardware = run["environment"]["versions"], run["environment"]["hardware"]
    for result in report["results"]:
        main = result["method"] == report["results"][-1]["method"]
        for part, there in (("test", task), ("transfer", report["transfer"])):
            if result.get(part) is None:
                continue
            found = result[part]
            yield {
                "train_task": task["name"],
                "test_task": there["name"],
                "method": result["method"],
                "backbone": adapter["base_model"]["name"],
                "layer": adapter["layer"] if main else None,
                "read": adapter["read"],
                "seed": run["settings"]["seed"],
                "metric": there["metric"],
                "score": found["score"],
                "accuracy": found["accuracy"],
                "macro_f1": found["macro_f1"],
                "low": found["interval"][0],
                "high": found["interval"][1],
                "texts": found["texts"],
                "train_texts": task["train"],
                "epochs": run["settings"]["epochs"] if main else None,
                "best_epoch": run["best_epoch"] if main else None,
                "lr": run["settings"]["lr"] if main else None,
                "batch_size": run["settings"]["batch_size"] if main else None,
                "trained_parameters": result["trained_parameters"],
                "train_seconds": round(result["train_seconds"], 1),
                "peak_memory_mb": round(report["peak_memory_mb"]),
                "fingerprint": there["fingerprint"],
                "processor": hardware["processor"],
                "device": hardware["device"],
                "threads": hardware["threads"],
                **{name: versions[name] for name in VERSIONS},
                "date": report["date"],
                "command": report["command"],
            }
