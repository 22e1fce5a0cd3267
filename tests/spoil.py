"""Folders of tests: what they hold, and ways to damage the run in one."""

import hashlib
import json

import numpy as np

TINY = ("--dataset=moving_shapes --size=16 --length=2 --channels=4 --feature_size=8 --content_size=6 --motion_size=3 "
        "--hidden_size=8 --decoder=dense --content_encoder=forward --batch_size=4 --inference_steps=1 --joint_update "
        "--epochs=1 --log_every=1 --checkpoint_minutes=0").split()
CLIPS = 12  # of moving_shapes in these tests: an epoch is 3 iterations


def snapshot(folder):
    """Every path below `folder`, with a digest of a file."""
    return {str(path.relative_to(folder)): hashlib.sha1(path.read_bytes()).hexdigest() if path.is_file() else None
            for path in sorted(folder.rglob("*"))}


def truncate(path):
    path.write_bytes(path.read_bytes()[:path.stat().st_size // 2])


def edit(name, *keys, value):
    """A function that sets a value deep in a JSON file of a run."""
    def change(run_dir):
        values = json.loads((run_dir / name).read_text())
        inner = values
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
        (run_dir / name).write_text(json.dumps(values))
    return change


def checkpoint(suffix):
    """The file of the newest checkpoint that ends in `suffix`."""
    return lambda run_dir: next((run_dir / "checkpoints").glob(f"ckpt-3.*{suffix}"))


def garble(find):
    def change(run_dir):
        size = find(run_dir).stat().st_size
        find(run_dir).write_bytes(np.random.default_rng(0).bytes(size))
    return change
