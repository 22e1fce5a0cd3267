"""Bad input ends every command with one clear line and leaves nothing half-written.

The commands run in this process, inside `entry_point.run`, so that TensorFlow is imported once; a few run as
a user would start them. Each case names what is broken, what the line must say and the mend it must offer.
"""

import importlib
import pathlib
import shutil

import pytest
import tensorflow  # noqa: F401 - its logger keeps the stderr of its import; here, that of no test
from spoil import CLIPS, TINY, snapshot

from rwae_tf import entry_point
from rwae_tf.data.datasets import moving_shapes
from rwae_tf.utils import progress


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """An empty current folder, and a moving_shapes short enough to be trained on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(moving_shapes.COUNTS, "train", CLIPS)
    monkeypatch.setitem(moving_shapes.COUNTS, "test", CLIPS)
    monkeypatch.setattr(progress.Progress, "show", lambda *args: None)  # on a slow machine it writes to stderr
    return tmp_path


@pytest.fixture
def refused(workplace, capsys):
    """Runs a command that must fail, and returns its one line.

    `refused(command, *arguments, says=words, kept=pattern)`: the line holds every word; everything
    below the current folder that matches `kept` is as it was before.
    """
    def run(command, *arguments, says, kept="*"):
        before = {path: digest for path, digest in snapshot(workplace).items() if pathlib.PurePath(path).match(kept)}
        main = importlib.import_module(f"rwae_tf.{command}").main
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            entry_point.run(main, [command, *map(str, arguments)])
        stdout, stderr = capsys.readouterr()
        assert ended.value.code == 1
        (line,) = stderr.splitlines()
        assert line.startswith("error: ")
        for word in says:
            assert str(word) in line, f"{word!r} is not in {line!r}"
        assert "Traceback" not in stdout
        after = snapshot(workplace)
        assert {path: digest for path, digest in after.items() if pathlib.PurePath(path).match(kept)} == before
        assert not [path for path in after if path.endswith(".part")]
        return line
    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a finished run of three iterations, with a checkpoint of each."""
    run_dir = tmp_path_factory.mktemp("trained") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(moving_shapes.COUNTS, "train", CLIPS)
        assert importlib.import_module("rwae_tf.train").main(["train", *TINY, f"--run_dir={run_dir}"]) == 0
    return run_dir


@pytest.fixture
def run_dir(workplace, trained):
    """A copy of the trained run, to be broken."""
    return pathlib.Path(shutil.copytree(trained, workplace / "run").name)
