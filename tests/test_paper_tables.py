"""The paper's tables: every file is there, parses, is what its README says, and prints in the paper's shape."""

import re
import shutil

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from idspam_lab.backbones.shapes import SHAPES
from idspam_lab.errors import BadInput
from idspam_lab.paper import PARAMETERS
from idspam_lab.paper_tables import FOLDER, PAPER_TABLES, WIDTH, WORDS, as_printed, as_text, paper_table, pretty, scores

# Rows of each file: the printed rows times the printed columns, counted in the paper.
ROWS = [6, 16 * 7, 2 * 3, 6 * 5, 6 * 5, 8 * 4, 7, 2 * 7, 6 * 5, 3 * 3, 6, 2 * 3, 6 * 2, 6, 3 * 6, 6 * 2]
CELLS = dict(zip(range(1, 17), ROWS, strict=True))
every_table = pytest.mark.parametrize("number", PAPER_TABLES)


def test_the_folder_holds_the_sixteen_tables_and_nothing_else():
    assert {path.name for path in FOLDER.iterdir()} == {f"table_{n:02d}.csv" for n in range(1, 17)} | {"README.md"}


@every_table
def test_each_file_parses_and_has_the_papers_cells(number):
    tidy = paper_table(number)
    assert len(tidy) == CELLS[number]
    for column in tidy:
        assert pd.api.types.is_numeric_dtype(tidy[column]) == (column not in WORDS), column
    names = [column for column in tidy if column in WORDS | {"epoch"} and column != "values"]
    assert not tidy.duplicated(names).any()


@every_table
def test_a_number_is_kept_as_it_is_printed(number):
    """The tidy numbers and the text differ in their zeros only, and an empty cell is where the README says."""
    text, tidy = as_text(number), paper_table(number)
    for column in set(text) - WORDS:
        there = text[column] != ""
        assert tidy[column].notna().equals(there)
        assert tidy.loc[there, column].tolist() == [float(cell) for cell in text.loc[there, column]]
        if not there.all():
            assert column in ("std", "ratio")


def test_where_no_standard_deviation_is_printed():
    table = paper_table(2).query("task != 'Mean'")
    assert table.loc[table["std"].isna(), ["backbone", "method", "task"]].values.tolist() == [
        ["roberta-base", "P-Tuning", "MNLI"]
    ]
    assert paper_table(2).query("task == 'Mean'")["std"].isna().all()


@every_table
def test_the_readme_names_each_file_with_its_columns(number):
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    (columns,) = re.findall(rf"^\| `table_{number:02d}\.csv` \|[^|]*\| ([^|]*) \|$", readme, re.MULTILINE)
    assert columns.split(", ") == list(as_text(number))


def test_table_2_in_the_papers_shape():
    wide = as_printed(2)
    assert list(wide) == ["backbone", "method", "MNLI", "QNLI", "SST-2", "MRPC", "RTE", "QQP", "Mean"]
    methods = ["Fine-tuning", "LoRA", "Prompt Tuning", "P-Tuning", "SMoP", "LPT", "DEPT", "ID-SPAM"]
    assert list(wide["method"]) == 2 * methods and list(wide["backbone"].unique()) == ["roberta-base", "roberta-large"]
    cells = wide.set_index(["backbone", "method"])
    assert cells.at[("roberta-base", "ID-SPAM"), "SST-2"] == "92.7 (1.2)"
    assert cells.at[("roberta-base", "P-Tuning"), "MNLI"] == "82.2"  # no deviation there
    assert cells.at[("roberta-base", "P-Tuning"), "Mean"] == "81"
    assert cells.at[("roberta-large", "Fine-tuning"), "Mean"] == "91.48"
    assert cells.at[("roberta-large", "LPT"), "QQP"] == "85.3 (1.3)"


@pytest.mark.parametrize(
    ("number", "row", "column", "cell"),
    [
        (6, ("roberta-large", "Prompt Tuning"), "IMDB → SST-2", "63.5 (3.8)"),
        (12, ("roberta-large",), "LoRA", "7,931,280"),
        (13, ("google/gemma-2b", "2525.8"), "LoRA", "19.6 (1.5x)"),
        (13, ("gpt2-large", "785.8"), "ID-SPAM", "5.1"),
        (15, ("roberta-large", "ID-SPAM"), "QQP", "1004s"),
        (16, ("30",), "MRPC", "0.0001"),
    ],
)
def test_brackets_and_units(number, row, column, cell):
    wide = as_printed(number)
    assert wide.set_index(list(wide.columns[: len(row)])).loc[row, column] == cell


