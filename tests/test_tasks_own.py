"""The user's own tables: what is guessed, what is kept, and one sentence for everything that is wrong."""

import csv
import json
import warnings

import datasets
import numpy as np
import pandas
import pytest
import torch

from idspam_lab.errors import BadInput
from idspam_lab.tasks import OverlapWarning, from_dataset, load_for_evaluation, load_task, overlap, read_table

FRAME = pandas.DataFrame(
    {
        "review": ["good, very", 'so "bad"', "line\nbreak <br /> <b>x</b>", " Größe "],
        "label": ["pos", "neg", "pos", "neg"],
    }
)
TEXTS = tuple(FRAME["review"])


def file(tmp_path, content, name="own.csv"):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.fixture(params=["csv", "semicolon.csv", "bom.csv", "tsv", "parquet", "jsonl"])
def written(tmp_path, request):
    """FRAME as pandas writes it."""
    path = tmp_path / f"own.{request.param}"
    match request.param:
        case "csv":
            FRAME.to_csv(path, index=False)
        case "semicolon.csv":
            FRAME.to_csv(path, index=False, sep=";")
        case "bom.csv":
            FRAME.to_csv(path, index=False, encoding="utf-8-sig")
        case "tsv":
            FRAME.to_csv(path, index=False, sep="\t")
        case "parquet":
            FRAME.to_parquet(path)
        case "jsonl":
            FRAME.to_json(path, orient="records", lines=True)
    return path


# --- what is read


def test_every_kind_of_file_gives_the_same_rows(written):
    table = read_table(written)
    assert table.examples.texts == TEXTS and table.examples.pairs is None
    assert table.labels == ("neg", "pos") and table.examples.labels == (1, 0, 1, 0)
    assert table.said == "Texts are read from column 'review', labels from column 'label' (0 = neg, 1 = pos)."


def test_data_frame_dict_and_dataset_give_the_same_rows():
    plain = FRAME.to_dict("list")
    for data in (
        FRAME,
        plain,
        datasets.Dataset.from_dict(plain),
        datasets.Dataset.from_pandas(FRAME).select([0, 1, 2, 3]),
    ):
        assert from_dataset(data).examples.texts == TEXTS
        assert from_dataset(data).examples.labels == (1, 0, 1, 0)


def test_class_label_names_are_kept_from_dataset_and_from_parquet(tmp_path):
    features = datasets.Features(text=datasets.Value("string"), label=datasets.ClassLabel(names=["zero", "a", "never"]))
    data = datasets.Dataset.from_dict({"text": ["x", "y", "z"], "label": [1, 0, 1]}, features=features)
    data.to_parquet(tmp_path / "own.parquet")
    for table in (
        from_dataset(data),
        read_table(tmp_path / "own.parquet"),
        from_dataset(data.select([2, 1, 0])),
    ):
        assert table.labels == ("zero", "a", "never") and table.examples.labels == (1, 0, 1)


@pytest.mark.parametrize(
    ("values", "names", "ids"),
    [
        ([2, 0, 1, 0], ("0", "1", "2"), (2, 0, 1, 0)),
        ([1.0, 0.0, 1.0, 0.0], ("0", "1"), (1, 0, 1, 0)),
        ([True, False, True, True], ("False", "True"), (1, 0, 1, 1)),
        (list(np.array([True, False, True, True])), ("False", "True"), (1, 0, 1, 1)),
        (["b", "a", "c", "a"], ("a", "b", "c"), (1, 0, 2, 0)),
    ],
)
def test_labels_that_are_numbers_booleans_or_words(tmp_path, values, names, ids):
    frame = pandas.DataFrame({"text": list("wxyz"), "label": values})
    frame.to_csv(tmp_path / "own.csv", index=False)
    for table in (from_dataset(frame), read_table(tmp_path / "own.csv")):
        assert (table.labels, table.examples.labels) == (names, ids)


