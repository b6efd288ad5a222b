"""Gradients, erasure, changed prompts and intervals: against closed forms and against slow versions written here."""

import copy
import math

import numpy as np
import pandas as pd
import pytest
import torch

from idspam_lab import BadInput, PromptClassifier, Settings
from idspam_lab.analysis import faithfulness
from idspam_lab.analysis.attributions import gradient_x_input, integrated_gradients, logits, rows_of
from idspam_lab.analysis.erasure import ROUTES, aopc, erasure, orders
from idspam_lab.analysis.interventions import MEAN, NONE, OTHER, OWN, SAME, UNIFORM, interventions
from idspam_lab.analysis.paths import knockout
from idspam_lab.analysis.routes import probabilities
from idspam_lab.analysis.seeds import over_seeds
from idspam_lab.experiments.faithfulness import read_study, write_study
from idspam_lab.intervals import interval
from idspam_lab.tasks.examples import Examples

TEXTS = ["a gripping , lovely film", "dull", "the plot is so clumsy that its fine actors cannot save it"]
OPTIONS = [{}, {"heads": 4}, {"positions": True}, {"layer": [0, 2]}, {"lora": 2}]


def classifier(tiny, **options):
    """Untrained, but with weights large enough that the prompt matters."""
    clf = PromptClassifier(tiny, "idspam", labels=("neg", "pos"), **({"layer": 1, "t": 3} | options)).eval()
    with torch.no_grad():
        for parameter in clf.method.parameters():
            if parameter.requires_grad:
                parameter.mul_(6)
        clf.method.generator.W_V.weight.mul_(8)
        clf.head.weight.mul_(3)
    return clf


@pytest.fixture(scope="module")
def clf(tiny):
    return classifier(tiny)


@pytest.fixture(scope="module")
def trained(minilm, train, validation):
    clf = PromptClassifier(minilm, "idspam", labels=("neg", "pos"), layer=5)
    clf.fit(train, validation, Settings(epochs=4, lr=3e-3, batch_size=8), progress=False)
    return clf


# Both routes at once -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", OPTIONS)
def test_own_prompts_give_what_predict_proba_gives(tiny, options):
    clf = classifier(tiny, **options)
    expected = clf.predict_proba(TEXTS, precision="fp32")
    assert probabilities(clf, clf.rows(TEXTS)) == pytest.approx(expected, abs=1e-6)
    assert not clf.training


def test_prompts_made_from_other_texts_are_what_paths_says(clf):
    rows = clf.rows(TEXTS[:1] * 2 + TEXTS[1:2])
    shorter = {name: [x for i, x in enumerate(column) if i != 2] for name, column in rows[0].items()}
    found = probabilities(clf, rows, made_from=[shorter, rows[1], rows[2]])
    assert found[0] == pytest.approx(list(knockout(clf, TEXTS[0], generator={2}).probabilities.values()), abs=1e-6)


# Gradients -----------------------------------------------------------------------------------------------------------


def slow_probability(clf, row, to_generator, to_backbone, label):
    with torch.no_grad():
        return logits(clf, row, to_generator, to_backbone).softmax(-1)[0, label].item()


@pytest.mark.parametrize("options", OPTIONS)
def test_gradients_are_finite_differences_on_each_route(tiny, options):
    clf = copy.deepcopy(classifier(tiny, **options)).double()
    (row,) = clf.rows(TEXTS[:1])
    x = clf.backbone.table_rows(torch.tensor([row["input_ids"]])).detach()
    p = [slow_probability(clf, row, x, x, label) for label in (0, 1)]
    label = int(p[1] > p[0])
    (found,) = gradient_x_input(clf, [row])
    step = 1e-5  # in the direction of x_j itself: the gradient's product with it is the slope there
    for j in (0, 2, 4):
        moved = x.clone()
        moved[0, j] *= 1 + step
        by_generator = (slow_probability(clf, row, moved, x, label) - p[label]) / step
        by_backbone = (slow_probability(clf, row, x, moved, label) - p[label]) / step
        assert found.generator[j] == pytest.approx(by_generator, rel=1e-3, abs=1e-7)
        assert found.backbone[j] == pytest.approx(by_backbone, rel=1e-3, abs=1e-7)
    assert np.abs(found.generator).max() > 1e-4 and math.isnan(found.gap)


