"""A run, and a record of what `generate` writes."""

import functools

import pytest
import tiny

from rwae_tf import figures


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run whose checkpoint holds initial weights; loaded once, as every load is the same."""
    from rwae_tf.runs import run_dir

    path = tiny.save_run(tmp_path_factory.mktemp("runs") / "run", tiny.config())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_dir, "load_run", functools.cache(run_dir.load_run))
        yield path


@pytest.fixture
def written(monkeypatch):
    """What `figures.write` was given, in order: (clips, path, scale)."""
    calls, write = [], figures.write

    def record(clips, path, scale, names):
        calls.append((clips, path, scale))
        write(clips, path, scale=scale, names=names)

    monkeypatch.setattr(figures, "write", record)
    return calls
