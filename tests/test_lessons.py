"""The exercises' checks accept what is right and name the usual mistakes; the environment check; the map."""

import json
import math
import re
from types import SimpleNamespace

import pytest
import torch

from idspam_lab.errors import BadInput
from idspam_lab.experiments.summary import MEASURED
from idspam_lab.lessons import (
    SERIES,
    check_environment,
    check_prompt,
    check_scores,
    check_weights,
    demo_result,
    environment,
    show_series,
)
from idspam_lab.lessons.checks import judge


def scores(E, W_Q, W_K):
    return (E @ W_Q) @ (E @ W_K).transpose(1, 2) / math.sqrt(E.shape[-1])


def weights(scores, mask):
    alpha = scores.masked_fill(mask[:, None, :] == 0, -torch.inf).softmax(-1) * mask[:, :, None]
    return alpha.sum(1) / mask.sum(1, keepdim=True)


def prompt(A, W_down, W_up, b_up, t):
    return ((A @ W_down).relu() @ W_up + b_up).relu().view(len(A), t, A.shape[-1])


@pytest.mark.parametrize(
    ("check", "solution"), [(check_scores, scores), (check_weights, weights), (check_prompt, prompt)]
)
def test_solutions_are_right(check, solution):
    verdict = check(solution)
    assert verdict.right and repr(verdict).startswith("Right: ")


def masked(scores, mask):
    return scores.masked_fill(mask[:, None, :] == 0, -torch.inf)


def zeros_for_a_mask(scores, mask):
    alpha = (scores * mask[:, None, :]).softmax(-1) * mask[:, :, None]
    return alpha.sum(1) / mask.sum(1, keepdim=True)


def rows_masked_too(scores, mask):
    alpha = masked(scores, mask).masked_fill(mask[:, :, None] == 0, -torch.inf).softmax(-1) * mask[:, :, None]
    return alpha.sum(1) / mask.sum(1, keepdim=True)


@pytest.mark.parametrize(
    ("check", "answer", "said"),
    [
        (check_scores, lambda E, Q, K: (E @ Q) @ (E @ K).transpose(1, 2), "scaling is missing"),
        (check_scores, lambda E, Q, K: (E @ Q) @ (E @ K).transpose(1, 2) / E.shape[-1], "square root"),
        (check_scores, lambda E, Q, K: scores(E, K, Q), "changed places"),
        (check_scores, lambda E, Q, K: scores(E, Q, K).softmax(-1), "weights already"),
        (check_scores, lambda E, Q, K: (E @ Q) @ (E @ K).transpose(1, 2) / math.sqrt(E.shape[1]), r"sqrt\(N\)"),
        (check_scores, lambda E, Q, K: (E @ Q) @ (E @ K).transpose(1, 2) / math.sqrt(384), "take E.shape"),
        (check_scores, lambda E, Q, K: (E @ Q) @ (E @ K), "stops with RuntimeError"),
        (check_scores, lambda E, Q, K: ..., "returns nothing"),
        (check_scores, lambda E, Q, K: scores(E, Q, K).tolist(), "a tensor is wanted"),
        (check_scores, lambda E, Q, K: scores(E, Q, K) + 1, "differ, by up to 1"),
        (check_weights, lambda s, m: s.softmax(-1).mean(1), "not kept out at all"),
        (check_weights, lambda s, m: masked(s, m).softmax(-1).mean(1), "still counts the padded rows"),
        (check_weights, lambda s, m: (masked(s, m).softmax(-1) * m[:, :, None]).mean(1), "still counted"),
        (
            check_weights,
            lambda s, m: (s.softmax(-1) * m[:, :, None]).sum(1) / m.sum(1, keepdim=True),
            "keys are not masked",
        ),
        (
            check_weights,
            lambda s, m: (s.softmax(-1) * m[:, None, :] * m[:, :, None]).sum(1) / m.sum(1, keepdim=True),
            "no longer sum to 1",
        ),
        (
            check_weights,
            lambda s, m: (masked(s, m).softmax(1).nan_to_num() * m[:, :, None]).sum(1) / m.sum(1, keepdim=True),
            "over the queries",
        ),
        (check_weights, lambda s, m: masked(s, m).softmax(-1).mean(-1), "the mean runs over the keys"),
        (
            check_weights,
            lambda s, m: (masked(s, m).softmax(-1) * m[:, :, None]).sum(2) / m.sum(1, keepdim=True),
            "the sum runs over the keys",
        ),
        (check_weights, zeros_for_a_mask, "0 is no mask"),
        (check_weights, rows_masked_too, "becomes nan"),
        (check_weights, lambda s, m: masked(s, m).softmax(-1), "alpha itself"),
        (check_weights, lambda s, m: (masked(s, m).softmax(-1) * m[:, :, None]).sum(1), "summed, not averaged"),
        (check_prompt, lambda A, d, u, b, t: ((A @ d).relu() @ u + b).view(len(A), t, -1), "outer ReLU is missing"),
        (check_prompt, lambda A, d, u, b, t: (A @ d @ u + b).relu().view(len(A), t, -1), "inner ReLU is missing"),
        (check_prompt, lambda A, d, u, b, t: (A @ d @ u + b).view(len(A), t, -1), "both ReLUs"),
        (check_prompt, lambda A, d, u, b, t: ((A @ d).relu() @ u).relu().view(len(A), t, -1), "bias"),
        (check_prompt, lambda A, d, u, b, t: prompt(A, d, u, b, t).view(len(A), -1, t), "n rows of t"),
        (check_prompt, lambda A, d, u, b, t: prompt(A, d, u, b, t).view(len(A), -1, t).mT, "as good a resize"),
        (check_prompt, lambda A, d, u, b, t: prompt(A, d, u, b, t).flatten(1), "one long vector"),
    ],
)
def test_usual_mistakes_are_named(check, answer, said):
    verdict = check(answer)
    assert not verdict.right
    assert re.search(said, verdict.sentence), verdict


