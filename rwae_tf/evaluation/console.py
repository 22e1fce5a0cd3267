"""The numbers of an evaluation as lines for a terminal."""

import math

HOW_TO_JUDGE = ("disentanglement: not measured. Train a judge (python -m rwae_tf.judge --help), then evaluate with "
                "--judge_dir=FOLDER")
NO_ENCODER = "no encoder: nothing is measured of codes, reconstructions and swaps"
_LABEL = 40
EMBEDDINGS = {"content": "z_c, to be low", "motion": "z_m, to be high",
              "motion_deviation": "the standard deviations of z_m, to be high",
              "mean_log_spectrum": "the mean log spectrum"}
COMPARED = {"z_c": "z_c and N(0, I)", "z_m": "z_m and roll-outs of its prior"}


def lines(result):
    """The lines of a table.

    Args:
      result: what is written to metrics.json.
    """
    baselines, budget, error = result["baselines"], result["budget"], result["squared_error_per_sequence"]
    table = _verified(result) if "eer" in result else []
    table += [NO_ENCODER] if error is None else []
    table += [
        _line("squared error per sequence", f"{'-' if error is None else f'{error:.1f}':>8}"
              f"   over {result['test_sequences']} {result['split']} sequences"),
        _line("  baseline: mean training image", f"{baselines['mean_image']:8.1f}"),
        _line("  baseline: first frame repeated", f"{baselines['first_frame']:8.1f}"),
    ]
    if result.get("fid") is not None:
        table += [_line("FID of frames", f"{result['fid']:8.2f} ± {result['fid_std']:.2f}"), f"  {result['fid_note']}"]
    if "action" in result:
        table += _acted(result["action"])
    if "eer" not in result:
        table += _judged(result) if "judge" in result else [HOW_TO_JUDGE]
    table += _matched(result) if error is not None else []
    table += _terms(result["terms"])
    table += ["verdict: " + ("; ".join(result["verdicts"]) or "nothing wrong")]
    return [*table, f"budget: {budget['passes']} passes, {budget['sequences']} sequences, {budget['seconds']:.0f} s on "
                    f"{budget['hardware']}"]


def key_numbers(result):
    """The few numbers that say most: a list of (label, text).

    Args:
      result: what is written to metrics.json.
    """
    baselines, numbers = result["baselines"], []
    if result["squared_error_per_sequence"] is not None:
        numbers = [("squared error per sequence",
                    f"{result['squared_error_per_sequence']:.1f} (the mean training image: "
                    f"{baselines['mean_image']:.1f}, the first frame repeated: {baselines['first_frame']:.1f})")]
    if result.get("fid") is not None:
        numbers += [("FID of frames", f"{result['fid']:.2f} ± {result['fid_std']:.2f}")]
    if result.get("eer"):
        numbers += [(f"equal error rate of {title}", percent(result["eer"][name]))
                    for name, title in EMBEDDINGS.items()]
    numbers += [(f"match of {COMPARED[code]}: AUC", f"{row['auc']:.2f} (0.5 is a match)")
                for code, row in result["match"].items()]
    if "conditional" in result.get("action", ()):
        row = result["action"]["conditional"]
        numbers += [("action obeyed: a given, z_c and z_m new",
                     f"{percent(row['accuracy'], row['accuracy_std'])} (chance {percent(row['chance'])})")]
    if "judge" not in result:
        return numbers
    for name, title in (("static_kept", "content kept by z_c"), ("dynamic_kept", "motion kept by z_m")):
        if result[name]:
            numbers += [(title, percent(result[name]["mean"], result[name]["std"]))]
    for code, title in (("z_m", "strongest leak of content into z_m"), ("z_c", "strongest leak of motion into z_c")):
        rows = {factor: row for factor, row in result["leakage"].items() if row["code"] == code}
        if rows:
            worst = max(rows, key=lambda factor: rows[factor]["excess"])
            numbers += [(title, f"{worst} {percent(rows[worst]['accuracy'], rows[worst]['accuracy_std'])} "
                         f"(chance {percent(rows[worst]['chance'])})")]
            probes = result["probes"]["linear"][code]
            probed = max(rows, key=lambda factor: probes[factor]["accuracy"] - probes[factor]["chance"])
            numbers += [(f"{title}, linear probe of {code}", f"{probed} {percent(probes[probed]['accuracy'])} "
                         f"(chance {percent(probes[probed]['chance'])})")]
    factor = result["inception_of"]
    numbers += [(f"variety of samples: H(y) of {factor}", f"{result['h_y']:.3f} nats, at most "
                 f"{math.log(len(result['judge']['classes'][factor])):.3f} (H(y|v) {result['h_y_given_v']:.3f})")]
    if result["consistency"]:
        numbers += [(f"same identity after {result['consistency']['frames']} frames",
                     percent(result["consistency"]["last"]) + _of_data(result["consistency"]))]
    return numbers


