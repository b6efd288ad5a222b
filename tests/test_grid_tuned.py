"""The best settings of each method are chosen by the validation texts, over all seeds, and by nothing else."""

import pandas as pd
import pytest

from idspam_lab.experiments.summary import MEASURED, read_results
from idspam_lab.grid.collect import collect
from idspam_lab.grid.executors import work
from idspam_lab.grid.folder import GridFolder
from idspam_lab.grid.models import Models
from idspam_lab.grid.plan import read_plan
from idspam_lab.grid.shown import results
from idspam_lab.grid.tuned import several_settings, tuned
from tests.grid_models import save_models, save_tasks

TEXT = """
backbones = ["roberta-base"]
tasks = ["sst2"]
seeds = [0, 1]
test_limit = 6
transfer = ["imdb"]
[[runs]]
methods = ["idspam:t=3,c=8", "lpt:t=2"]
settings = { epochs = 2, batch_size = 8, lr = [1e-4, 1e-2], order_seed = 0, precision = "fp32" }
"""


def finished(method: str, lr: float, seed: int, validation: list[float], best: int = 1, test: float = 0.5) -> dict:
    """What `execute` leaves of a run, as far as a choice needs it."""
    return {
        "run": {"method": method, "layer": None, "settings": {"lr": lr, "seed": seed}},
        "rows": [{"score": test, "best_epoch": best}],
        "history": [{"validation_score": score} for score in validation],
    }


def test_the_mean_over_the_seeds_at_the_kept_epoch_chooses_not_the_test_score():
    weak = [finished("a", 1e-3, seed, [0.6, 0.9], test=0.99) for seed in (0, 1)]  # 0.9 is not the epoch that was kept
    uneven = [finished("a", 3e-3, 0, [0.9]), finished("a", 3e-3, 1, [0.5])]
    good = [finished("a", 1e-2, seed, [0.1, 0.75], best=2, test=0.1) for seed in (0, 1)]
    other = [finished("b", 1e-3, 0, [0.2])]
    assert tuned([*weak, *uneven, *good, *other]) == [*good, *other]


def test_settings_without_all_seeds_are_not_chosen():
    half, whole = [finished("a", 1e-3, 0, [0.9])], [finished("a", 1e-2, seed, [0.7]) for seed in (0, 1)]
    assert tuned([*half, *whole]) == whole


def test_of_equal_ones_the_first_and_none_without_validation_texts():
    first, second = finished("a", 1e-3, 0, [0.7]), finished("a", 1e-2, 0, [0.7])
    blind = first | {"history": [{"train_loss": 0.5}]}
    assert tuned([first, second]) == [first] and tuned([blind]) == []


def test_one_choice_of_settings_needs_no_tuning():
    assert not several_settings([finished("a", 1e-3, 0, [0.7]), finished("a", 1e-3, 1, [0.7])])
    assert several_settings([finished("a", 1e-3, 0, [0.7]), finished("a", 1e-2, 0, [0.7])])


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A grid with two rates, done."""
    place = tmp_path_factory.mktemp("tuned")
    save_models(place / "models", ["roberta-base"])
    save_tasks(place / "tasks")
    (place / "rates.toml").write_text(TEXT)
    folder, models = GridFolder(place / "out"), Models(place / "models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDSPAM_DATA_DIR", str(place / "tasks"))
        plan = read_plan(place / "rates.toml", models)
        work(plan, folder, models, say=lambda line: None, progress=False)
    return folder, collect(plan, folder)


def test_the_tuned_table_has_one_rate_a_method_the_one_with_the_best_validation_mean(done):
    folder, tables = done
    runs = tables.results.dropna(subset=["seed"]).merge(
        tables.epochs[["run", "epoch", "validation_score"]], left_on=["run", "best_epoch"], right_on=["run", "epoch"]
    )
    means = runs.groupby(["method", "lr"])["validation_score"].mean()
    best = means[means == means.groupby("method").transform("max")].groupby("method").head(1).reset_index()
    chosen = tables.tuned.dropna(subset=["seed"])
    assert len(chosen) == 2 * 2 * 2 and len(runs) == 2 * len(chosen)  # methods x seeds x test sets
    assert chosen.groupby("method")["lr"].unique().map(list).to_dict() == {
        row.method: [row.lr] for row in best.itertuples()
    }
    assert len(pd.read_csv(folder.path / "rates-tuned.csv")) == len(tables.tuned)


def test_no_set_of_test_texts_is_larger_than_the_limit(done):
    _, tables = done
    assert set(tables.results["test_task"]) == {"sst2", "imdb"} and set(tables.results["texts"]) == {6}


STUDIES = sorted((MEASURED / "grids").glob("*.toml"))


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_the_files_of_the_studies_can_be_read_and_try_all_methods_at_as_many_rates(path):
    rates = {}
    for run in read_plan(path, Models()).runs:
        rates.setdefault(run.method, set()).add(run.settings.lr)
    assert len(set(map(len, rates.values()))) == 1


def test_the_measured_table_is_of_one_rate_a_method_that_its_file_lists():
    plan = read_plan(MEASURED / "grids" / "transfer_sst2_imdb.toml", Models())
    listed = {(run.method, run.settings.seed, run.settings.lr) for run in plan.runs}
    runs = read_results(MEASURED / "transfer_sst2_imdb.csv").dropna(subset=["seed"])
    measured = set(zip(runs["spelled"], runs["seed"], runs["lr"], strict=True))
    assert measured <= listed and set(runs.groupby("spelled")["lr"].nunique()) == {1}
    assert set(runs["spelled"]) == {run.method for run in plan.runs}


def test_without_validation_texts_nothing_is_chosen_and_nothing_is_lost(tmp_path, monkeypatch):
    save_models(tmp_path / "models", ["roberta-base"])
    save_tasks(tmp_path / "tasks")
    monkeypatch.setenv("IDSPAM_DATA_DIR", str(tmp_path / "tasks"))
    (tmp_path / "rates.toml").write_text(TEXT.replace("seeds = [0, 1]", "seeds = [0]\nholdout = 0"))
    folder, models = GridFolder(tmp_path / "out"), Models(tmp_path / "models")
    plan = read_plan(tmp_path / "rates.toml", models)
    work(plan, folder, models, say=lambda line: None, progress=False)
    tables = collect(plan, folder)
    assert len(tables.tuned) == len(tables.results) and not list(folder.path.glob("*-tuned.csv"))
    assert "4 of 4 runs are done" in results(plan, tables.tuned, folder)
