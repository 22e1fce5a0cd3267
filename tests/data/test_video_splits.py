"""Names that say which videos train and which test: folders, files and columns, in the spellings that people use."""

import numpy as np
import pytest

from rwae_tf import data
from rwae_tf.errors import InputError


def write(folder, names):
    """A clip of two frames for each name, whose grey level is its number."""
    for number, name in enumerate(names):
        path = folder / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.full((2, 16, 16, 1), number, np.uint8))


def load(folder, split, **options):
    return data.load("folder", split, folder, length=2, **options)


def levels(folder, split, **options):
    clips = load(folder, split, **options)
    return sorted(clips.frames(np.arange(len(clips)))[:, 0, 0, 0, 0].tolist())


def numbered(*counts):
    """Names "FOLDER/k" of (FOLDER, count) pairs."""
    return [f"{folder}/{k}" for folder, count in counts for k in range(count)]


# Folders and how many videos each has, those to train on first; the last ones test.
DECIDED = {
    "dev": ([("train", 3), ("dev", 2)], [("test", 2)]),
    "sets": ([("trainset", 3)], [("testset", 2)]),
    "any case": ([("TRAIN", 3), ("Valid", 1)], [("Test", 2)]),
    "two words": ([("Training Data", 3), ("validation_set", 1)], [("Testing Data", 2)]),
    "capitals within": ([("trainSet", 3)], [("testSet", 2)]),
    "numbers": ([("1_train", 3), ("2_val", 1)], [("3_test", 2)]),
    "years": ([("train2017", 3)], [("val2017", 2)]),  # without test, val tests
    "train and eval": ([("train", 3)], [("eval", 2)]),
    "train, dev and eval": ([("train", 3), ("dev", 1)], [("eval", 2)]),
    "one level down": ([("data/train", 3)], [("data/test", 2)]),
    "inside classes": ([("walk/train", 3), ("run/train", 2)], [("walk/test", 2), ("run/test", 1)]),
    "longer names": ([("faces_train", 3)], [("faces_test", 2)]),
    "of different depth": ([("train/a", 3)], [("test/b/c", 2)]),
    "holdout": ([("train", 3)], [("holdout", 2)]),
}


@pytest.mark.parametrize("train, test", DECIDED.values(), ids=DECIDED)
def test_names_of_splits_decide(tmp_path, train, test, capsys):
    write(tmp_path, numbered(*train, *test))
    count = sum(number for _, number in train)
    whole = count + sum(number for _, number in test)
    assert levels(tmp_path, "train") == list(range(count)) and levels(tmp_path, "test") == list(range(count, whole))
    assert f"{tmp_path}: videos: {count} train, {whole - count} test; by names of " in capsys.readouterr().err
    assert "train" not in str(load(tmp_path, "train").spec.factors)


def test_splits_leave_classes_as_labels(tmp_path):
    write(tmp_path, numbered(("walk/train", 2), ("walk/test", 2), ("run/train", 2), ("run/test", 2)))
    assert load(tmp_path, "test").spec.factors == {"folder": ("run", "walk")}


def test_splits_at_the_end_of_a_class_leave_it_as_label(tmp_path):
    write(tmp_path, numbered(("walk_train", 2), ("walk_test", 2), ("run_train", 2), ("run_test", 2)))
    assert levels(tmp_path, "test") == [2, 3, 6, 7]
    assert load(tmp_path, "test").spec.factors == {"folder": ("run", "walk")}


@pytest.mark.parametrize("names", [("train_0", "train_1", "test_0"), ("v_train_1", "v_train_2", "v_test_1"),
                                   ("train1", "train2", "test1"), ("train", "train_b", "test")])
def test_files_may_be_called_train_and_test(tmp_path, names):
    write(tmp_path, names)
    assert levels(tmp_path, "test") == [2]


UNCLEAR = {
    "a folder more": (numbered(("train", 3), ("test", 2), ("unused", 1)), ["test: 2, train: 3, unused: 1"]),
    "a video beside": ([*numbered(("train", 3), ("test", 2)), "demo"], ["test: 2, train: 3, none: 1"]),
    "a folder and test": (numbered(("clips", 3), ("test", 2)), ["clips: 3, test: 2"]),
    "longer names and another": (numbered(("ucf_train", 3), ("ucf_test", 2), ("more", 1)), ["more: 1, ucf_test: 2"]),
    "at different depths": (numbered(("train", 3), ("more/test", 2)), ["test: 2, none: 3"]),
    "two levels": (numbered(("train/test", 3), ("test/train", 2)), ["are both names of splits"]),
    "without train": (numbered(("val", 3), ("test", 2)), ["splits without one to train on"]),
    "files": ([*(f"train_{k}" for k in range(3)), "test_1", "demo"], ["test: 1, train: 3, none: 1"]),
}


@pytest.mark.parametrize("names, says", UNCLEAR.values(), ids=UNCLEAR)
def test_what_stays_unclear_is_refused(tmp_path, names, says):
    write(tmp_path, names)
    with pytest.raises(InputError, match="--splits=random") as caught:
        load(tmp_path, "train")
    assert all(word in str(caught.value) for word in [str(tmp_path), *says]) and "\n" not in str(caught.value)
    # A fifth of the 5 or 6 videos is for the test.
    assert len(levels(tmp_path, "train", splits="random")) == len(names) - 1