def test_columns_are_guessed_or_named():
    table = {"Sentence1": ["a", "b"], "sentence2": ["c", "d"], "Label": ["x", "y"], "other": ["e", "f"]}
    assert from_dataset(table).columns == ("Sentence1", "sentence2") and from_dataset(table).examples.pairs == (
        "c",
        "d",
    )
    assert from_dataset(table, text="other").columns == ("other",)
    assert from_dataset(table, text="other", pair="sentence2").examples.pairs == ("c", "d")
    assert from_dataset(table, text="sentence2", label="other").labels == ("e", "f")
    unlabelled = from_dataset({"text": ["a", "b"]}, labelled=False)
    assert unlabelled.examples.labels is None and unlabelled.labels == () and unlabelled.label_column is None


def test_known_names_read_the_labels_of_new_rows(tmp_path):
    table = read_table(file(tmp_path, "text,label\na,pos\nb,pos\n"), names=("neg", "pos"))
    assert table.examples.labels == (1, 1) and table.labels == (
        "neg",
        "pos",
    )  # one class is enough to evaluate on
    assert read_table(file(tmp_path, "text,label\na,5\nb,1\n"), names=("1", "2", "5")).examples.labels == (
        2,
        0,
    )
    assert read_table(file(tmp_path, "text,label\na,1\nb,1\n"), names=("neg", "pos")).examples.labels == (
        1,
        1,
    )


def test_numbers_that_do_not_run_from_0_are_the_classes_names(tmp_path):
    """Stars, say; in another table the same names are meant, whether they come as words or as numbers."""
    table = read_table(file(tmp_path, "text,label\na,5\nb,1\nc,2\n"))
    assert table.labels == ("1", "2", "5") and table.examples.labels == (2, 0, 1)
    for rows in ("text,label\na,2\nb,1\n", "text,label\na,2.0\nb,1.0\n"):
        assert read_table(file(tmp_path, rows), names=table.labels).examples.labels == (1, 0)
    with pytest.raises(BadInput, match="has the label 3, which is not one of: 1, 2, 5"):
        read_table(file(tmp_path, "text,label\na,3.0\nb,1.0\n"), names=table.labels)


def class_labels(names, ids):
    features = datasets.Features(text=datasets.Value("string"), label=datasets.ClassLabel(names=names))
    return datasets.Dataset.from_dict({"text": [f"t {i}" for i in range(len(ids))], "label": ids}, features=features)


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (("1", "2", "3"), [1, 2, 1]),  # all of them are names of other classes, too
        (("1", "2", "3", "4", "5"), [4, 0, 1, 2, 3]),
        (("10", "0", "1"), [0, 2, 1]),
        (("-1", "0", "1"), [0, 2, 1]),
        (("true", "false"), [0, 1, 0]),
    ],
)
def test_numbers_beside_class_label_names_are_ids(tmp_path, names, ids):
    data = class_labels(names, ids)
    data.to_parquet(tmp_path / "own.parquet")
    for known in (None, names):
        for table in (
            from_dataset(data, names=known),
            read_table(tmp_path / "own.parquet", names=known),
        ):
            assert (table.labels, table.examples.labels) == (names, tuple(ids))


def test_class_label_names_that_are_digits_keep_their_rows():
    """class_encode_column sorts numbers as words: 0, 1, 10, 11, ..., 2."""
    numbers = [i % 20 for i in range(400)]
    plain = datasets.Dataset.from_dict({"text": [f"t {i}" for i in range(400)], "label": numbers})
    table = from_dataset(plain.class_encode_column("label"))
    assert [int(table.labels[i]) for i in table.examples.labels] == numbers


def test_class_label_names_in_another_order_are_mapped_by_name(tmp_path):
    data = class_labels(("pos", "neg"), [0, 0, 1])
    table = from_dataset(data, names=("neg", "pos"))
    assert table.labels == ("neg", "pos") and table.examples.labels == (1, 1, 0)
    there = load_for_evaluation(data, names=("neg", "pos"))
    assert there.task.labels == ("neg", "pos") and there.test.labels == (1, 1, 0)
    assert from_dataset(class_labels(("2", "1"), [0, 0, 1]), names=("1", "2")).examples.labels == (1, 1, 0)
    with pytest.raises(BadInput, match="classes pos, neg, but these are expected: bad, pos"):
        from_dataset(data, names=("bad", "pos"))


