"""Grid files: what they may say, which runs they mean, which of these share passes."""

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from idspam_lab.errors import BadInput
from idspam_lab.grid.block import SETTINGS
from idspam_lab.grid.groups import TOGETHER, groups_of
from idspam_lab.grid.models import Models
from idspam_lab.grid.plan import FORMAT, read_plan
from idspam_lab.grid.sizes import size_of
from idspam_lab.methods import METHODS
from idspam_lab.training import Settings
from tests.grid_models import save_models

PLAIN = """
seeds = [0, 1]
[[runs]]
backbones = ["minilm"]
tasks = ["rotten_tomatoes"]
methods = ["idspam", "lpt:p=8"]
settings = { epochs = 1, lr = [1e-3, 3e-3], order_seed = 0 }
layers = [2, 4]
"""


def rows_of_two_classes(count=40):
    return "".join(f"text {i},{i % 2}\n" for i in range(count))


@pytest.fixture(scope="module")
def models():
    return Models()


@pytest.fixture
def plan(tmp_path, models):
    def read(text):
        path = tmp_path / "small.toml"
        path.write_text(text)
        return read_plan(path, models)

    return read


def test_every_combination_once(plan):
    runs = plan(PLAIN).runs
    seen = {(run.method, run.layer, run.settings.lr, run.settings.seed) for run in runs}
    expected = {
        (method, layer, lr, seed)
        for method in ("idspam", "lpt:p=8") for layer in (2, 4) for lr in (1e-3, 3e-3) for seed in (0, 1)
    }  # fmt: skip
    assert seen == expected and len(runs) == len(expected)


def test_a_block_has_the_methods_presets_and_its_own_word_over_them(plan):
    text = PLAIN.replace("settings = { epochs = 1, lr = [1e-3, 3e-3], order_seed = 0 }", "settings = { warmup = 0.1 }")
    for run in plan(text).runs:
        name = run.method.partition(":")[0]
        assert run.settings == Settings(**(METHODS[name].preset | {"warmup": 0.1, "seed": run.settings.seed}))


def test_runs_that_two_blocks_list_are_one(plan):
    block = PLAIN.partition("[[runs]]")[2]
    assert len(plan(f"{PLAIN}\n[[runs]]{block}").runs) == len(plan(PLAIN).runs)


def test_the_identity_is_of_what_determines_the_result(plan):
    one = plan(PLAIN).runs[0]
    changes = [
        {"backbone": "other"}, {"task": "imdb"}, {"method": "idspam:heads=4"}, {"layer": 3}, {"limit": 5},
        {"test_limit": 5}, {"settings": replace(one.settings, seed=7)}, {"settings": replace(one.settings, lr=2e-3)},
        {"transfer": ("imdb",)}, {"few_shot": 3}, {"metric": "acc_f1"}, {"holdout": 0.2}, {"alone": True},
        {"origins": ("x",)}, {"text": "review"}, {"pair": "review"}, {"label": "review"},
        {"read": "first"},
    ]  # fmt: skip
    ids = [one.id, *(replace(one, **change).id for change in changes)]
    assert len(set(ids)) == len(ids)


def test_the_identity_of_a_run_without_named_columns_knows_nothing_of_columns(plan):
    """Runs that were done before grid files could name columns and tokens are still done."""
    one = plan(PLAIN).runs[0]
    told = {name: value for name, value in asdict(one).items() if name not in ("text", "pair", "label", "read")}
    assert one.id == hashlib.sha256(json.dumps([FORMAT, told], sort_keys=True).encode()).hexdigest()[:16]
    assert [run.id for run in plan(f'text = "review"\n{PLAIN}').runs] == [run.id for run in plan(PLAIN).runs]