def test_the_flag_leaves_out_what_lies_outside(tmp_path, capsys):
    write(tmp_path, [*numbered(("train/a", 2), ("train/b", 2), ("test/a", 1), ("test/b", 1), ("unused", 1)), "demo"])
    assert levels(tmp_path, "train", splits="named") == [0, 1, 2, 3]
    assert levels(tmp_path, "test", splits="named") == [4, 5]
    assert "4 train, 2 test; " in (said := capsys.readouterr().err) and "2 outside them left out" in said
    assert load(tmp_path, "test", splits="named").spec.factors == {"folder": ("a", "b")}


def test_the_flag_needs_splits(tmp_path):
    write(tmp_path, numbered(("a", 3), ("b", 2)))
    with pytest.raises(InputError, match="--splits=named, but no folders are called train and test"):
        load(tmp_path, "train", splits="named")
    with pytest.raises(InputError, match="splits='some': choose one of auto, named, random"):
        load(tmp_path, "train", splits="some")


def test_a_class_may_be_called_train(tmp_path):
    write(tmp_path, numbered(("train", 3), ("car", 3), ("plane", 2)))
    assert load(tmp_path, "train").spec.factors == {"folder": ("car", "plane", "train")}


COLUMNS = {
    "subset": ("subset", ["train", "test", "train", "dev", "train"], [1]),
    "a name in capitals": ("SUBSET", ["TRAIN", "Test", "Train", "Dev", "train"], [1]),
    "another name": ("usage of it", ["training", "testing", "training", "training", "testing"], [1, 4]),
    "yes or no": ("is_test", ["0", "1", "0", "0", "1"], [1, 4]),
    "yes or no of train": ("Train", ["yes", "no", "yes", "yes", "yes"], [1]),
}


@pytest.mark.parametrize("name, values, test", COLUMNS.values(), ids=COLUMNS)
def test_columns_of_splits(tmp_path, name, values, test):
    write(tmp_path, map(str, range(5)))
    rows = [f"{k},{value},{'ab'[k % 2]}" for k, value in enumerate(values)]
    (tmp_path / "labels.csv").write_text("\n".join([f"file,{name},kind", *rows]))
    assert levels(tmp_path, "test") == test
    assert load(tmp_path, "test").spec.factors == {"kind": ("a", "b")}
    np.savez(tmp_path / "all.npz", x=np.arange(5, dtype=np.uint8)[:, None, None, None, None] + np.zeros(
        (5, 2, 16, 16, 1), np.uint8), **{name: np.array(values)})
    assert levels(tmp_path / "all.npz", "test") == test


@pytest.mark.parametrize("name", ["split", "subset"])
def test_columns_of_some_splits(tmp_path, name):
    write(tmp_path, map(str, range(4)))
    rows = [f"{k},{value}" for k, value in enumerate(["train", "test", "unused", "train"])]
    (tmp_path / "labels.csv").write_text("\n".join([f"file,{name}", *rows]))
    with pytest.raises(InputError, match=f"{name}.*'unused'.*--splits=named.*--splits=random"):
        load(tmp_path, "train")
    assert levels(tmp_path, "train", splits="named") == [0, 3] and levels(tmp_path, "test", splits="named") == [1]
    assert load(tmp_path, "train", splits="random").spec.factors == {name: ("test", "train", "unused")}


def test_two_columns_of_splits(tmp_path):
    write(tmp_path, map(str, range(3)))
    (tmp_path / "labels.csv").write_text("file,split,subset\n0,train,test\n1,test,train\n2,train,train\n")
    with pytest.raises(InputError, match="split and subset both name splits; keep one of them"):
        load(tmp_path, "train")


@pytest.mark.parametrize("table", ["LABELS.CSV", "Labels.csv", "labels.tsv", "LABELS.TSV"])
def test_tables_of_labels_in_any_case(tmp_path, table):
    write(tmp_path, map(str, range(5)))
    mark = "\t" if table.lower().endswith("tsv") else ","
    rows = [mark.join([str(k), "ab"[k % 2]]) for k in range(5)]
    (tmp_path / table).write_text("\n".join([mark.join(["file", "kind"]), *rows]))
    assert load(tmp_path, "train").spec.factors == {"kind": ("a", "b")}
    (tmp_path / "labels.csv2").write_text("")
    other = "labels.tsv" if mark == "," else "labels.csv"
    (tmp_path / other).write_text("file,kind\n")
    with pytest.raises(InputError, match="are both tables of labels; keep one of them"):
        load(tmp_path, "train")


def test_a_class_that_test_alone_has_is_named(tmp_path, capsys):
    write(tmp_path, numbered(("train/walk", 2), ("train/run", 2), ("test/walk", 1), ("test/jump", 1)))
    load(tmp_path, "test")
    assert "label folder: no training video of jump, only test videos; no judge can learn it" in capsys.readouterr().err