@pytest.mark.parametrize(
    ("values", "names", "ids"),
    [
        ([True, False], ("true", "false"), (0, 1)),
        ([True, False], ("False", "True"), (1, 0)),
        ([True, False], ("0", "1"), (1, 0)),
        ([True, False], ("neg", "pos"), (1, 0)),
        ([1, 0], ("False", "True"), (1, 0)),
        ([0.0, 1.0], ("-1", "0", "1"), (1, 2)),
        ([-1, 1], ("-1", "0", "1"), (0, 2)),
        ([1, 1], ("1.0", "2.0"), (0, 0)),
        ([2.0, 1.0], ("1", "2"), (1, 0)),
        ([0.5, 1.5], ("0.5", "1.5"), (0, 1)),
        (["true", "FALSE"], ("False", "True"), (1, 0)),
        (["7", "07"], ("07", "7"), (1, 0)),
        ([0, 1], ("10", "other"), (0, 1)),
        ([np.int64(2), np.int64(1)], ("1", "2"), (1, 0)),
    ],
)
def test_labels_are_known_names_by_value_before_they_are_ids(values, names, ids):
    table = from_dataset({"text": ["a b", "c d"], "label": values}, names=names)
    assert (table.labels, table.examples.labels) == (names, ids)


@pytest.mark.parametrize(
    ("rows", "names", "ids"),
    [
        ("a,true\nb,false\n", ("True", "False"), (0, 1)),
        ("a,TRUE\nb,False\n", ("true", "false"), (0, 1)),
        ("a,nan\nb,x\n", ("nan", "x"), (0, 1)),
        ("a, pos\nb,neg \n", ("neg", "pos"), (1, 0)),
        ("a,002\nb,001\n", ("001", "002"), (1, 0)),
        ("a,1\nb,0\n", ("neg", "pos"), (1, 0)),
    ],
)
def test_the_same_in_a_file_without_types(tmp_path, rows, names, ids):
    assert read_table(file(tmp_path, f"text,label\n{rows}"), names=names).examples.labels == ids


@pytest.mark.parametrize(
    ("values", "names", "shown"),
    [
        ([1, 2], ("001", "002"), "1"),  # not ids: 1 would be the second class
        ([0, 1], ("1", "2"), "0"),
        ([True, False], ("1", "2"), "False"),
        ([0, 1], ("neg", "0"), "1"),
        ([7.0, 7.0], ("7.00", "7.000"), "7"),
        (["07", "7"], ("7", "8"), "'07'"),
        (["0", "1"], ("neg", "pos"), "'0'"),
    ],
)
def test_what_is_neither_a_known_name_nor_an_id(values, names, shown):
    with pytest.raises(BadInput, match=f"has the label {shown}, which is not one of: {', '.join(names)}"):
        from_dataset({"text": ["a", "b"], "label": values}, names=names)


def test_a_missing_label_is_no_class_called_none():
    with pytest.raises(BadInput, match="no label .* in row 2 "):
        from_dataset({"text": ["a", "b"], "label": ["some", None]}, names=("None", "some"))


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (["001", "002", "001"], ("001", "002")),
        (["7", "07", "8"], ("07", "7", "8")),
        (["9007199254740992", "9007199254740993", "5"], ("5", "9007199254740992", "9007199254740993")),
        (["+1", "-1", "+1"], ("+1", "-1")),
        (["1.", "2.", "1."], ("1.", "2.")),
        (["1" + "0" * 22, "1" + "0" * 21 + "1", "5"], ("1" + "0" * 22, "1" + "0" * 21 + "1", "5")),
        (["9" * 5000, "8" * 5000, "7"], ("7", "8" * 5000, "9" * 5000)),
        (["٣", "٤", "٣"], ("٣", "٤")),
    ],
)
def test_labels_of_a_csv_file_that_a_number_would_change_are_words(tmp_path, written, names):
    """As they are where the file has types, so that what is trained on one can be evaluated on the other."""
    table = read_table(file(tmp_path, "text,label\n" + "".join(f"t {i},{v}\n" for i, v in enumerate(written))))
    assert table.labels == names and [names[i] for i in table.examples.labels] == written
    lines = "".join(json.dumps({"text": f"t {i}", "label": v}) + "\n" for i, v in enumerate(written))
    words = file(tmp_path, lines, "own.jsonl")
    assert read_table(words).labels == names
    assert read_table(words, names=table.labels).examples.labels == table.examples.labels


