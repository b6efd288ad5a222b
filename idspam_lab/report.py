"""A run's folder as one page: report.json and its pictures become report.html, which opens from disk without network.

All that comes from the data passes two gates: `visible` (no control characters) and Jinja's autoescape (no markup).
"""

import base64
import json
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, UndefinedError
from markupsafe import Markup

from .errors import BadInput
from .files import write_text
from .metrics import METRICS
from .terminal import (
    digits,
    duration,
    percent,
    spread_sentence,
    times,
    token_weights,
    verdict,
    visible,
)

PNG = b"\x89PNG\r\n\x1a\n"
FULL_SHADE = 4.0  # times the uniform weight at which a token is shaded most
PICTURES = {  # name in report.json -> heading, alternative text
    "training_curve": (
        "Training curve",
        "Line chart of the accuracy after each epoch, with horizontal lines for the baselines. "
        "The numbers are in the table “Epoch by epoch”.",
    ),
    "token_weights": (
        "Token weights",
        "Bar charts of the weight of each token in the prompt, with a dashed line at the uniform weight. "
        "The numbers are under the tokens in the section “What the prompt was made from”.",
    ),
}


def write_report(folder: str | Path) -> Path:
    """Writes folder/report.html from folder/report.json and the pictures that it names. Returns the page's path.

    Raises:
        BadInput: report.json is missing, damaged or lacks a part; a picture is missing or no PNG of this folder; the
            folder cannot be written. An older page stays.
    """
    folder = Path(folder)
    report = read_report(folder)
    try:
        page = render(report, {name: picture(folder, file) for name, file in report.get("pictures", {}).items()})
    except BadInput:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, UndefinedError) as error:
        raise BadInput(
            f"{folder / 'report.json'} lacks a part or has it in another form ({error!r}): "
            "run the command that made it again."
        ) from error
    return write_text(folder / "report.html", page)


def read_report(folder: Path) -> dict:
    """report.json's content.

    Raises:
        BadInput: there is none, or it is not JSON.
    """
    path = folder / "report.json"
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: give the folder that a demo or training run wrote.") from error
    except ValueError as error:
        raise BadInput(f"{path} is damaged ({error}): run the command that made it again.") from error
    if not isinstance(report, dict):
        raise BadInput(f"{path} is not a report: run the command that made it again.")
    return report


def picture(folder: Path, file: str) -> str:
    """A picture as a data URI.

    Raises:
        BadInput: it is missing, lies outside the folder, or is no PNG.
    """
    path = folder / file
    if Path(file).name != file or not path.is_file():
        raise BadInput(f"The picture {file!r} that report.json names is not in {folder}: draw it again.")
    content = path.read_bytes()
    if not content.startswith(PNG):
        raise BadInput(f"{path} is no PNG picture: draw it again.")
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")


def render(report: dict, pictures: dict[str, str]) -> str:
    """The page. `pictures`: data URIs by name."""
    environment = Environment(
        loader=PackageLoader("idspam_lab"),
        autoescape=True,
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "duration": duration, "date": date, "value": value}
    columns, rows = results_table(report)
    return environment.get_template("report.html.j2").render(
        report,
        summary=summary(report),
        columns=columns,
        rows=rows,
        sentences=[sentence(explanation) for explanation in report.get("explanations") or []],
        figures=[(name, *PICTURES.get(name, (name, name)), uri) for name, uri in pictures.items()],
        shades=[(f"x{factor:g}", shade(factor)) for factor in (1, 1.5, 2, 3, 4)],
    )


def shown(content):
    """What the template prints: texts without control characters; autoescape follows."""
    return visible(content, keep="\n") if isinstance(content, str) and not isinstance(content, Markup) else content


# Words made from numbers ---------------------------------------------------------------------------------------------


def results_table(report: dict) -> tuple[list[str], list[list[str]]]:
    """The results as headings and cells: method, trained parameters, test, transfer, training time."""
    task, transfer = report["task"], report.get("transfer")
    measure = METRICS.get(task["metric"], task["metric"])
    columns = ["method", "trained parameters", f"{task['name']} test, {measure} (95\u00a0% interval)"]
    columns += [f"{transfer['name']}, not trained on (95\u00a0% interval)"] if transfer else []
    rows = []
    for row in report["results"]:
        scores = [scored(row["test"])] + ([scored(row.get("transfer"))] if transfer else [])
        rows.append([row["method"], f"{row['trained_parameters']:,}", *scores, duration(row["train_seconds"])])
    return [*columns, "training time"], rows


