r"""Minutes of training until a model first keeps enough static and dynamic factors of clips held out for validation.

    python tools/bench/time_to_quality.py --base=tools/cpu/sprites_gan.flags --data_dir=DATA --judge_dir=JUDGE \
        --run_dir=runs/time_to_quality --out=docs/results/time_to_quality.json

trains for some minutes, evaluates, and goes on until both are high enough or the flagfile's passes are over. Minutes
are those of training alone, on the cores that this command may use (`taskset`). The same command goes on with what an
interrupted one left. A tenth of the training clips is held out, so this run does not belong in a table of results.
"""

import functools
import os
import sys

from absl import flags as absl_flags

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import commands

from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.errors import InputError
from rwae_tf.utils import json_file


def main(argv):
    """Train, evaluate and write as `argv` says; see the module's docstring."""
    values = flags.new()
    string, number = (functools.partial(define, flag_values=values)
                      for define in (absl_flags.DEFINE_string, absl_flags.DEFINE_float))
    string("base", "", "Flagfile to train.")
    string("data_dir", "", "Folder of its data.")
    string("judge_dir", "", "Folder of a judge of these data.")
    string("run_dir", "", "Folder of the run.")
    string("out", "", "JSON file for the looks: minutes, passes, accuracies.")
    number("static", 97.5, "Mean accuracy over static factors to reach, in %.", 0, 100)
    number("dynamic", 94.0, "Mean accuracy over dynamic factors to reach, in %.", 0, 100)
    number("minutes", 5.0, "Of training between two looks.", 0.01)
    if not flags.parse(values, argv, __doc__):
        return 0
    flags.required(values, "base", "judge_dir", "run_dir", "out")
    result = measure(values)
    json_file.write(result, values.out)
    print(says(result))
    return 0


def measure(values):
    """The looks at one run, and what was to be reached."""
    data = [f"--data_dir={values.data_dir}"] if values.data_dir else []
    looks = []
    while not looks or not (reached(looks[-1], values.static, values.dynamic) or over(looks)):
        legs = 1 + (int(looks[-1]["minutes"] / values.minutes + 0.5) if looks else 0)
        commands.run("train", f"--flagfile={values.base}", *data, f"--run_dir={values.run_dir}",
                     "--validation_fraction=0.1", f"--max_minutes={legs * values.minutes}")
        commands.run("evaluate", f"--run_dir={values.run_dir}", f"--judge_dir={values.judge_dir}",
                     "--split=validation", "--repeats=1")
        found = json_file.read(os.path.join(values.run_dir, "evaluation_validation", "metrics.json"), "the measures")
        looks.append(look(found))
        print(f"{looks[-1]['minutes']:.1f} minutes: static {looks[-1]['static']} %, dynamic {looks[-1]['dynamic']} %",
              file=sys.stderr, flush=True)
    return {"flagfile": os.path.basename(values.base), "static": values.static, "dynamic": values.dynamic,
            "cores": len(os.sched_getaffinity(0)), "split": "validation", "looks": looks}


def look(found):
    """Minutes, passes and the mean accuracies in % of a metrics.json."""
    if not found.get("dynamic_kept"):
        raise InputError("the judge reads no dynamic factor of these clips; take one that does")
    return {"minutes": round(found["budget"]["seconds"] / 60, 2), "passes": round(found["budget"]["passes"], 2),
            "static": round(100 * found["static_kept"]["mean"], 2),
            "dynamic": round(100 * found["dynamic_kept"]["mean"], 2)}


def reached(last, static, dynamic):
    """Whether a look has both accuracies."""
    return last["static"] >= static and last["dynamic"] >= dynamic


def over(looks):
    """Whether the flagfile's passes ended before the last look, which then trained no further."""
    return len(looks) > 1 and looks[-1]["passes"] == looks[-2]["passes"]


def says(result):
    """The result in a line."""
    last = result["looks"][-1]
    asked = f"static {result['static']:g} and dynamic {result['dynamic']:g} %"
    if reached(last, result["static"], result["dynamic"]):
        return f"{result['flagfile']}: {asked} after {last['minutes']:.1f} minutes, {last['passes']:.1f} passes"
    return f"{result['flagfile']}: {asked} not reached in {last['minutes']:.1f} minutes, {last['passes']:.1f} passes"


if __name__ == "__main__":
    entry_point.run(main)