def test_whole_numbers_of_a_csv_file_are_in_the_order_of_their_size(tmp_path):
    table = read_table(file(tmp_path, "text,label\na,10\nb,9\nc,9007199254740993\nd,2.0\n"))
    assert table.labels == ("2", "9", "10", "9007199254740993") and table.examples.labels == (2, 1, 3, 0)


# --- what is refused: the content of a CSV file, and words that the one sentence must have

REFUSED = {
    "no label column": ("text,stars\na,1\nb,2\n", "no label column.*'text', 'stars'"),
    "no text column": ("body,label\na,0\nb,1\n", "no text column.*'body', 'label'"),
    "empty texts": ("text,label\na,0\n,1\nc,0\n  ,1\n", "no text in column 'text' of rows 2, 4 "),
    "negative": ("text,label\na,-2\nb,0\nc,1\n", "has the label -2, but classes that are numbers are 0 or more"),
    "missing label": ("text,label\na,0\nb,\nc,1\n", "no label .* in row 2 "),
    "NaN": ("text,label\na,0.0\nb,NaN\nc,1.0\n", "no label .* in row 2 "),
    "minus one": (
        "text,label\na,0\nb,1\nc,-1\nd,-1\n",
        "no label .* in rows 3, 4 .* number the classes from 0",
    ),
    "one class": ("text,label\na,pos\nb,pos\n", "one class only .'pos'"),
    "fractions": ("text,label\na,0.5\nb,0.5\n", "does not hold classes"),
    "no rows": ("text,label\n", "has no rows"),
    "nothing": ("", "is empty"),
    "uneven": ("text,label\na,0\nb, c,1\n", "3 values on line 3, but 2 columns"),
    "open quotation mark": ('text,label\n"a,0\nb,1\n', "cannot be read at line"),
    "quotation mark inside": ('text,label\n"a "b" c",0\nd,1\n', "double each quotation mark"),
    "same name twice": ("text,text\na,b\n", "two columns of the same name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_files(tmp_path, case):
    content, words = REFUSED[case]
    path = file(tmp_path, content)
    with pytest.raises(BadInput, match=words) as error:
        read_table(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)
    assert path.read_text(encoding="utf-8") == content


def test_refused_columns_and_classes(tmp_path):
    def refused(words, data=None, **more):
        with pytest.raises(BadInput, match=words):
            from_dataset({"text": ["a", "b"], "label": [0, 1]} if data is None else data, **more)

    refused("no column 'words'; its columns are: 'text', 'label'", text="words")
    refused("no column 'more'", text="text", pair="more")
    refused("no label column 'class'; its columns are", label="class")
    refused("holds int in rows 1, 2 .*not text", {"text": [1, 2], "label": [0, 1]})
    refused("no text in column 'text' of row 2 ", {"text": ["a", None], "label": [0, 1]})
    refused("no label .* row 2 ", pandas.DataFrame({"text": ["a", "b"], "label": [0, np.nan]}))
    refused("no label .* row 1 ", {"text": ["a", "b"], "label": [None, "x"]})
    refused("not a mixture", {"text": ["a", "b"], "label": [0, "x"]})
    refused(r"numbers such as 0.5, and what is measured \(regression\)", {"text": ["a", "b"], "label": [0.5, 1.5]})
    refused(r"numbers such as inf, and what", {"text": ["a", "b"], "label": [np.inf, 1.0]})
    refused("several to a text are not supported", {"text": ["a", "b"], "label": [["x"], ["x", "y"]]})
    refused("label 'bad', which is not one of: neg, pos", {"text": ["a"], "label": ["bad"]}, names=("neg", "pos"))
    refused("outside 0..1 in row 2", {"text": ["a", "b"], "label": [0, 2]}, names=("neg", "pos"))
    refused("A list is not a table", [1, 2])
    names = datasets.ClassLabel(names=["a", "b", "c"])
    features = datasets.Features(text=datasets.Value("string"), label=names)
    refused(
        "2 rows for 3 classes",
        datasets.Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]}, features=features),
    )
    hidden = datasets.Dataset.from_dict({"text": list("wxyz"), "label": [0, 1, -1, 2]}, features=features)
    refused("no label .* in row 3 ", hidden)
    refused("classes a, b, c, but these are expected: x, y", hidden, names=("x", "y"))


