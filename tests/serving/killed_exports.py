"""Kill exports at random moments, and load after each kill what a server would: FOLDER KILLS SEED.

Exports and loads run in forks of a process that has imported TensorFlow and started nothing of it.
"""

import os
import random
import signal
import sys
import time
import types

import numpy as np
import tensorflow as tf

from rwae_tf import config
from rwae_tf.serving import saved_model, versions
from rwae_tf.types import SequenceSpec

WHOLE = ["README.md", "assets", "assets.extra", "fingerprint.pb", "saved_model.pb", "variables"]
WEIGHTS = np.arange(2**18, dtype=np.float32)


def export_for_ever(folder, done):
    """Export a small model, a megabyte of one signature, again and again; say when the first is there."""
    def encode(video):
        return {"z_c": tf.gather(tf.constant(WEIGHTS), video)}

    encode = tf.function(encode, input_signature=[tf.TensorSpec((None,), tf.int32, "video")])
    encode.get_concrete_function()
    saved_model.signatures.signatures = lambda *_: {"encode": encode}
    model = types.SimpleNamespace(config=config.Config(), spec=SequenceSpec((16, 16, 3), 4), TITLE="Model",
                                  method=lambda: "none", has_encoder=True)
    while True:
        start = time.monotonic()
        saved_model.export(model, folder)
        os.write(done, b"%20f" % (time.monotonic() - start))


def check(folder):
    """Whether every version that has a number is whole, and the newest answers."""
    numbers = versions.numbers(folder)
    for number in numbers:
        names = sorted(os.listdir(os.path.join(folder, str(number))))
        assert names == WHOLE, (number, names)
    model = tf.saved_model.load(os.path.join(folder, str(numbers[-1])))
    answer = model.signatures["encode"](video=tf.constant([7, 2**18 - 1]))["z_c"].numpy()
    assert answer.tolist() == [7, 2**18 - 1], answer


def fork(function, *arguments):
    """The id of a process that runs a function and ends."""
    process = os.fork()
    if process:
        return process
    try:
        function(*arguments)
        os._exit(0)
    except BaseException as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)


def main(folder, kills, seed):
    """Kill and check; print how many kills left a part of an export."""
    random.seed(seed)
    parts = set()
    for kill in range(kills):
        read, write = os.pipe()
        process = fork(export_for_ever, folder, write)
        os.close(write)
        seconds = float(os.read(read, 20))
        time.sleep(random.uniform(0, 2 * seconds))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(read)
        parts.update(name for name in os.listdir(folder) if name.startswith("."))
        _, status = os.waitpid(fork(check, folder), 0)
        assert status == 0, f"kill {kill}: what is left does not load"
    print(f"{kills} kills, {len(parts)} of them within an export, {len(versions.numbers(folder))} versions whole")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
