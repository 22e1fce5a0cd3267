"""Measure training, generation and encoding, compared with the ceiling of the machine and with PyTorch.

    python tools/benchmark.py --suite=train --peer=torch     # one step of each preset; extra `peer`, or --peer_python
    python tools/benchmark.py --suite=phases,encode,growth,start,kernels
    python tools/benchmark.py --suite=before --before=../before    # a step, beside that of another checkout
    python tools/benchmark.py --suite=onednn                       # a step with oneDNN's kernels, beside one without

Every contender is a process. Processes take turns, A B C A B C, and never work at the same time. The output has medians
over the turns, ratios of times of the same turn, and the fraction of the ceiling: FLOPs counted on the graph, over the
rate of the fastest of some large products and convolutions in the same turns. --out=FILE receives all of it as JSON;
other suites and presets in FILE stay.
"""

import json
import os
import platform
import subprocess

from absl import flags as absl_flags
from bench.suites import SUITES, picture
from performance_table import table

from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.errors import InputError
from rwae_tf.kernels import cpu_info
from rwae_tf.utils import json_file

_LEVELS = {"before": 2}  # of names above what is measured together: checkout and preset; other suites have one
_INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "avx512f", "avx2")
"""What makes processors multiply fast, the best first."""


def rounded(value):
    """`value` with floats of five digits: no time is known better, and the file stays readable."""
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    return float(f"{value:.5g}") if isinstance(value, float) else value


def hardware():
    """The GPU that TensorFlow would use, or the cores and what makes them fast."""
    try:
        names = subprocess.check_output(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], text=True,
                                        stderr=subprocess.DEVNULL).splitlines()
    except (OSError, subprocess.CalledProcessError):
        names = []
    if names and os.environ.get("CUDA_VISIBLE_DEVICES") not in ("", "-1"):
        return names[0]
    best = next((name for name in _INSTRUCTIONS if name in cpu_info.instructions()), platform.machine())
    return f"{os.cpu_count()} cores ({best})"


def known(path, machine):
    """What --out holds of an earlier run with the same `machine`, or `machine` alone if there is no file yet."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except FileNotFoundError:
        return machine
    except ValueError as error:
        raise InputError(f"{path}: not in JSON ({error}); mend it, or name another file in --out") from None
    if not isinstance(found, dict) or not all(
            name in machine or name in SUITES and isinstance(value, dict) for name, value in found.items()):
        raise InputError(f"{path}: holds something else than this command writes; name another file in --out")
    for name, value in machine.items():
        if found.get(name) != value:
            raise InputError(f"{path}: measured with {name} {found.get(name)}, not {value}; name another file in --out")
    return found


def merged(old, new, levels):
    """`old` with what `new` holds under the same names in its place, so many levels down."""
    if not levels:
        return new
    return {**old, **{name: merged(old.get(name, {}), value, levels - 1) for name, value in new.items()}}


def main(argv):
    """Measure as `argv` says; see the module's docstring."""
    values = flags.new()
    absl_flags.DEFINE_list("suite", "train", f"Which of {', '.join(SUITES)}.", flag_values=values)
    absl_flags.DEFINE_enum("peer", "none", ["none", "torch"], "What else to measure in train.", flag_values=values)
    absl_flags.DEFINE_string("peer_python", "", "Interpreter that has the peer's library; ours if empty.",
                             flag_values=values)
    absl_flags.DEFINE_list("presets", "dcgan64,cpu_sprites", "Whose steps train, phases and before measure: "
                           "dcgan64, or a flagfile of tools/.", flag_values=values)
    absl_flags.DEFINE_integer("repeats", 7, "Turns of each contender.", 1, flag_values=values)
    absl_flags.DEFINE_integer("calls", 2, "Calls in a turn.", 1, flag_values=values)
    absl_flags.DEFINE_integer("threads", 0, "Threads of a contender; 0 for as many as it likes.", 0, flag_values=values)
    absl_flags.DEFINE_string("out", "", "File for the JSON; what else it holds stays.", flag_values=values)
    absl_flags.DEFINE_string("before", "", "Another checkout, for the suite of this name.", flag_values=values)
    absl_flags.DEFINE_enum("before_precision", "float32", ["float32", "bfloat16"], "What both checkouts train in.",
                           flag_values=values)
    absl_flags.DEFINE_string("run_dir", "", "A run, for how long loading it takes in start.", flag_values=values)
    absl_flags.DEFINE_string("first_step", "", "Flags of a training, for how long its first step takes in start.",
                             flag_values=values)
    absl_flags.DEFINE_string("picture", "", "File for the PNG of growth.", flag_values=values)
    if not flags.parse(values, argv, __doc__):
        return 0
    if unknown := sorted(set(values.suite) - set(SUITES)):
        raise InputError(f"--suite={unknown[0]}: choose of {', '.join(SUITES)}")
    machine = {"machine": hardware(), "threads": values.threads}
    result = known(values.out, machine) if values.out else machine  # before hours of measuring, as it may be refused
    for name in values.suite:
        found = rounded(SUITES[name](values))
        print("\n".join(table(found, f"{name}, ")), flush=True)
        result[name] = merged(result.get(name, {}), found, _LEVELS.get(name, 1))
        if values.out:
            json_file.write(result, values.out)
    if values.picture and "growth" in values.suite:
        with open(values.picture, "wb") as file:
            file.write(picture(result["growth"]))
    return 0


if __name__ == "__main__":
    entry_point.run(main)