def scored(found: dict | None) -> str:
    """A score and its interval, as in "78.4 % (75.5–81.1)". The interval is the accuracy's and stands behind that."""
    if not found:
        return "–"
    interval = found.get("interval")
    spread = f" ({100 * interval[0]:.1f}–{100 * interval[1]:.1f})" if interval else ""
    if interval and found["score"] != found["accuracy"]:
        return f"{percent(found['score'])}; accuracy {percent(found['accuracy'])}{spread}"
    return percent(found["score"]) + spread


def summary(report: dict) -> str:
    """A sentence for the results and one for the transfer. "Right" is the accuracy, whatever the task's metric."""
    *others, main = report["results"]
    by_name = {row["method"]: row["test"]["accuracy"] for row in others}
    beside = []
    if "majority class" in by_name:
        label = next((row.get("label") for row in others if row["method"] == "majority class"), None)
        said = f"“{label}”" if label else "the most frequent class"
        beside.append(f"always saying {said} would give {percent(by_name.pop('majority class'))}")
    for name, accuracy in by_name.items():
        known = {
            "linear head": "a linear head on the same frozen model",
            "cosine similarity": "the cosine of the two texts under the frozen model",
        }.get(name, name)
        beside.append(f"{known} {'gives ' if not beside else ''}{percent(accuracy)}")
    right, texts = percent(main["test"]["accuracy"]), report["task"]["test"]
    text = f"{main['method']} reads {right} of {texts:,} held-out texts right"
    text += "; " + ", ".join(beside) + "." if beside else "."
    transfer = report.get("transfer")
    if transfer and main.get("transfer"):
        right = percent(main["transfer"]["accuracy"])
        unseen = f"{transfer['test']:,} {transfer['name']} texts, which it was not trained on"
        text += f" Of {unseen}, it reads {right} right."
    return text


def sentence(explanation: dict) -> dict:
    """One explained text, as the template wants it."""
    rows = token_weights(explanation)
    decimals = digits(rows)
    tokens = [
        {
            "token": row.token,
            "special": row.special,
            "times": times(row.times, decimals),
            "title": f"{row.token}: {100 * row.weight:.{decimals}f}\u00a0% of the prompt's weight, "
            f"{times(row.times, decimals)} the uniform weight",
            "shade": shade(row.times),
        }
        for row in rows
    ]
    ordered = sorted(explanation["probabilities"].items(), key=lambda item: -item[1])
    return {
        "text": explanation["text"],
        "truth": explanation.get("true_label"),
        "label": explanation["label"],
        "verdict": verdict(explanation),
        "others": ", ".join(f"{label} {percent(p)}" for label, p in ordered if label != explanation["label"]),
        "tokens": tokens,
        "uniform": f"1/{len(rows)} = {percent(1 / len(rows))}",
        "spread": spread_sentence(rows),
    }


def shade(factor: float) -> str:
    """Opacity of a token's ground: none up to the uniform weight, then in equal steps of the weight to FULL_SHADE."""
    return f"{0.6 * min(1.0, max(0.0, (factor - 1) / (FULL_SHADE - 1))):.3f}"


def date(text: str) -> str:
    """ISO 8601 -> "24 November 2026, 10:00 UTC"."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    months = "January February March April May June July August September October November December".split()
    return f"{when.day} {months[when.month - 1]} {when.year}, {when:%H:%M} {when.tzname() or ''}".rstrip()


def value(content) -> str:
    """A setting's value."""
    if content is None:
        return "–"
    if isinstance(content, bool):
        return "yes" if content else "no"
    if isinstance(content, float):
        return f"{content:g}"
    if isinstance(content, dict):
        return ", ".join(f"{name} {value(part)}" for name, part in content.items()) or "–"
    if isinstance(content, list | tuple):
        return ", ".join(map(value, content)) or "–"
    return str(content)
