"""Files in folders and in buckets: the same calls, and an S3 server on the loopback interface for the latter."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from rwae_tf import data
from rwae_tf.errors import InputError
from rwae_tf.utils import atomic_write, buckets, files, transfer


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path):
    """A folder, or one of a bucket, without anything in it."""
    if request.param == "folder":
        return str(tmp_path / "place")
    return request.getfixturevalue("bucket") + "/" + tmp_path.name


def test_what_is_written_is_read(place):
    files.make_folder(place)
    path = os.path.join(place, "a.txt")
    assert not files.exists(path)
    files.write(path, "grün")
    assert files.exists(path) and not files.is_folder(path) and files.is_folder(place) and files.exists(place)
    assert files.read(path) == "grün".encode() and files.size(path) == 5
    files.write(path, b"\x00\x01")
    assert files.read(path) == b"\x00\x01" and files.names(place) == ["a.txt"]


def test_append_begins_and_goes_on(place):
    files.make_folder(place)
    path = os.path.join(place, "log")
    for line in ("one\n", "two\n"):
        files.append(path, line)
    assert files.read(path) == b"one\ntwo\n"


def test_what_fails_leaves_the_file_that_was_there(place):
    files.make_folder(place)
    path = os.path.join(place, "a.png")
    files.write(path, "before")
    with pytest.raises(KeyError), atomic_write.stage(path) as part:
        pathlib.Path(part).write_text("half")
        raise KeyError
    assert files.read(path) == b"before" and files.names(place) == ["a.png"]


def test_a_missing_file_is_a_file_not_found(place):
    with pytest.raises(FileNotFoundError) as raised:
        files.read(os.path.join(place, "none"))
    assert raised.value.filename.endswith("none") and raised.value.strerror == "No such file or directory"


def test_a_folder_is_removed_with_what_is_in_it(place):
    files.make_folder(os.path.join(place, "in"))
    files.write(os.path.join(place, "in", "a"), "1")
    files.remove_folder(place)
    assert not files.exists(os.path.join(place, "in", "a"))
    files.remove_folder(place)  # it is gone: nothing to do


def test_a_place_that_can_be_written_is_left_as_it_was(place):
    files.check_writable(place)
    assert not files.exists(place) or files.names(place) == []


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        files.check_writable(str(tmp_path / "file" / "below"))


def test_a_bucket_that_is_not_there_says_so(bucket):
    with pytest.raises(OSError) as raised:
        files.check_writable("s3://no-such-bucket/run")
    assert "\n" not in raised.value.strerror


def test_a_folder_goes_up_and_comes_down(bucket, tmp_path):
    (tmp_path / "up" / "in").mkdir(parents=True)
    (tmp_path / "up" / "a b.txt").write_text("1")
    (tmp_path / "up" / "in" / "c.txt").write_text("22")
    there, down = f"{bucket}/folder-{tmp_path.name}", str(tmp_path / "down")
    transfer.upload_folder(str(tmp_path / "up"), there, last=["a b.txt"])
    assert [count for *_, count, _ in transfer.download_folder(there, down)] == [2, 2]
    assert files.read(f"{down}/a b.txt") == b"1" and files.read(f"{down}/in/c.txt") == b"22"

    before = os.stat(f"{down}/a b.txt").st_ino
    files.write(f"{there}/in/c.txt", "33")  # of the same size
    files.write(f"{there}/new.txt", "new")
    (tmp_path / "down" / "old.txt").write_text("removed from the bucket")
    assert len(list(transfer.download_folder(there, down))) == 3
    assert files.read(f"{down}/new.txt") == b"new" and sorted(os.listdir(down)) == ["a b.txt", "in", "new.txt"]
    assert os.stat(f"{down}/a b.txt").st_ino == before  # not fetched again


def test_an_upload_that_fails_leaves_nothing(bucket, tmp_path, monkeypatch):
    for name in ("a", "b", "saved_model.pb"):
        (tmp_path / name).write_text(name)
    uploaded, upload, there = [], buckets.upload, f"{bucket}/half-{tmp_path.name}"

    def broken(local, path):
        uploaded.append(os.path.basename(path))
        if len(uploaded) == 3:
            raise OSError(5, "the server has gone", path)
        upload(local, path)

    monkeypatch.setattr(buckets, "upload", broken)
    with pytest.raises(OSError, match="the server has gone"):
        transfer.upload_folder(str(tmp_path), there, last=["a", "saved_model.pb"])
    assert uploaded == ["b", "a", "saved_model.pb"] and not files.exists(there)


def test_data_of_a_bucket_are_those_of_the_folder(bucket, tmp_path):
    clips = np.random.default_rng(0).integers(0, 256, (6, 4, 64, 64, 3), np.uint8)
    np.savez(tmp_path / "clips.npz", x=clips)
    there = f"{bucket}/data-{tmp_path.name}"
    transfer.upload_folder(str(tmp_path), there)
    ours, theirs = (data.load("folder", "train", folder, size=16, length=4) for folder in (there, str(tmp_path)))
    np.testing.assert_array_equal(ours.batch(np.arange(len(ours)))["x"], theirs.batch(np.arange(len(theirs)))["x"])


def test_data_that_are_not_there_are_refused(bucket):
    with pytest.raises(InputError, match="s3://.*none: "):
        data.load("folder", "train", f"{bucket}/none", size=16, length=4)


def test_a_scheme_that_cannot_be_loaded_says_what_to_do(monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(tf.io.gfile, "get_registered_schemes", lambda: ["", "file"])
    buckets.load_scheme.cache_clear()
    try:
        with pytest.raises(InputError, match="s3://: tensorflow-io.*stack-2.17"):
            files.exists("s3://somewhere/run")
    finally:
        buckets.load_scheme.cache_clear()


@pytest.mark.slow
def test_a_process_that_used_a_bucket_ends_with_its_own_status(bucket):
    """tensorflow-io's S3 client aborts when it is destroyed."""
    program = f"import sys; from rwae_tf.utils import files; print(files.exists('{bucket}/none')); sys.exit(3)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stdout) == (3, "False\n"), ran.stderr


def test_a_bucket_that_does_not_answer_is_not_taken_for_one_without_the_file(bucket, monkeypatch, tmp_path):
    """tensorflow-io says of every file of such a bucket that it is not there."""
    path = f"{bucket}/log-{tmp_path.name}"
    files.append(path, "one\n")
    monkeypatch.setattr(files, "_is_there", lambda path: False)  # as after 50 seconds without a server

    def refuse(folder):
        raise OSError(5, "Couldn't connect to server", folder)

    with monkeypatch.context() as broken:
        broken.setattr(buckets, "probe", refuse)
        with pytest.raises(OSError, match="Couldn't connect"):
            files.append(path, "two\n")
    assert files.read(path) == b"one\n"
