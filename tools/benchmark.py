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

import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time

from absl import flags as absl_flags
from performance_table import table

from rwae_tf import config as config_lib
from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.errors import InputError
from rwae_tf.figures import plots
from rwae_tf.kernels import cpu_info
from rwae_tf.utils import json_file

_HERE = os.path.dirname(os.path.abspath(__file__))
_LENGTHS = (8, 32, 100, 400)
_BATCHES = (1, 16, 64)
_LEVELS = {"before": 2}  # of names above what is measured together: checkout and preset; other suites have one
_PEERS = [*((variant, "rwae_mmd") for variant in ("eager", "channels_last", "compile", "bfloat16")),
          *((variant, "ds_vae") for variant in ("eager", "channels_last"))]
_INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "avx512f", "avx2")
"""What makes processors multiply fast, the best first."""


class Contender:
    """A process that works when told to: see bench/worker.py.

    Args:
      script: file in bench/.
      options: for it, as JSON.
      python: interpreter.
    """

    def __init__(self, script, options, python=sys.executable):
        self.script, self.times, self.answers = script, [], []
        self._process = subprocess.Popen(
            [python, os.path.join(_HERE, "bench", script), json.dumps(options)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
        self.first = self._answer()

    def turn(self, calls=1):
        """One more measured turn of so many calls."""
        self._process.stdin.write(f"{calls}\n")
        self._process.stdin.flush()
        self.answers.append(self._answer())
        self.times.append(self.answers[-1]["seconds"])

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise InputError(f"{self.script}: ended with status {self._process.wait()}; run it by hand to see why")
        return json.loads(line)

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


@contextlib.contextmanager
def contenders(made):
    """Name -> `Contender`, one after the other made by the functions in `made`; ended with the block."""
    running = {}
    try:
        for name, make in made.items():
            print(f"  {name} ...", file=sys.stderr, flush=True)
            running[name] = make()
        yield running
    finally:
        for contender in running.values():
            contender.close()


def take_turns(running, repeats, calls=1):
    """Each contender in turn, `repeats` times, after one that does not count."""
    for repeat in range(repeats + 1):
        for contender in running.values():
            contender.turn(calls)
            if not repeat:
                contender.times.clear()
                contender.answers.clear()


def ratio(slower, faster):
    """Median over the turns of how many times as long `slower` takes, with the least and the most."""
    found = [a / b for a, b in zip(slower.times, faster.times, strict=True)]
    return {"median": statistics.median(found), "least": min(found), "most": max(found)}


def preset(name):
    """The configuration of a flagfile of tools/."""
    return flags.configuration(f"--preset={name.replace('cpu_', 'cpu/', 1)}")


def dcgan64():
    """The paper's Sprites settings at 64x64 with the backbone `dcgan`, in one joint step."""
    values = config_lib.to_dict(preset("sprites"))
    values["model"]["backbone"] = "dcgan"
    return with_training(config_lib.from_dict(values), joint_update=True, inference_steps=1)


def presets(values):
    """Name -> configuration of --presets."""
    return {name: dcgan64() if name == "dcgan64" else preset(name) for name in values.presets}


def with_training(config, **changes):
    """`config` with other values in its section of the training."""
    values = config_lib.to_dict(config)
    values["training"].update(changes)
    return config_lib.from_dict(values)


def ours(config, what, values, **more):
    """Makes our contender for a phase or verb `what`."""
    options = {"config": config_lib.to_dict(config), "what": what, "threads": values.threads,
               "batch": config.training.batch_size, "length": config.data.length, **more}
    return lambda: Contender("ours.py", options)


def peer(config, loss, variant, values):
    """Makes the contender in PyTorch with the sizes of `config`."""
    model = config.model
    options = {"batch": config.training.batch_size, "length": config.data.length, "size": config.data.size,
               "channels": model.channels, "features": model.feature_size, "content": model.content_size,
               "motion": model.motion_size, "hidden": model.hidden_size, "decoder": model.decoder, "loss": loss,
               "variant": variant, "threads": values.threads}
    return lambda: Contender("torch_peer.py", options, values.peer_python or sys.executable)


def suite_train(values):
    """One joint step of two presets, beside the peer's and the ceiling."""
    found = {}
    for name, config in presets(values).items():
        print(f"train, {name}", file=sys.stderr)
        made = {"ours": ours(config, "joint", values, count=True),
                "ours, bfloat16": ours(with_training(config, precision="bfloat16"), "joint", values),
                "ceiling": lambda: Contender("ceiling.py", {"threads": values.threads})}
        if values.peer == "torch":
            made.update({f"torch {variant}, {loss}": peer(config, loss, variant, values) for variant, loss in _PEERS})
        if not cpu_info.bfloat16_is_fast():
            made = {name: make for name, make in made.items() if "bfloat16" not in name}
        with contenders(made) as running:
            take_turns(running, values.repeats, values.calls)
        found[name] = train_result(running, config.training.batch_size)
    return found


def train_result(running, batch):
    """What the turns of one preset say."""
    mine, ceiling = running.pop("ours"), running.pop("ceiling")
    fractions = [1 / seconds / 1e9 / max(answer["gflops"].values())
                 for seconds, answer in zip(mine.times, ceiling.answers, strict=True)]
    counted, taken = (sum(mine.first[count].values()) for count in ("flops", "flops_taken"))
    rates = {name: statistics.median(answer["gflops"][name] for answer in ceiling.answers)
             for name in ceiling.answers[0]["gflops"]}
    return {
        "ours": {**described(mine), "sequences_per_second": batch / statistics.median(mine.times),
                 "gflop_per_step": {kind: count / 1e9 for kind, count in mine.first["flops"].items()},
                 "fraction_of_ceiling": counted * statistics.median(fractions),
                 "gflop_taken": taken / 1e9, "fraction_taken": taken * statistics.median(fractions)},
        "ceiling_gflops": rates,
        "others": {name: {**described(contender), "sequences_per_second": batch / statistics.median(contender.times),
                         "times_ours": ratio(contender, mine)} for name, contender in running.items()},
    }


def described(contender):
    """Median and extremes of a contender's seconds a call, its first call and its memory."""
    return {"seconds": statistics.median(contender.times), "least": min(contender.times), "most": max(contender.times),
            "first_call_s": contender.first["seconds"], "peak_mb": contender.answers[-1]["peak_mb"]}


def suite_phases(values):
    """The two phases of the alternating algorithm beside the joint step."""
    found = {}
    for name, config in presets(values).items():
        apart = with_training(config, joint_update=False)
        found[name] = measured({"joint": ours(config, "joint", values), "inference": ours(apart, "inference", values),
                                "generation": ours(apart, "generation", values)}, values)
    return found


def suite_before(values):
    """A joint step of two presets by this checkout and by another."""
    if not os.path.isdir(os.path.join(values.before, "rwae_tf")):
        raise InputError(f"--before={values.before}: no checkout of this repository; `git worktree add` makes one")
    tree, found = os.path.abspath(values.before), {}
    for name, config in presets(values).items():
        if values.before_precision != "float32":
            config = with_training(config, precision=values.before_precision)
            name += f", {values.before_precision}"
        made = {"now": ours(config, "joint", values), "before": ours(config, "joint", values, tree=tree)}
        found[name] = compared(made, values)
    return {checkout(tree): found}


def compared(made, values):
    """Of two contenders what their turns say, of the second beside the first."""
    with contenders(made) as running:
        take_turns(running, values.repeats, values.calls)
    (first, ours), (second, other) = running.items()
    return {first: described(ours), second: {**described(other), "times_ours": ratio(other, ours)}}


def suite_onednn(values):
    """A joint step of two presets with oneDNN's kernels, and with those that TensorFlow has without it."""
    found = {}
    for name, config in presets(values).items():
        made = {"with": ours(config, "joint", values), "without": ours(config, "joint", values, onednn=False)}
        found[name] = compared(made, values)
    return found


def suite_kernels(values):
    """Other ways to compute the parts of a step, beside the way it takes."""
    with contenders({"kernels": lambda: Contender("kernels.py", {"threads": values.threads})}) as running:
        take_turns(running, values.repeats)
        answers = [answer["milliseconds"] for answer in running["kernels"].answers]
    medians = {name: statistics.median(answer[name] for answer in answers) for name in answers[0]}
    return {name: {"seconds": value / 1000} for name, value in medians.items()}


def suite_encode(values):
    """Latency of encoding, by batch."""
    config = preset("cpu/sprites")
    return measured({f"B={batch}": ours(config, "encode", values, batch=batch) for batch in _BATCHES}, values)


def suite_growth(values):
    """A joint step as T, B and the frame grow, from one base, and clips drawn as T grows."""
    base = preset("cpu/sprites")
    made = {"frames": {f"{length}": ours(base, "joint", values, batch=8, length=length) for length in _LENGTHS},
            "clips": {f"{batch}": ours(base, "joint", values, batch=batch) for batch in (15, 30, 60, 120)},
            "pixels": {f"{size**2}": ours(of_size(base, size), "joint", values) for size in (16, 32, 64)},
            "frames drawn": {f"{length}": ours(base, "generate", values, batch=8, length=length)
                             for length in _LENGTHS}}
    # One at a time: their memory together would not fit everywhere.
    return {what: {name: measured({name: make}, values)[name] for name, make in kinds.items()}
            for what, kinds in made.items()}


def of_size(config, size):
    """`config` with frames of another size."""
    values = config_lib.to_dict(config)
    values["data"]["size"] = size
    return config_lib.from_dict(values)


def picture(found):
    """The PNG of what `suite_growth` found: time and memory over each size."""
    return plots.growth([
        (title, what, [float(x) for x in by], [kind[key] for kind in by.values()])
        for key, title in (("seconds", "seconds a call"), ("peak_mb", "memory of the process, MB"))
        for what, by in found.items()])


def measured(made, values):
    """Name -> what its contender's turns say."""
    with contenders(made) as running:
        take_turns(running, values.repeats, values.calls)
    return {name: described(contender) for name, contender in running.items()}


def suite_start(values):
    """Seconds until the package is imported, and until commands answer --help."""
    commands = {"import rwae_tf": ["-c", "import rwae_tf"],
                **{f"{name} --help": ["-m", f"rwae_tf.{name}", "--help"] for name in ("train", "evaluate")}}
    if values.run_dir:  # what evaluate does before it reads data
        commands["load a run"] = [
            "-c",
            "import sys; from rwae_tf import data; from rwae_tf.evaluation import "
            "console; from rwae_tf.judges import storage; from rwae_tf.runs import run_dir; "
            "run_dir.load(sys.argv[1])",
            values.run_dir,
        ]
    found = {}
    for name, command in commands.items():
        times = []
        for _ in range(values.repeats):
            begin = time.perf_counter()
            subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - begin)
        found[name] = {"seconds": statistics.median(times), "least": min(times), "most": max(times)}
    return found


SUITES = {"train": suite_train, "phases": suite_phases, "before": suite_before, "onednn": suite_onednn,
          "kernels": suite_kernels, "encode": suite_encode, "growth": suite_growth, "start": suite_start}


def checkout(tree):
    """What to call another checkout: its commit, "-dirty" if files differ from it; the folder's name if it has none."""
    command = ["git", f"--git-dir={tree}/.git", f"--work-tree={tree}", "describe", "--always", "--dirty", "--abbrev=7",
               "--exclude=*"]
    try:
        return subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL).strip()
    except (OSError, subprocess.CalledProcessError):
        return os.path.basename(tree)


def rounded(value):
    """`value` with floats of five digits: no time is known better, and the file stays readable."""
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    return float(f"{value:.5g}") if isinstance(value, float) else value


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
    absl_flags.DEFINE_string("picture", "", "File for the PNG of growth.", flag_values=values)
    if not flags.parse(values, argv, __doc__):
        return 0
    if unknown := sorted(set(values.suite) - set(SUITES)):
        raise InputError(f"--suite={unknown[0]}: choose of {', '.join(SUITES)}")
    best = next((name for name in _INSTRUCTIONS if name in cpu_info.instructions()), platform.machine())
    machine = {"machine": f"{os.cpu_count()} cores ({best})", "threads": values.threads}
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