def test_environment_of_the_tests_is_ready(capsys):
    answers = check_environment()
    assert all(answer.ok is not False for answer in answers)
    assert capsys.readouterr().out.rstrip().endswith("Ready.")


def test_the_speed_is_held_against_the_machine_that_the_minutes_are_from(monkeypatch):
    (part,) = [one for one in json.loads((MEASURED / "bench" / "minilm-cpu-training.json").read_text())["found"]
               if one["part"] == "a"]  # fmt: skip
    assert environment.STEP == pytest.approx(part["cases"]["ID-SPAM m=3, states kept"], abs=5e-4)
    monkeypatch.setattr("idspam_lab.bench.contenders.ours", lambda *_: lambda: 4 * environment.STEP)
    assert environment.speed().ok is None and "expect up to 4 times the minutes" in environment.speed().said
    monkeypatch.setattr("idspam_lab.bench.contenders.ours", lambda *_: lambda: environment.STEP)
    assert environment.speed().ok and "about as long as they say" in environment.speed().said


def test_a_missing_package_says_what_to_do(capsys, monkeypatch):
    monkeypatch.setattr("idspam_lab.lessons.environment.NEEDED", ("no-such-package",))
    assert check_environment()[1].ok is False
    assert "pip install no-such-package" in capsys.readouterr().out


def test_the_map_links_to_lessons_that_are_there(request):
    folder = request.config.rootpath / "notebooks"
    text = show_series(folder).data
    for lesson in SERIES:
        assert (folder / f"{lesson.name}.ipynb").is_file() and f"]({lesson.name}.ipynb)" in text


@pytest.mark.parametrize("type_", [torch.float64, torch.float16, torch.bfloat16])
def test_an_answer_in_another_precision_is_read_like_any_other(type_):
    right = torch.tensor([0.25, 0.75])
    assert judge(lambda: right.to(type_), (), right, {}, "praise").right
    assert not judge(lambda: (right + 0.5).to(type_), (), right, {}, "praise").right


@pytest.mark.parametrize("answer", [torch.tensor([1, 0]), torch.tensor([True, False]), torch.tensor([1j, 0j])])
def test_an_answer_that_is_no_decimal_number_gets_a_sentence(answer):
    found = judge(lambda: answer, (), torch.tensor([1.0, 0.0]), {}, "praise")
    assert not found.right and f"its numbers are of type {answer.dtype}" in found.sentence


def test_wrong_input_shows_its_sentence_alone_in_a_notebook():
    import io
    from contextlib import redirect_stdout

    from IPython.core.interactiveshell import InteractiveShell

    shell, shown = InteractiveShell(), io.StringIO()
    with redirect_stdout(shown):
        shell.run_cell("from idspam_lab import load_task\nload_task('no-such-task', source='embedded')")
    told = re.sub(r"\x1b\[\d+m", "", shown.getvalue())
    assert told.startswith("BadInput: ") and "no-such-task" in told and "Traceback" not in told


def test_what_an_earlier_version_left_is_in_nobodys_way(tmp_path, monkeypatch):
    asked = []

    def run_demo(folder, *, fresh=False, **told):
        asked.append(fresh)
        if not fresh:
            raise BadInput("the folder holds a run of another version")
        return SimpleNamespace(report={"made": folder.name})

    monkeypatch.setattr("idspam_lab.lessons.first_result.run_demo", run_demo)
    assert demo_result(tmp_path) == {"made": "lesson-00"} and asked == [False, True]