def test_token_rows_are_those_that_the_classifier_reads(clf):
    (row,) = clf.rows(TEXTS[:1])
    x = rows_of(clf, row)
    found = [slow_probability(clf, row, x, x, label) for label in (0, 1)]
    assert found == pytest.approx(clf.predict_proba(TEXTS[:1], precision="fp32")[0].tolist(), abs=1e-6)
    assert not clf.backbone.model.get_input_embeddings()._forward_hooks


def test_integrated_gradients_are_complete_and_agree_with_a_slow_sum(clf):
    rows = clf.rows(TEXTS)
    for row, found in zip(rows, integrated_gradients(clf, rows, steps=64), strict=True):
        x = rows_of(clf, row)
        start = x.clone()
        start[:, 1:-1] = 0  # [CLS] and [SEP] stay
        label = int(logits(clf, row, x, x).argmax())
        change = slow_probability(clf, row, x, x, label) - slow_probability(clf, row, start, start, label)
        assert found.both.sum() == pytest.approx(change, abs=2e-5)
        assert found.gap == pytest.approx(found.both.sum() - change, abs=1e-6)
        assert found.both[[0, -1]] == pytest.approx(0, abs=1e-9)
        slow = slow_integral(clf, row, x, start, label)
        assert found.generator == pytest.approx(slow[0], abs=2e-5)
        assert found.backbone == pytest.approx(slow[1], abs=1e-7)


def slow_integral(clf, row, x, start, label, steps=300):
    """The trapezium rule, a point at a time."""
    total = [0.0, 0.0]
    for i in range(steps + 1):
        ways = [(start + i / steps * (x - start)).detach().requires_grad_() for _ in range(2)]
        p = logits(clf, row, *ways).softmax(-1)[0, label]
        share = (0.5 if i in (0, steps) else 1) / steps
        for route, gradient in enumerate(torch.autograd.grad(p, ways)):
            total[route] = total[route] + share * ((x - start) * gradient).sum(-1)[0].numpy()
    return total


def test_completeness_is_reported_and_more_steps_mend_it(clf):
    rows = clf.rows(TEXTS)

    def worst(steps, tolerance):
        return np.abs([found.gap for found in integrated_gradients(clf, rows, steps=steps, tolerance=tolerance)]).max()

    few = worst(1, math.inf)
    assert worst(64, math.inf) < few / 5
    assert worst(1, few / 5) <= few / 5  # more steps are taken by itself


def test_gradients_ask_for_a_method_with_token_weights(tiny):
    lpt = PromptClassifier(tiny, "lpt").eval()
    with pytest.raises(BadInput, match="makes no prompt from the tokens"):
        gradient_x_input(lpt, lpt.rows(TEXTS))
    with pytest.raises(BadInput, match="steps is 0"):
        integrated_gradients(lpt, [], steps=0)


# Erasure -------------------------------------------------------------------------------------------------------------


def test_erasure_against_a_slow_version(clf):
    """Every number again, by paths.knockout, a text at a time."""
    rows = clf.rows(TEXTS)
    scores = {"some": [[np.cos(7.0 * np.arange(len(row["input_ids"]))) for row in rows]]}
    table = erasure(clf, rows, scores, shares=(0.2, 0.5))
    assert len(table) == 3 * 2 * len(ROUTES)
    for found in table.itertuples():
        text, N = TEXTS[found.text], len(rows[found.text]["input_ids"])
        ranked = sorted(range(1, N - 1), key=lambda i: -np.cos(7.0 * i))
        k = math.ceil(found.share * (N - 2))
        whole = clf.explain([text])[0]
        for measure, gone in (("comprehensiveness", ranked[:k]), ("sufficiency", ranked[k:])):
            on = {route: gone if found.route in (route, "both") else () for route in ("generator", "backbone")}
            p = knockout(clf, text, **on).probabilities[whole.label]
            assert getattr(found, measure) == pytest.approx(whole.probabilities[whole.label] - p, abs=1e-5)
        assert found.erased == k