def test_refused_paths(tmp_path):
    def refused(words, path):
        with pytest.raises(BadInput, match=words):
            read_table(path)

    refused("There is no file", tmp_path / "none.csv")
    refused("There is no file", tmp_path)
    refused(r"name should end in .csv, .tsv, .parquet, .jsonl", file(tmp_path, "x", "own.txt"))
    refused("not a whole Parquet file", file(tmp_path, "x", "own.parquet"))
    refused("no JSON object on line 2", file(tmp_path, '{"text": "a", "label": 0}\n{"text": \n', "own.jsonl"))
    refused("no JSON object on line 1", file(tmp_path, "[1]\n", "list.jsonl"))
    (tmp_path / "latin.csv").write_bytes("text,label\nGröße,0\n".encode("latin-1"))
    refused("not UTF-8", tmp_path / "latin.csv")


def test_unreadable_file(tmp_path, monkeypatch):
    path = file(tmp_path, "text,label\na,0\n")

    def closed(*arguments, **more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", closed)  # permissions do not stop the user root
    with pytest.raises(BadInput, match="cannot be read .Permission denied."):
        read_table(path)


def test_a_folder_that_may_not_be_entered(tmp_path, monkeypatch):
    path = file(tmp_path, "text,label\na,0\n", "train.csv")

    def closed(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.is_file", closed)
    with pytest.raises(BadInput, match=r"cannot be looked into \(Permission denied\): check") as error:
        load_task(tmp_path)
    assert str(tmp_path) in str(error.value)
    with pytest.raises(BadInput, match=r"train.csv cannot be read \(Permission denied\)"):
        load_task(path)


# --- to train on


def rows(count, prefix=""):
    return pandas.DataFrame({"text": [f"{prefix}{i}" for i in range(count)], "label": ["pos", "neg"] * (count // 2)})


def test_one_table_is_divided_by_the_same_rule_as_any(tmp_path):
    rows(100).to_csv(tmp_path / "own.csv", index=False)
    data = load_task(tmp_path / "own.csv", metric="acc_f1")
    assert [len(part) for part in (data.train, data.validation, data.test)] == [80, 10, 10]
    assert not overlap(data.train, data.test) and data.test.name == "own/test"
    assert data.task.labels == ("neg", "pos") and data.task.metric == "acc_f1" and data.task.name == "own"
    assert "0 = neg, 1 = pos" in data.source and data.fingerprint == load_task(rows(100)).fingerprint
    assert len(load_for_evaluation(str(tmp_path / "own.csv"), names=("neg", "pos")).test) == 100


def test_a_folder_or_a_dataset_dict_with_splits(tmp_path):
    parts = {"train": rows(40), "test": rows(6, "test ")}
    parts["train"].to_csv(tmp_path / "train.csv", index=False)
    parts["test"].iloc[::2].to_json(tmp_path / "test.jsonl", orient="records", lines=True)  # positive rows only
    data = load_task(tmp_path)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [36, 4, 3]
    assert data.test.labels == (1, 1, 1) and data.overlap.count == 0
    assert load_for_evaluation(tmp_path, names=("neg", "pos")).test.texts == data.test.texts
    both = datasets.DatasetDict({part: datasets.Dataset.from_pandas(frame) for part, frame in parts.items()})
    assert len(load_task(both).test) == 6 and load_task(both).train == load_task(parts).train


@pytest.mark.parametrize("names", [("neg", "pos"), ("pos", "neg"), None])
@pytest.mark.parametrize("validated", [False, True])
def test_without_a_test_split_nothing_trained_on_is_evaluated(tmp_path, names, validated):
    parts = {"train": rows(110)}  # 11 of 55 and 55: the classes' ids decide which has one more
    if validated:
        parts["validation"] = parts["train"].iloc[:20]
    for part, frame in parts.items():
        frame.to_csv(tmp_path / f"{part}.csv", index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OverlapWarning)
        trained = load_task(tmp_path)
    both = datasets.DatasetDict({part: datasets.Dataset.from_pandas(frame) for part, frame in parts.items()})
    for what in (tmp_path, str(tmp_path), both, parts):
        there = load_for_evaluation(what, names=names)
        assert there.test.texts == trained.test.texts and len(there.test) == 11
        assert not set(there.test.texts) & set(trained.train.texts)
        classes = names or ("neg", "pos")
        assert there.task.labels == classes
        # rows() has "pos" in the even places
        assert [classes[y] for y in there.test.labels] == [("pos", "neg")[int(text) % 2] for text in there.test.texts]
        assert there.split_rule == (
            "There is no test split, so it is evaluated on the 11 rows that training keeps back as one."
        )
        assert len(load_for_evaluation(what, names=names, whole=True).test) == 110
    assert len(load_for_evaluation(tmp_path, names=names, limit=4).test) == 4


def test_a_test_split_is_enough_to_evaluate_on_but_not_to_train(tmp_path):
    both = datasets.DatasetDict(test=datasets.Dataset.from_pandas(rows(6)), extra=datasets.Dataset.from_pandas(rows(4)))
    rows(6).to_csv(tmp_path / "test.csv", index=False)
    for what, words in (
        (both, "The DatasetDict has no train split, only test, extra: call the rows to train on 'train'"),
        ({"test": rows(6)}, "The dict has no train split, only test: "),
        (tmp_path, "has no train file"),
    ):
        with pytest.raises(BadInput, match=words):
            load_task(what)
        assert load_for_evaluation(what, names=("neg", "pos")).test.labels == (1, 0) * 3
    with pytest.raises(BadInput, match="has no train split"):
        load_for_evaluation(datasets.DatasetDict(extra=both["extra"]))
    with pytest.raises(BadInput, match="A dict is not a table"):
        load_task({"text": "one text", "label": [0]})


def test_arrays_and_tensors_are_columns():
    texts, labels = [f"t {i}" for i in range(40)], [i % 2 for i in range(40)]
    lists = load_task({"text": texts, "label": labels})
    for columns in (
        {"text": np.array(texts), "label": np.array(labels)},
        {"text": np.array(texts, dtype=object), "label": torch.tensor(labels)},
        {"text": tuple(texts), "label": torch.tensor(labels, dtype=torch.float32)},
        {"text": pandas.Series(texts), "label": pandas.Series(labels)},
        {"text": datasets.Dataset.from_dict({"text": texts})["text"], "label": labels},
        {"text": texts, "label": labels, "train": np.zeros(40)},  # a column of that name, no split
    ):
        assert load_task(columns).fingerprint == lists.fingerprint
    with pytest.raises(BadInput, match="no label .* in row 2 "):
        from_dataset({"text": ["a", "b"], "label": pandas.Series([1, None], dtype="Int64")})
    with pytest.raises(BadInput, match="several to a text are not supported"):
        from_dataset({"text": ["a", "b"], "label": np.eye(2, dtype=int)})
    with pytest.raises(BadInput, match="A dict is not a table"):
        from_dataset({"text": np.array("a"), "label": np.array(0)})


def test_columns_of_unequal_length_are_no_table():
    words = "The dict has 3 rows in 'text', but 2 in 'label': each row needs a value in every column"
    for label in ([0, 1], np.array([0, 1])):
        with pytest.raises(BadInput, match=words):
            load_task({"text": ["a"] * 3, "label": label})


def test_a_task_is_called_as_its_folder_is(tmp_path, monkeypatch):
    folder = tmp_path / "reviews v1.5"
    folder.mkdir()
    rows(40).to_csv(folder / "train.csv", index=False)
    monkeypatch.chdir(folder)
    for what in (".", folder, "../reviews v1.5/"):
        assert load_task(what).task.name == "reviews v1.5"
    assert load_task("train.csv").task.name == "train"


def test_a_table_without_labels_is_to_predict():
    for evaluate in (load_task, load_for_evaluation):
        with pytest.raises(BadInput, match=r"has no labels, only texts \(in 'text'\): .* predict them"):
            evaluate({"text": ["a", "b"]})
    with pytest.raises(BadInput, match=r"only texts \(in 'text1' and 'text2'\)"):
        load_task({"text1": ["a"], "text2": ["b"]})


@pytest.mark.parametrize("name", ["valid", "val", "dev"])
def test_validation_rows_by_their_other_names(tmp_path, name):
    rows(40).to_csv(tmp_path / "train.csv", index=False)
    rows(8, "checked ").to_csv(tmp_path / f"{name}.csv", index=False)
    data = load_task(tmp_path)
    assert len(data.validation) == 8 and data.validation.texts[0].startswith("checked")
    assert load_task({"train": rows(40), name: rows(8, "checked ")}).validation.texts == data.validation.texts
    rows(8).to_csv(tmp_path / "validation.csv", index=False)
    with pytest.raises(BadInput, match="keep one of them"):
        load_task(tmp_path)


def test_a_dataframe_with_two_columns_of_one_name():
    frame = pandas.DataFrame([["a", "b", 0], ["c", "d", 1]], columns=["text", "text", "label"])
    with pytest.raises(BadInput, match="two columns of one name"):
        load_task(frame)


def test_a_word_too_long_for_a_files_name_is_no_table():
    with pytest.raises(BadInput, match="no task or file"):
        load_task("x" * 300)


def test_validation_rows_among_the_training_rows_warn(tmp_path):
    parts = {"train": rows(60), "validation": pandas.concat([rows(18), rows(2, "new ")])}
    for part, frame in parts.items():
        frame.to_csv(tmp_path / f"{part}.csv", index=False)
    with pytest.warns(OverlapWarning, match=r"18 of the 20 rows of \S+/validation .* These rows choose the") as said:
        data = load_task(tmp_path)
    assert len(said) == 1 and not overlap(data.validation, data.test) and len(data.test) == 6
    rows(10, "test ").to_csv(tmp_path / "test.csv", index=False)
    with pytest.warns(OverlapWarning, match="18 of the 20 rows"):
        load_task(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_task(tmp_path, holdout=0)  # no row of it chooses anything
        rows(20, "new ").to_csv(tmp_path / "validation.csv", index=False)
        load_task(tmp_path)


def test_a_text_of_any_length_is_read_from_csv(tmp_path):
    before, long = csv.field_size_limit(), "word " * 40_000
    (tmp_path / "long.csv").write_text(f"text,label\n{long},pos\nshort,neg\n")
    assert read_table(tmp_path / "long.csv").examples.texts == (long, "short")
    assert csv.field_size_limit() == before


def test_a_folder_that_cannot_be_used(tmp_path):
    with pytest.raises(BadInput, match="no train file"):
        load_task(tmp_path)
    rows(10).to_csv(tmp_path / "train.csv", index=False)
    pandas.DataFrame({"text": ["a"], "label": ["maybe"]}).to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(BadInput, match="label 'maybe', which is not one of: neg, pos"):
        load_task(tmp_path)
    rows(10).to_parquet(tmp_path / "train.parquet")
    with pytest.raises(BadInput, match="keep one of them"):
        load_task(tmp_path)
    with pytest.raises(BadInput, match="There is no file .*own.csv"):
        load_task(str(tmp_path / "own.csv"))


# --- what is said of what is read


def test_classes_that_look_alike_are_said(tmp_path):
    table = file(tmp_path, "text,label\na,pos\nb,POS\nc,neg\nd,neg\n")
    with pytest.warns(UserWarning, match="has the classes 'POS' and 'pos': they are taken for two"):
        read_table(table)


def test_a_class_that_no_test_row_has_is_said():
    rows = [f"text {i}" for i in range(200)]
    with pytest.warns(UserWarning, match="Of class rare there is no row among the 20 rows of .*/test: a score on them"):
        load_task({"text": rows, "label": ["rare"] * 2 + ["usual"] * 198}, holdout=0)


def test_a_metric_that_there_is_not_is_found_out_at_once():
    with pytest.raises(BadInput, match="There is no metric 'f1'; the metrics are: accuracy, acc_f1"):
        load_task("rotten_tomatoes", metric="f1")


def test_a_spreadsheet_is_said_to_be_one_whatever_its_name(tmp_path):
    for name in ("mine.xlsx", "mine.csv"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 and so on")
        with pytest.raises(BadInput, match="is a spreadsheet or an archive: save the table as CSV"):
            load_task(tmp_path / name)


def test_blanks_around_the_names_of_columns_are_none_of_theirs(tmp_path):
    (tmp_path / "mine.csv").write_text("text , label\n" + "".join(f"film {i},{i % 2}\n" for i in range(40)))
    assert load_task(tmp_path / "mine.csv").task.labels == ("0", "1")