def _of_data(consistency):
    """The identity of long clips with contents of real ones, where there is an encoder."""
    means, samples = consistency["last_of_data"], consistency["last_of_samples"]
    return "" if means is None else f", with contents of clips {percent(means)} (samples of them {percent(samples)})"


def _verified(result):
    """Equal error rates of speech, in percent."""
    rates = result["eer"]
    if not rates:
        return [f"equal error rates: not measured. {result['eer_note']}"]
    return [
        f"equal error rates over {rates['trials']} trials, all pairs of {rates['utterances']} utterances of "
        f"{rates['speakers']} speakers, {rates['speakers_trained_on']} of whom the model was trained on",
        *(_line(f"  {title}", f"{100 * rates[name]:8.2f} %") for name, title in EMBEDDINGS.items())]


def _matched(result):
    """How well the codes match their priors."""
    table = ["match of the codes with their priors: AUC of a classifier, 0.5 for a match"
             + ("" if result["match"] else "; not measured, too few clips")]
    return table + [_line(f"  {COMPARED[code]}", f"AUC {row['auc']:.3f}   MMD² {row['mmd2']:.4f}, "
                          f"{row['null_deviations']:.1f} null standard deviations")
                    for code, row in result["match"].items()]


def _terms(terms):
    """What each term of the objective contributed at the end of training; no line where none was measured."""
    if not terms:
        return []
    return ["terms of the objective at the end of training: weight × value, norm of the gradient on the encoders",
            *(_line(f"  {term}", term_text(row)) for term, row in terms.items())]


def term_text(row):
    """What one term of the objective contributes, a row of `metrics.match.shares`."""
    text = f"{row['weight']:g} × {row['value']:.4g} = {row['weighted']:.4g}"
    text += "" if row["gradient"] is None else f"   gradient {row['gradient']:.3g}"
    if row["null_deviations"] is not None:
        text += f"   {row['null_deviations']:.1f} null standard deviations"
    return text


def _acted(action):
    """Of a weakly supervised model: which action is which, whether all are used, and whether clips show them."""
    size, classes, factor = len(action["matching"]), len(action["classes"]), action["factor"]
    clips = "generated clips" if action.get("of_samples") else "training clips"
    table = [_line(f"actions of {clips}", f"{size - len(action['unused'])} of {size} used, H(a) "
                   f"{action['entropy']:.2f} nats, at most {action['entropy_at_most']:.2f}")]
    if action["unused"]:
        table += [f"  warning: unused: {', '.join(f'category {k}' for k in action['unused'])}"]
    if not factor:
        return [*table, "  not matched: the clips have no labelled factor of the motion"]
    judged = f", of those judged {percent(action['recognised'])}" if "recognised" in action else ""
    table += [_line(f"  matched to {factor}, one to one",
                    f"{percent(action['accuracy'])} of {action['clips']} {clips} right{judged}"),
              "    " + ", ".join(f"{k} {name or '-'}" for k, name in enumerate(action["matching"]))]
    if size > classes:
        table += [f"  {size} actions for {classes} classes: {size - classes} mean none, what they draw counts as wrong"]
    elif size < classes:
        missing = [name for name in action["classes"] if name not in action["matching"]]
        table += [f"  {size} actions for {classes} classes: none means {', '.join(missing)}"]
    for name, title in (("swap", "swap: z_m and a of a clip, new z_c"),
                        ("conditional", "conditional: a given, all else new")):
        if name in action:
            row = action[name]
            table += [_line(f"  {title}", f"accuracy {percent(row['accuracy'], row['accuracy_std'])}   chance "
                            f"{percent(row['chance'])}"),
                      _line("    H(y|v), H(y), inception score", f"{row['h_y_given_v']:.3f}, {row['h_y']:.3f} nats, "
                            f"{row['inception_score']:.2f}")]
    return table