def test_erasing_everything_or_nothing(clf):
    """All tokens gone is the empty text; all kept is the text."""
    rows = clf.rows(TEXTS)
    table = erasure(clf, rows, orders(clf, rows, draws=1, steps=1)[0], shares=(1.0,))
    assert table["sufficiency"].to_numpy() == pytest.approx(0, abs=1e-6)
    empty = {name: [column[0], column[-1]] for name, column in rows[0].items()}
    whole = clf.explain(TEXTS[:1])[0]
    p = probabilities(clf, [empty])[0, clf.label2id[whole.label]]
    found = table.query("text == 0 and route == 'both'")["comprehensiveness"]
    assert found.to_numpy() == pytest.approx(whole.probabilities[whole.label] - p, abs=1e-6)


def test_labels_play_no_part_and_random_orders_are_drawn_anew(clf):
    plain, labelled = clf.rows(TEXTS), clf.rows(Examples(TEXTS, None, (0, 1, 0)))
    scores, gaps = orders(clf, plain, draws=3, seed=4)
    assert list(scores) == ["weights", "gradient x input", "integrated gradients", "rarity", "random"]
    assert [list(ids) for ids in scores["rarity"][0]] == [row["input_ids"] for row in plain] and gaps.shape == (3,)
    first, second, _ = scores["random"]
    assert not np.array_equal(first[0], second[0])
    again, _ = orders(clf, plain, draws=3, seed=4)
    assert np.array_equal(again["random"][2][2], scores["random"][2][2])
    assert erasure(clf, plain, scores).equals(erasure(clf, labelled, scores))


def test_aopc_is_the_mean_over_shares_and_draws():
    table = pd.DataFrame(
        [("random", draw, "both", 0, share, 1, value, -value) for draw, share, value in
         [(0, 0.1, 0.2), (0, 0.5, 0.4), (1, 0.1, 0.0), (1, 0.5, 0.2)]],
        columns=["order", "draw", "route", "text", "share", "erased", "comprehensiveness", "sufficiency"],
    )  # fmt: skip
    assert aopc(table).to_dict("records") == [
        {"order": "random", "route": "both", "text": 0, "comprehensiveness": pytest.approx(0.2),
         "sufficiency": pytest.approx(-0.2)}
    ]  # fmt: skip


@pytest.mark.parametrize("shares", [(0.0,), (0.5, 1.5)])
def test_shares_out_of_range(clf, shares):
    with pytest.raises(BadInput, match="above 0 and at most 1"):
        erasure(clf, clf.rows(TEXTS), {}, shares=shares)


# Other prompts -------------------------------------------------------------------------------------------------------


def test_interventions_one_by_one(clf):
    """Each prompt made here from the parts of eq. (1) and (2)."""
    texts = [*TEXTS, "an awful and tedious mess", "brilliant"]
    rows = clf.rows(Examples(texts, None, (1, 0, 0, 0, 1)))
    table = interventions(clf, rows, seed=3).set_index(["intervention", "text"])
    whole = clf.predict_proba(texts, precision="fp32")
    generator = clf.method.generator

    def read(row, S):
        ids = torch.tensor([row["input_ids"]])
        _, hidden = clf.backbone.trunk(ids, torch.ones_like(ids), torch.zeros_like(ids), 1)
        both = torch.cat([S, hidden], 1)
        top = clf.backbone.run(both, torch.ones(both.shape[:2], dtype=torch.long), 1)[:, S.shape[1] :]
        return clf.head(top[:, 0]).softmax(-1)[0]

    with torch.no_grad():
        E = [clf.backbone.embed_tokens(torch.tensor([row["input_ids"]])) for row in rows]
        own = [generator(e, torch.ones(e.shape[:2]))[0] for e in E]
        uniform = [generator.expand(generator.W_V(e.mean(1))) for e in E]
        made = {OWN: own, UNIFORM: uniform, MEAN: [sum(own) / 5] * 5, NONE: [own[0][:, :0]] * 5}
        for i, row in enumerate(rows):
            label = whole[i].argmax()
            for name, prompts in made.items():
                p, found = read(row, prompts[i]), table.loc[(name, i)]
                assert found["probability"] == pytest.approx(p[label].item(), abs=1e-5)
                assert found["drop"] == pytest.approx(whole[i, label] - p[label].item(), abs=1e-5)
                assert found["flipped"] == (p.argmax() != label)
                assert found["correct"] == (p.argmax() == row["labels"])
    assert not table.loc[OWN]["flipped"].any() and table.loc[OWN]["drop"].to_numpy() == pytest.approx(0, abs=1e-6)


