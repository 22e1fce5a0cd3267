"""The log of a run, read back by what shows it."""

from rwae_tf.runs import run_dir


def test_log_is_read_up_to_a_row_cut_short(tmp_path):
    path = tmp_path / "metrics.jsonl"
    assert run_dir.read_log(path) == []
    path.write_text('{"iteration": 1}\n{"iteration": 2}\n{"iteration": 3, "te')
    assert run_dir.read_log(path) == [{"iteration": 1}, {"iteration": 2}]
    assert run_dir.read_log(path, iteration=1) == [{"iteration": 1}]
    path.write_bytes(b"\xff\xfe\n")
    assert run_dir.read_log(path) == []
