"""The numbers of an evaluation as lines for a terminal."""

import math

HOW_TO_JUDGE = ("disentanglement: not measured. Train a judge (python -m rwae_tf.judge --help), then evaluate with "
                "--judge_dir=FOLDER")
_LABEL = 40


def lines(result):
    """The lines of a table.

    Args:
      result: what is written to metrics.json.
    """
    floors, budget = result["floors"], result["budget"]
    table = [
        _line("squared error per sequence", f"{result['squared_error_per_sequence']:8.1f}"
              f"   over {result['test_sequences']} {result['split']} sequences"),
        _line("  floor: mean training image", f"{floors['mean_image']:8.1f}"),
        _line("  floor: first frame repeated", f"{floors['first_frame']:8.1f}"),
    ]
    if result.get("fid") is not None:
        table += [_line("FID of frames", f"{result['fid']:8.2f} ± {result['fid_std']:.2f}"), f"  {result['fid_note']}"]
    table += _judged(result) if "judge" in result else [HOW_TO_JUDGE]
    return [*table, f"budget: {budget['passes']} passes, {budget['sequences']} sequences, {budget['seconds']:.0f} s on "
                    f"{budget['hardware']}"]


def _line(label, text):
    return f"{label:{_LABEL}}{text}"


def _judged(result):
    """What a judge told, in percent, with standard deviations over the repeats."""
    judge = result["judge"]
    table = [_line(f"judge ({judge['kind']}, seed {judge['seed']})",
                   "reads " + ", ".join(f"{factor} {_percent(value)}" for factor, value in judge["on_real"].items())
                   + f" of the real {result['split']} clips right")]
    for name, title in (("static_kept", "static kept: z_c of a clip, new z_m"),
                        ("dynamic_kept", "dynamic kept: z_m of a clip, new z_c")):
        if result[name]:
            table += [_line(title, f"accuracy {_percent(result[name]['mean'], result[name]['std'])}"
                                   f"   agreement {_percent(result[name]['agreement'])}")]
            table += [_factor(factor, row) for factor, row in result[name]["per_factor"].items()]
            table += [_other_codes(result, name)]
    if result["leakage"]:
        table += ["leakage: factors under the other code, to be at chance"]
        table += [_factor(f"{factor} under {row['code']}", row) for factor, row in result["leakage"].items()]
    return table + _sampled(result) + _codes(result)


def _other_codes(result, name):
    """The same for the codes that were not chosen to be evaluated."""
    other = "sample" if result["codes"] == "mean" else "mean"
    row = result[f"with_{other}"][name]
    return _line(f"  all, with posterior {other}s", f"accuracy {_percent(row['mean'], row['std'])}")


def _factor(name, row):
    return _line(f"  {name}", f"accuracy {_percent(row['accuracy'], row['accuracy_std'])}"
                 f"   agreement {_percent(row['agreement'])}   chance {_percent(row['chance'])}")


def _sampled(result):
    """Of clips drawn from the priors."""
    factor, consistency = result["inception_of"], result["consistency"]
    classes = len(result["judge"]["classes"][factor])
    table = [_line(f"samples: inception score of {factor}",
                   f"{result['inception_score']:.2f} ± {result['inception_score_std']:.2f}, at most {classes}")]
    table += [_line(f"  H(y|v), H(y) of {name}", f"{row['h_y_given_v']:.3f}, {row['h_y']:.3f} nats, at most "
                    f"{math.log(len(result['judge']['classes'][name])):.3f}")
              for name, row in result["inception_per_factor"].items()]
    table += [_line("  Frechet distance, judge's features",
                    f"{result['frechet_judge']:.2f} ± {result['frechet_judge_std']:.2f}")]
    if consistency:
        table += [_line(f"  same identity over {consistency['frames']} frames", _percent(consistency["mean"]))]
    return table


def _codes(result):
    """Of the codes themselves."""
    linear = result["probes"]["linear"]
    table = ["linear probes: accuracy on held-out clips, (chance)"]
    for code, factors in linear.items():
        table += [_line(f"  from {code}", ", ".join(f"{factor} {_percent(row['accuracy'])} ({_percent(row['chance'])})"
                                                    for factor, row in factors.items()))]
    for code, usage in result["usage"].items():
        table += [_line(f"use of {code}", f"{min(usage['kl_total'], usage['information_total']):.2f} nats per clip at "
                        f"most, {usage['active_units']} of {usage['dimensions']} units active, moves "
                        f"{_percent(result['influence'][code])} of the decoder's output")]
    return table + ["verdict: " + ("; ".join(result["verdicts"]) or "nothing wrong")]


def _percent(fraction, deviation=None):
    return f"{100 * fraction:.1f} %" if deviation is None else f"{100 * fraction:.1f} ± {100 * deviation:.1f} %"
