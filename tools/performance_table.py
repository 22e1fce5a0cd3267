"""Tables of docs/performance.md from the file of tools/benchmark.py, docs/results/benchmark_MACHINE.json.

    python tools/performance_table.py avx2 train     # a suite, as the benchmark prints it
    python tools/performance_table.py amx taken      # of `kernels`: plain ways, each above the faster one in use
    python tools/performance_table.py amx not_taken  # of `kernels`: computations in use, each above slower alternatives

It measures nothing.
"""

import json
import os

from rwae_tf import entry_point
from rwae_tf.errors import InputError

_RESULTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "results")
_TO_FRAMES = {
    "32x32x3 -> 32, float32: to input": ("32x32x3 -> 32, float32: to input as 2x2 to blocks",),
    "64x64x3 -> 64, float32: to input": ("64x64x3 -> 64, float32: to input as 2x2 to blocks",),
}
_BY_WINOGRAD = {f"{layer}, float32: all three": (f"{layer}, float32: all three by Winograd's way",) for layer in (
    "16x16x32 -> 64", "8x8x64 -> 128", "32x32x64 -> 128", "16x16x128 -> 256", "8x8x256 -> 512")}
_NOT_TAKEN = {
    "16x16x32 -> 64, float32: forward": ("16x16x32 -> 64, float32: forward as 2x2 on blocks",
                                         "16x16x32 -> 64, float32: forward as a product"),
    "16x16x32 -> 64, float32: to input": ("16x16x32 -> 64, float32: to input as 2x2 to blocks",),
    "16x16x32 -> 64, float32: to kernel": ("16x16x32 -> 64, float32: to kernel as 2x2 on blocks",
                                           "16x16x32 -> 64, float32: to kernel as four products"),
    "16x16x128 -> 256, float32: to kernel": ("16x16x128 -> 256, float32: to kernel as four products",),
    "norm and LeakyReLU: kernels": ("norm and LeakyReLU: XLA",),
    "LSTM: ours": ("LSTM: TensorFlow's block", "LSTM: ours by XLA"),
}
KERNELS = {
    "avx2": {"taken": {
        **_TO_FRAMES, **_BY_WINOGRAD, "LSTM, weight gradient": ("LSTM, weight gradient, 16 columns added",),
    }, "not_taken": _NOT_TAKEN},
    "amx": {"taken": {**_TO_FRAMES, "8x8x256 -> 512, bfloat16: to kernel": (
        "8x8x256 -> 512, bfloat16: to kernel as four products",)}, "not_taken": _NOT_TAKEN},
}
"""Machine -> name of a table -> rows of the suite `kernels` -> those that it shows below them."""
MACHINES = tuple(KERNELS)


def results(machine):
    """The file of what was measured on a machine."""
    return os.path.join(_RESULTS, f"benchmark_{machine}.json")


def main(argv):
    """Print the table that `argv` names."""
    if len(argv) != 3 or argv[1] not in MACHINES:
        raise InputError(f"name a machine, {' or '.join(MACHINES)}, and a table")
    with open(results(argv[1]), encoding="utf-8") as file:
        measured = json.load(file)
    tables = [name for name, value in measured.items() if isinstance(value, dict)]
    tables += list(KERNELS[argv[1]])
    if argv[2] not in tables:
        raise InputError(f"{argv[2]}: of {argv[1]} there are {', '.join(tables)}")
    print(named(argv[2], argv[1], measured))


def named(name, machine, measured):
    """The table of this name, of the benchmark's JSON of a machine."""
    if name not in KERNELS[machine]:
        return "\n".join(table(measured[name], f"{name}, "))
    rows = [row for above, below in KERNELS[machine][name].items() for row in (above, *below)]
    return "\n".join(table({row: measured["kernels"][row] for row in rows}, "kernels, "))


def table(result, prefix=""):
    """Lines of text, one per number worth reading, of a suite's result."""
    lines = []
    for name, value in result.items():
        label = f"{prefix}{name}"
        if isinstance(value, dict) and "seconds" in value:
            line = f"{label:62s} {1000 * value['seconds']:9.1f} ms"
            if "sequences_per_second" in value:
                line += f" {value['sequences_per_second']:8.1f} sequences/s"
            if "times_ours" in value:
                line += "  {median:.2f} times ours ({least:.2f} to {most:.2f})".format(**value["times_ours"])
            if "fraction_of_ceiling" in value:
                line += f"  {value['fraction_of_ceiling']:.2f} of the ceiling"
            if "fraction_taken" in value:
                line += f", {value['fraction_taken']:.2f} by the products taken"
            lines.append(line)
        elif isinstance(value, dict) and name == "ceiling_gflops":
            best = max(value, key=value.get)
            lines.append(f"{prefix + 'ceiling':62s} {value[best]:9.1f} GFLOP/s ({best})")
        elif isinstance(value, dict):
            lines += table(value, f"{label}, ")
    return lines


if __name__ == "__main__":
    entry_point.run(main)