def test_swapped_prompts_come_from_texts_read_the_same_or_otherwise(trained):
    """Cues decide these texts: a prompt from the other side must do more than one from the same side."""
    texts = [f"scene {i} of the film is {('dull', 'lovely')[i % 2]}" for i in range(12)]
    table = interventions(trained, trained.rows(texts))
    drops = table.groupby("intervention")["drop"].mean()
    assert drops[OTHER] > drops[SAME]
    assert (table.groupby("intervention").size() == 12).all()


def test_without_a_text_read_otherwise_that_swap_is_left_out(clf):
    table = interventions(clf, clf.rows([TEXTS[0]] * 3))
    assert OTHER not in set(table["intervention"]) and (table["intervention"] == SAME).sum() == 3


def test_methods_that_can_and_cannot_be_changed(tiny):
    lpt = PromptClassifier(tiny, "lpt").eval()
    assert UNIFORM not in set(interventions(lpt, lpt.rows(TEXTS))["intervention"])
    lora = PromptClassifier(tiny, "lora").eval()
    with pytest.raises(BadInput, match="own way through the model"):
        interventions(lora, lora.rows(TEXTS))


# Seeds and the whole study -------------------------------------------------------------------------------------------


def test_interval_is_students():
    """Three values with mean 2 and standard deviation 1: 2 -+ 4.3027 / sqrt(3), by the tables."""
    low, high = interval([1, 2, 3])
    assert (low, high) == pytest.approx((2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-4)
    assert all(map(math.isnan, interval([5.0])))


def test_over_seeds_takes_runs_where_there_are_several_and_texts_where_there_is_one():
    table = pd.DataFrame({"run": list("aabb"), "text": [0, 1, 0, 1], "x": [0.0, 2.0, 4.0, 4.0], "way": "w"})
    (row,) = over_seeds(table, "x", ["way"]).to_dict("records")
    assert row["mean"] == pytest.approx(2.5) and (row["runs"], row["texts"], row["over"]) == (2, 2, "runs")
    assert row["high"] - row["mean"] == pytest.approx(12.7062 * np.std([1, 4], ddof=1) / 2**0.5, rel=1e-4)
    (row,) = over_seeds(table[table["run"] == "a"], "x").to_dict("records")
    assert row["mean"] == 1 and row["over"] == "texts" and row["low"] < 0


@pytest.fixture(scope="module")
def seeds(tiny):
    """Two classifiers that differ by their seed alone."""
    return {f"seed {seed}": classifier(tiny, seed=seed) for seed in range(2)}


@pytest.fixture(scope="module")
def whole(seeds, validation):
    return faithfulness.study(seeds, validation[:8], draws=2, steps=4)


def test_a_study_is_tidy_and_its_sentences_hold_its_numbers(whole):
    assert list(whole.erasure.columns) == ["order", "route", "text", "comprehensiveness", "sufficiency", "run"]
    assert len(whole.erasure) == 2 * 5 * 3 * 8 and whole.erasure["run"].nunique() == 2
    assert {"run", "intervention", "text", "probability", "drop", "flipped", "correct"} == set(whole.prompts.columns)
    assert len(whole.completeness) == 16
    table = faithfulness.against(whole).set_index(["measure", "route"])
    both = table.loc[("comprehensiveness", "both")]
    first, second, rare, third, fourth = faithfulness.findings(whole)
    assert f"{100 * both['mean']:.1f} points" in first and "(2 seeds)" in first
    assert first.split(":")[0] == faithfulness.held(both["low"], both["high"])
    assert f"{100 * table.loc[('comprehensiveness', 'generator')]['mean']:.1f} points" in second
    per_text = whole.erasure.query("route == 'backbone'").pivot(
        index=["run", "text"], columns="order", values="comprehensiveness"
    )
    lead = (per_text["weights"] - per_text["rarity"]).groupby("run").mean().mean()
    assert f"for the frozen model alone {100 * lead:.1f} points" in rare
    older = faithfulness.Study(whole.erasure.query("order != 'rarity'"), whole.prompts, whole.completeness)
    assert faithfulness.findings(older) == [first, second, third, fourth]
    flips = whole.prompts.query("intervention == @MEAN").groupby("run")["flipped"].mean().mean()
    assert f"{100 * flips:.1f} % of the texts" in third
    assert "miss their sum" in fourth


def test_texts_that_can_be_read_once_are_read_by_every_classifier(seeds, validation):
    texts = (text for text in validation.texts[:2])
    found = faithfulness.study(seeds, texts, draws=1, steps=1, shares=[0.5])
    assert found.completeness.groupby("run")["text"].count().tolist() == [2, 2]


def test_the_difference_to_random_is_text_by_text(whole):
    per_run = whole.erasure.query("route == 'both'").groupby(["run", "order"])["comprehensiveness"].mean().unstack()
    found = faithfulness.against(whole).set_index(["measure", "route"]).loc[("comprehensiveness", "both")]
    assert found["mean"] == pytest.approx((per_run["weights"] - per_run["random"]).mean())


def test_a_study_comes_back_from_its_folder(whole, tmp_path):
    write_study(whole, tmp_path, {"command": "test"})
    again = read_study(tmp_path)
    assert faithfulness.findings(again) == faithfulness.findings(whole)
    assert again.prompts["flipped"].dtype == bool and len(again.erasure) == len(whole.erasure)
    (tmp_path / "erasure.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="does not hold a study"):
        read_study(tmp_path)
    with pytest.raises(BadInput, match="does not hold a study"):
        read_study(tmp_path / "nowhere")


VERDICTS = [(0.1, 0.2, "Held"), (-0.2, -0.1, "Did not hold"), (-1, 1, "Not told apart from chance")]


@pytest.mark.parametrize(("low", "high", "said"), [*VERDICTS, (math.nan, math.nan, "Not told")])
def test_the_verdict(low, high, said):
    assert faithfulness.held(low, high) == said


def test_different_models_are_not_compared(tiny, seeds, validation):
    other = classifier(tiny, layer=2)
    with pytest.raises(BadInput, match="seed 0 and other differ in options .*differ by their seed alone"):
        faithfulness.study(seeds | {"other": other}, validation)
    with pytest.raises(BadInput, match="no classifier"):
        faithfulness.study({}, validation)
    with pytest.raises(BadInput, match="There are 1 texts"):
        faithfulness.study(seeds, validation[:1])


def test_memory_does_not_grow_with_steps_or_with_what_the_prompt_is_made_from(clf, monkeypatch):
    from idspam_lab.analysis import attributions, routes

    text = "a gripping film with a dull end and a long title"
    (row,) = clf.rows([text])
    whole, seen = attributions.integrated(clf, row, 16), []
    slopes = attributions.slopes
    monkeypatch.setattr(attributions, "BATCH_TOKENS", 3 * len(row["input_ids"]))
    monkeypatch.setattr(
        attributions, "slopes", lambda clf, row, x, label: seen.append(len(x)) or slopes(clf, row, x, label)
    )
    again = attributions.integrated(clf, row, 16)
    assert seen == [3, 3, 3, 3, 3, 1]
    for one, other in zip(whole[:2], again[:2], strict=True):
        assert one == pytest.approx(other, abs=1e-6)
    short = {"input_ids": row["input_ids"][:2]}
    monkeypatch.setattr(routes, "BATCH_TOKENS", 3 * len(row["input_ids"]), raising=False)
    made, own = [], routes.own_prompts
    routes.probabilities(
        clf, [short] * 7, made_from=[row] * 7, make=lambda clf, rows: made.append(len(rows)) or own(clf, rows)
    )
    assert max(made) == 3