def test_columns_of_a_table_of_ones_own_can_be_named(plan, tmp_path):
    (tmp_path / "own.csv").write_text("opinion,verdict,other\n" + rows_of_two_classes().replace("\n", ",a\n"))
    text = PLAIN.replace('"rotten_tomatoes"', json.dumps(str(tmp_path / "own.csv")))
    with pytest.raises(BadInput, match=r"has no text column that can be guessed.*small.toml, block 1"):
        plan(text)
    runs = plan(f'text = "opinion"\nlabel = "verdict"\n{text}').runs
    assert {tuple(run.columns.values()) for run in runs} == {("opinion", None, "verdict")}
    with pytest.raises(BadInput, match="has no label column 'other2'"):
        plan(f'text = "opinion"\nlabel = "other2"\n{text}')


def test_the_identity_is_the_same_in_another_process(plan, tmp_path):
    here = [run.id for run in plan(PLAIN).runs]
    program = (
        "import json, sys; from idspam_lab.grid.plan import read_plan; from idspam_lab.grid.models import Models; "
        "print(json.dumps([run.id for run in read_plan(sys.argv[1], Models()).runs]))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "small.toml")]
    assert json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout) == here


def test_whole_numbers_and_decimals_are_the_same_setting(plan):
    one, other = (PLAIN.replace("epochs = 1", f"epochs = 1, weight_decay = {zero}") for zero in ("0", "0.0"))
    assert [run.id for run in plan(one).runs] == [run.id for run in plan(other).runs]


def test_other_texts_in_a_file_are_another_run(plan, tmp_path):
    table, ids = tmp_path / "own.csv", []
    for word in ("fine", "good"):
        table.write_text(f"text,label\n{word},1\n" + rows_of_two_classes())
        ids += [plan(PLAIN.replace('"rotten_tomatoes"', json.dumps(str(table)))).runs[0].id]
    assert ids[0] != ids[1]


def test_a_folder_of_ones_own_is_a_task_and_each_of_its_files_tells_it_from_others(plan, tmp_path):
    folder, ids = tmp_path / "own", []
    folder.mkdir()
    text = PLAIN.replace('"rotten_tomatoes"', json.dumps(str(folder)))
    with pytest.raises(BadInput, match=r"own has no train file: put train.csv there .*small.toml, block 1"):
        plan(text)
    (folder / "train.csv").write_text("text,label\n" + rows_of_two_classes())
    ids.append(plan(text).runs[0].id)
    (folder / "notes.txt").write_text("Not read.")
    assert plan(text).runs[0].id == ids[0]
    others = rows_of_two_classes().replace("text", "other")
    for name, rows in (("test", others), ("test", f"fine,1\n{others}"), ("train", rows_of_two_classes(60))):
        (folder / f"{name}.csv").write_text(f"text,label\n{rows}")
        ids.append(plan(text).runs[0].id)
    (folder / "test.csv").rename(folder / "validation.csv")
    ids.append(plan(text).runs[0].id)
    assert len(set(ids)) == 5
    (folder / "test.csv").write_text("text,label\nfine,2\n")
    with pytest.raises(BadInput, match=r"small.toml, block 1"):
        plan(text)


