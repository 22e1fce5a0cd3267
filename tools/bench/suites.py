"""What tools/benchmark.py measures: each suite gets the values of the flags and gives numbers by name."""

import functools
import os
import statistics
import subprocess
import sys
import tempfile
import time

from bench.contenders import (
    Contender,
    contenders,
    described,
    of_size,
    ours,
    peer,
    preset,
    presets,
    ratio,
    take_turns,
    with_training,
)

from rwae_tf.errors import InputError
from rwae_tf.figures import plots
from rwae_tf.kernels import cpu_info

_LENGTHS = (8, 32, 100, 400)
_BATCHES = (1, 16, 64)
_GLANCE = 0.02  # seconds between two looks for the first step
_PEERS = [*((variant, "rwae_mmd") for variant in ("eager", "channels_last", "compile", "bfloat16")),
          *((variant, "ds_vae") for variant in ("eager", "channels_last"))]


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
    """Seconds until the package is imported, until commands answer --help, and until a training has made a step."""
    works = {"import rwae_tf": functools.partial(_finish, ["-c", "import rwae_tf"]),
             **{f"{name} --help": functools.partial(_finish, ["-m", f"rwae_tf.{name}", "--help"])
                for name in ("train", "evaluate")}}
    if values.first_step:
        works["the first step"] = functools.partial(_first_step, values.first_step.split())
    if values.run_dir:  # what evaluate does before it reads data
        works["load a run"] = functools.partial(_finish, [
            "-c",
            "import sys; from rwae_tf import data; from rwae_tf.evaluation import "
            "console; from rwae_tf.judges import storage; from rwae_tf.runs import run_dir; "
            "run_dir.load(sys.argv[1])",
            values.run_dir,
        ])
    found = {}
    for name, work in works.items():
        times = [work() for _ in range(values.repeats)]
        found[name] = {"seconds": statistics.median(times), "least": min(times), "most": max(times)}
    return found


def _finish(arguments):
    """Seconds that Python takes with `arguments`."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def _first_step(flags):
    """Seconds until a training with `flags` has logged its first step; it is stopped then."""
    with tempfile.TemporaryDirectory() as folder:
        log, begin = os.path.join(folder, "run", "metrics.jsonl"), time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "rwae_tf.train", *flags, "--log_every=1",
                                    f"--run_dir={os.path.dirname(log)}"], stdout=subprocess.DEVNULL)
        try:
            while not (os.path.exists(log) and os.path.getsize(log)):
                if process.poll() is not None:
                    raise InputError(f"--first_step={' '.join(flags)}: the training ended before its first step")
                time.sleep(_GLANCE)
            return time.perf_counter() - begin
        finally:
            process.kill()
            process.wait()


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