def _line(label, text):
    return f"{label:{_LABEL}}{text}"


def _judged(result):
    """What a judge told, in percent, with standard deviations over the repeats."""
    judge = result["judge"]
    table = [_line(f"judge ({judge['architecture']}, seed {judge['seed']})",
                   "reads " + ", ".join(f"{factor} {percent(value)}" for factor, value in judge["on_real"].items())
                   + f" of the real {result['split']} clips right")]
    for name, title in (("static_kept", "static kept: z_c of a clip, new z_m"),
                        ("dynamic_kept", "dynamic kept: z_m of a clip, new z_c")):
        if result[name]:
            table += [_line(title, f"accuracy {percent(result[name]['mean'], result[name]['std'])}"
                                   f"   agreement {percent(result[name]['agreement'])}")]
            table += [_factor(factor, row) for factor, row in result[name]["per_factor"].items()]
            table += [_other_codes(result, name)]
    if result["leakage"]:
        table += ["leakage: factors under the other code, to be at chance"]
        table += [_factor(f"{factor} under {row['code']}", row) for factor, row in result["leakage"].items()]
    table += _swapped(result.get("swaps"))
    return table + _sampled(result) + (_codes(result) if result["probes"] else [])


def _swapped(swaps):
    """Of swaps between clips: what each factor depends on most."""
    if not swaps:
        return []
    return ["swaps between clips: accuracy where both have one class of a factor of the other code, and where not",
            *(_line(f"  {factor} beside {row['beside']}", f"one {percent(row['shared'])}   others "
                    f"{percent(row['other'])}") for factor, row in swaps.items())]


def _other_codes(result, name):
    """The same for the codes that were not chosen to be evaluated."""
    other = "sample" if result["codes"] == "mean" else "mean"
    row = result[f"with_{other}"][name]
    return _line(f"  all, with posterior {other}s", f"accuracy {percent(row['mean'], row['std'])}")


def _factor(name, row):
    return _line(f"  {name}", f"accuracy {percent(row['accuracy'], row['accuracy_std'])}"
                 f"   agreement {percent(row['agreement'])}   chance {percent(row['chance'])}")


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
        table += [_line(f"  same identity after {consistency['frames']} frames", percent(consistency["last"])
                        + _of_data(consistency)
                        + f"   mean over factors and later frames {percent(consistency['mean'])}")]
    return table


def _codes(result):
    """Of the codes themselves."""
    linear = result["probes"]["linear"]
    table = ["linear probes: accuracy on held-out clips, (chance)"]
    for code, factors in linear.items():
        table += [_line(f"  from {code}", ", ".join(f"{factor} {percent(row['accuracy'])} ({percent(row['chance'])})"
                                                    for factor, row in factors.items()))]
    for code, usage in result["usage"].items():
        table += [_line(f"use of {code}", f"{min(usage['kl_total'], usage['information_total']):.2f} nats per clip at "
                        f"most, {usage['active_units']} of {usage['dimensions']} units active, moves "
                        f"{percent(result['influence'][code])} of the decoder's output")]
    return table


def percent(fraction, deviation=None):
    """A fraction in percent, with its deviation if there is one."""
    return f"{100 * fraction:.1f} %" if deviation is None else f"{100 * fraction:.1f} ± {100 * deviation:.1f} %"