def test_a_folder_is_as_large_as_its_files_say(plan, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    for name, rows in (("train", 40), ("test", 10)):
        (folder / f"{name}.csv").write_text("text,label\n" + rows_of_two_classes(rows))
    text = PLAIN.replace('"rotten_tomatoes"', json.dumps(str(folder)))
    size, held = size_of(plan(text).runs[0])
    assert (size.train, size.test, held) == (36, 10, 4)


def test_all_layers_are_those_of_the_backbone(plan):
    assert {run.layer for run in plan(PLAIN.replace("[2, 4]", '"all"')).runs} == set(range(6))


# Bad input -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seeds", "seed", "There is no key 'seed' in a grid file"),
        ("methods =", "method =", "There is no key 'method'"),
        ("seeds = [0, 1]", "", "has no seeds: a block needs backbones, tasks, methods, seeds"),
        ("seeds = [0, 1]", "seeds = 3", r"seeds is 3 in .*, but it is a list: write seeds = \[3\]"),
        ("[2, 4]", "[]", "layers is an empty list in .*: name at least one"),
        ("[1e-3, 3e-3]", "[]", "lr is an empty list in .*: name at least one value"),
        ("[2, 4]", "[2, 6]", "layer is 6, but minilm has 6 blocks: choose 0 .* to 5"),
        ("[2, 4]", '["2"]', "layers holds '2' in .*, but it is a list of whole numbers"),
        ("[[runs]]", 'reads = ["second"]\n[[runs]]', "read is 'second', but a head reads one of .*small.toml, block 1"),
        ('"idspam"', '"idspan"', "There is no method 'idspan'"),
        ("p=8", "q=8", "'lpt' has no option 'q'"),
        ('"idspam"', '"idspam:layer=2"', "'idspam:layer=2' names a layer and so does layers"),
        ('"rotten_tomatoes"', '"rotten"', "There is no task 'rotten' .* or a folder with train.csv"),
        ("epochs = 1", "epoch = 1", "There is no setting 'epoch'"),
        ("epochs = 1", "seed = 1", "settings has a seed"),
        ("epochs = 1", 'epochs = "1"', "epochs is '1' in .*, but it is a whole number"),
        ("epochs = 1", "epochs = 0", "epochs is 0, but training needs"),
        ("[[runs]]", "few_shot = 5\n[[runs]]", "few_shot goes with transfer"),
        ("[[runs]]", 'limit = "5"\n[[runs]]', "limit is '5' in .*, but it is a whole number"),
        ("[[runs]]", 'metric = "f1"\n[[runs]]', "There is no metric 'f1'; .*small.toml, block 1"),
        ("[[runs]]", "limit = -4\n[[runs]]", "limit is -4 in .*, but it is a number of texts, 1 at least"),
        ("[[runs]]", "test_limit = 0\n[[runs]]", "test_limit is 0 in .*, but it is a number of texts, 1 at least"),
        ("[[runs]]", "few_shot = -1\n[[runs]]", "few_shot is -1 in .*, but it is a number of texts, 0 at least"),
        ("[[runs]]", "limit = 1\n[[runs]]", "limit is 1 in .*, but rotten_tomatoes has 2 classes: ask for as many"),
        ("[[runs]]", "holdout = 1.5\n[[runs]]", "holdout is 1.5, but it is a share below 1, .*small.toml, block 1"),
        ('"rotten_tomatoes"', '"none.csv"', "There is no file none.csv .*small.toml, block 1"),
        ("[[runs]]", 'label = ["verdict"]\n[[runs]]', r"label is \['verdict'\] in .*, but it is a word"),
        ("[[runs]]", 'transfer = ["rotten_tomatoes"]\n[[runs]]', "is trained on and so it is no task to transfer to"),
        ("[[runs]]", 'transfer = ["mnli"]\n[[runs]]', "rotten_tomatoes has 2 classes and mnli 3"),
        ("[[runs]]", "tune_seeds = [2]\n[[runs]]", r"tune_seeds holds 2, which is not among seeds = \[0, 1\]"),
        ("[[runs]]", "tune_seeds = [0]\nholdout = 0\n[[runs]]", "tune_seeds needs validation texts to choose by"),
        ("[[runs]]", "[runs]", "has no runs: give it at least one block"),
        ("seeds = [0, 1]", "seeds = [0, 1", "is not TOML"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_sentence(plan, old, new, said):
    assert PLAIN.count(old) >= 1
    with pytest.raises(BadInput, match=said) as error:
        plan(PLAIN.replace(old, new, 1))
    assert str(error.value).count("\n") == 0


def test_a_block_that_is_none(plan):
    with pytest.raises(BadInput, match="block 1 is 1, but a block begins with"):
        plan("runs = [1]")


def test_no_file_and_no_folder(tmp_path, models):
    with pytest.raises(BadInput, match="cannot be read"):
        read_plan(tmp_path / "none.toml", models)
    with pytest.raises(BadInput, match="There is no folder"):
        Models(tmp_path / "none")


def test_settings_are_those_of_training_but_for_the_seed():
    assert {*SETTINGS, "seed", "betas"} == set(Settings().to_dict())


# Groups --------------------------------------------------------------------------------------------------------------


def test_runs_of_one_order_share_and_others_do_not(plan, models):
    assert list(map(len, groups_of(plan(PLAIN).runs, models))) == [16]  # methods, layers, rates and seeds
    text = PLAIN.replace(", order_seed = 0", "")
    assert list(map(len, groups_of(plan(text).runs, models))) == [8, 8]  # seeds have their own order
    assert set(map(len, groups_of(plan("alone = true\n" + PLAIN).runs, models))) == {1}
    text = PLAIN.replace('"lpt:p=8"', '"idspam:lora=2"')  # changes the blocks above the prompt
    assert sorted(map(len, groups_of(plan(text).runs, models))) == [1] * 8 + [8]


def test_the_token_for_the_head_is_a_choice_and_groups_have_one(plan, models):
    runs = plan(f'reads = ["mean", "first"]\n{PLAIN}').runs
    assert sorted(run.read for run in runs) == ["first"] * 16 + ["mean"] * 16
    assert "block 2, reads the first, lr" in " ".join(map(str, runs))
    assert [{run.read for run in group} for group in groups_of(runs, models)] == [{"mean"}, {"first"}]


def test_groups_stay_bounded(plan, models):
    many = plan(PLAIN.replace("[0, 1]", "[0, 1, 2, 3, 4, 5, 6]", 1)).runs
    sizes = list(map(len, groups_of(many, models)))
    assert sum(sizes) == len(many) and max(sizes) == TOGETHER
    shared = list(map(len, groups_of(many, models, jobs=4)))  # four processes: each has several to come back for
    assert sum(shared) == len(many) and max(shared) <= -(-len(many) // 8)


# Where models are ----------------------------------------------------------------------------------------------------


def test_a_models_folder_may_be_plain_or_the_hubs_cache(tmp_path):
    from tests.grid_models import COMMIT, save_models

    save_models(tmp_path, ["gpt2", "roberta-base"])
    models = Models(tmp_path)
    assert models.place("gpt2") == str(tmp_path / "gpt2")
    assert models.place("roberta-base").endswith(f"snapshots/{COMMIT}") and models.place("bert") == "bert"
    for name in ("gpt2", "roberta-base"):
        loaded, shape = models.load(name), models.shape(name)
        assert (loaded.name, loaded.n, loaded.L) == (shape.name, shape.n, shape.L) == (name, 32, 3)
    before = models.digest("gpt2")
    shutil.copytree(tmp_path / "gpt2", tmp_path / "again")
    assert models.digest("again") == before != models.digest("roberta-base")
    with open(tmp_path / "again" / "model.safetensors", "ab") as file:
        file.write(b" ")
    assert models.digest("again") != before


def test_what_search_recommends_a_grid_takes(plan):
    assert plan(PLAIN.replace('"idspam"', '"idspam:dropout=0.2,head_dropout=0.2"')).runs
    with pytest.raises(BadInput, match="head_dropout is 2"):
        plan(PLAIN.replace('"idspam"', '"idspam:head_dropout=2"'))


def test_a_number_of_rows_is_the_same_with_a_point(plan):
    ids = [[run.id for run in plan(f"holdout = {rows}\n{PLAIN}").runs] for rows in ("300", "300.0", "301")]
    assert ids[0] == ids[1] != ids[2]


def test_another_tokenizer_or_pooling_is_another_run(tmp_path):
    models = save_models(tmp_path, ["gpt2"])
    digests = [Models(models).digest("gpt2")]
    (models / "gpt2" / "1_Pooling").mkdir()
    (models / "gpt2" / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')
    digests.append(Models(models).digest("gpt2"))
    tokenizer = models / "gpt2" / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text() + " ")
    digests.append(Models(models).digest("gpt2"))
    assert len(set(digests)) == 3
