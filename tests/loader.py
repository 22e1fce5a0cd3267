"""Runs an exported model through TensorFlow's C API, in a process of its own (serving/c_loader.py)."""

import os
import pathlib
import pickle
import subprocess
import sys

SCRIPT = pathlib.Path(__file__).resolve().parent / "serving" / "c_loader.py"


def run(exported, folder, requests):
    """Answers, name -> array, to a list of (signature name, inputs)."""
    names, answers = _run(exported, folder, requests)
    return [dict(zip(sorted(names[name].outputs), answer, strict=True))
            for (name, _), answer in zip(requests, answers, strict=True)]


def refusals(exported, folder, requests):
    """The errors of a list of (signature name, inputs), None for one that is answered."""
    return _run(exported, folder, requests, "failing")[1]


def _run(exported, folder, requests, *how):
    from tensorflow.core.protobuf import saved_model_pb2

    with open(os.path.join(exported.path, "saved_model.pb"), "rb") as file:
        signatures = saved_model_pb2.SavedModel.FromString(file.read()).meta_graphs[0].signature_def
    raw = [({signatures[name].inputs[key].name: value for key, value in inputs.items()},
            [info.name for _, info in sorted(signatures[name].outputs.items())]) for name, inputs in requests]
    with open(folder / "requests", "wb") as file:
        pickle.dump(raw, file)
    subprocess.run([sys.executable, SCRIPT, exported.path, folder / "requests", folder / "answers", *how], check=True,
                   stderr=subprocess.PIPE, text=True)
    with open(folder / "answers", "rb") as file:
        return signatures, pickle.load(file)