@pytest.mark.parametrize("number", [n for n, plan in PAPER_TABLES.items() if plan.across])
def test_the_papers_shape_loses_no_cell(number):
    plan, wide = PAPER_TABLES[number], as_printed(number)
    cells = wide.drop(columns=list(plan.down))
    assert cells.size == CELLS[number] and cells.notna().all(axis=None)
    printed = cells.map(lambda cell: re.sub(r" \(.*|s$|,", "", cell)).to_numpy().ravel()
    assert sorted(printed) == sorted(as_text(number)[plan.cell])


@every_table
def test_pretty_fits_and_has_its_caption(number):
    lines = pretty(number).splitlines()
    assert lines[0] == f"Table {number}: {PAPER_TABLES[number].caption}." and lines[1] == ""
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) == 4 + len(as_printed(number))  # no row had to be broken


@pytest.mark.parametrize(("method", "printed"), [("idspam", "ID-SPAM"), ("lpt", "LPT"), ("lora", "LoRA")])
def test_counting_and_the_csv_files_hold_the_same_numbers(method, printed):
    """paper.py repeats the counts, so that counting needs no file."""
    twelve, thirteen = (paper_table(n).set_index(["method", "backbone"]) for n in (12, 13))
    held = PARAMETERS[method].items()
    exact = {name: found.value for name, found in held if found.table == "Table 12"}
    millions = {name: found.value / 1e6 for name, found in held if found.table == "Table 13"}
    assert exact == twelve["parameters"][printed].to_dict()
    assert millions == (thirteen["millions"][printed].to_dict() if printed in thirteen.index else {})
    assert set(PARAMETERS[method]) <= set(SHAPES)


def test_scores_are_all_of_them_without_the_means():
    found = scores()
    printed = {n: paper_table(n) for n in (2, 3, 4, 5, 6, 8, 9, 10, 11)}
    wanted = {n: len(rows.query("task != 'Mean'") if "task" in rows else rows) for n, rows in printed.items()}
    assert found.groupby("table").size().to_dict() == wanted
    assert found.drop(columns="std").notna().all(axis=None)
    assert not found.duplicated(["table", "backbone", "method", "train_task", "test_task"]).any()
    here, there = ("MRPC", "MRPC"), ("SST-2", "IMDB")
    ours = found.query("backbone == 'roberta-large' and method == 'ID-SPAM'")
    ours = ours.set_index(["train_task", "test_task", "table"]).sort_index()
    assert ours.loc[here, "score"].to_dict() == {2: 86.1, 3: 86.1}
    assert ours.loc[(*there, 6), ["score", "std"]].tolist() == [89.1, 0.3]


# --- what cannot be read ----------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 17, -1])
@pytest.mark.parametrize("read", [paper_table, as_text, as_printed, pretty])
def test_a_table_that_the_paper_has_not(number, read):
    with pytest.raises(BadInput, match=rf"no Table {number}: choose one of 1 to 16"):
        read(number)


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(FOLDER, tmp_path / "paper")


def test_another_folder(copy):
    path = copy / "table_03.csv"
    assert path.read_text().count("82.3") == 1
    path.write_text(path.read_text().replace("82.3", "12.3"))
    here, there = paper_table(3), paper_table(3, copy)
    assert here["score"].sum() - there["score"].sum() == pytest.approx(70)
    assert_frame_equal(there.replace(12.3, 82.3), here)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b'a,b\n1,2,3\n"'])
def test_a_file_that_is_missing_or_broken(copy, content):
    path = copy / "table_03.csv"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(BadInput, match="table_03.csv could not be read"):
        paper_table(3, copy)


def test_a_cell_that_is_no_number(copy):
    path = copy / "table_03.csv"
    path.write_text(path.read_text().replace("82.3", "82;3"))
    with pytest.raises(BadInput, match="Table 3 in .* no number"):
        paper_table(3, copy)
