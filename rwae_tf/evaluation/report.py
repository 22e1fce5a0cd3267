"""One page about one evaluation, from plain values."""

import json
import os
import shlex

from rwae_tf.evaluation import console, elements
from rwae_tf.evaluation.elements import details, document, escape, image, quiet, section, sound, table
from rwae_tf.figures import plots
from rwae_tf.utils import files

HOW_TO_JUDGE = ("Not measured: python -m rwae_tf.evaluate --run_dir={run_dir} --judge_dir=FOLDER adds it, with a judge "
                "of these data (python -m rwae_tf.judge --help).")
_CODES = {"z_c": "z_c of the clip, new z_m", "z_m": "z_m of the clip, new z_c"}
_TERMS = {"content_divergence": "divergence of z_c", "motion_divergence": "MMD of z_m", "motion_kl": "KL of z_m",
          "content_kl": "KL of z_c", "action_kl": "KL of the action",
          "action_divergence": "χ² of the aggregated action"}


def write(path, page):
    """Write the text of a page to `path`, whole or not at all."""
    files.write(path, page.encode(errors="xmlcharrefreplace"))  # a path in it may hold what is no text


def page(run_dir, command, result, held, pictures, points, labels, spec, log):
    """The page of one evaluation.

    Args:
      run_dir: folder of the run, as it is named in commands.
      command: what was called, to be called again.
      result: what is written to metrics.json.
      held: result of `metrics.collapse.summarize_contents`; None without a judge.
      pictures: the bytes of "swap.png", "reconstruct.png", "generate.png" and "generate.gif", or, of speech, of a WAV
        beside each PNG in place of the GIF; of a weakly supervised model of videos also of "actions.png".
      points: of some clips, z_c in the plane [N, 2], None for a model without an encoder; labels: of the same,
        {factor: int [N]}.
      spec: `SequenceSpec` of the clips.
      log: rows of the run's metrics.jsonl; may be empty.

    Returns:
      HTML.
    """
    name, judged = os.path.basename(os.path.abspath(run_dir)), "judge" in result
    speech, encoded = spec.modality == "speech", points is not None
    missing = quiet(HOW_TO_JUDGE.format(run_dir=shlex.quote(run_dir)))
    body = [
        _head(name, result, spec, missing),
        *([_swap(pictures)] if encoded else []),
        *([_actions(result["action"], pictures["actions.png"])] if "actions.png" in pictures else []),
        *([_reconstruction(pictures)] if encoded else []),
        section("Samples", "Clips drawn from the priors: a row is a clip; below, "
                + ("the same to listen to." if speech else "more of them in motion."),
                image(pictures["generate.png"], "clips drawn from the priors"),
                *(sound(pictures, "generate", "One after the other.") if speech else
                  [image(pictures["generate.gif"], "the same, moving", "gif")])),
        *([_embedding(points, labels, spec)] if encoded else []),
        *([] if speech or not encoded else [
            _leakage(held, result["judge"], spec) if judged else section("What each code holds", None, missing)]),
        _match(result),
        _training(log, result["config"]["objective"]["reconstruction"]),
        *([] if speech or not encoded else [
            _usage(result) if judged else section("Use of the codes", None, missing)]),
        _foot(command, result),
    ]
    return document(name, body)


def _head(name, result, spec, missing):
    """What was measured, and what is wrong with it."""
    speech = spec.modality == "speech"
    data, size = result["config"]["data"], "×".join(map(str, spec.frame_shape[:2])) + " values" * speech
    about = f"{data['dataset']}, {size}, {spec.length} frames, {result['test_sequences']} {result['split']} clips"
    if "judge" in result:
        about += f", mean ± s.d. over {result['repeats']} draws for each"
    verdict = "".join(f'<div class="verdict bad">✗ {escape(line)}</div>' for line in result["verdicts"])
    if speech:
        verdict = quiet("\n".join(console.lines(result)[:1])) + verdict
    elif result["squared_error_per_sequence"] is None:
        verdict = quiet(console.NO_ENCODER) + (missing if "judge" not in result else "") + verdict
    elif "judge" not in result:
        verdict = f'<div class="verdict open">What the codes hold is not known.</div>{missing}' + verdict
    elif verdict:
        verdict += quiet(
            "Dead: the code carries next to nothing. Leaks: in decoded clips a factor follows the code that should be "
            "free of it. Contains: a linear probe reads the factor from that code. Loses: a factor does not follow the "
            "code that should hold it. Depends: it is read right beside some of the other codes only. Match: eq. 9 "
            "asks that codes of data have the distribution of their prior.")
    else:
        verdict = '<div class="verdict good">✓ both codes hold what they should</div>'
    return "\n".join([f"<header>\n<h1>{escape(name)}</h1>\n{quiet(about)}", verdict,
                      table(console.key_numbers(result)),
                      details("all numbers", "\n".join(console.lines(result))), "</header>"])


def _swap(pictures):
    """Codes exchanged."""
    return section(*elements.SWAP, image(pictures["swap.png"], "content of the row with the motion of the column"),
                   *sound(pictures, "swap", "Clips, each followed by the same with the voice of the next."))


def _reconstruction(pictures):
    """Clips decoded from their own codes."""
    return section(*elements.RECONSTRUCTION, image(pictures["reconstruct.png"], "clips beside their reconstructions"),
                   *sound(pictures, "reconstruct", "Clips, each followed by its reconstruction."))


def _actions(action, picture):
    """Clips of every action, and what is known of each."""
    obeyed = action.get("conditional", {}).get("per_category", [None] * len(action["matching"]))
    clips = "generated clips" if action.get("of_samples") else "training clips"
    titles = ("category", action["factor"] or "class", clips, "obeyed")
    rows = [(k, name or "–", sum(counts), "–" if right is None else console.percent(right))
            for k, (name, counts, right) in enumerate(zip(action["matching"], action["counts"], obeyed, strict=True))]
    text = ("A row is an action; in a column all clips have the same z_c and the same z_m, drawn from the priors. "
            f"Actions are named by the class that they were matched to on {clips}; obeyed: how often a judge of "
            "other clips of the action sees that class.")
    return section("Actions", text, image(picture, "clips of every action"), table(rows, titles))


def _embedding(points, labels, spec):
    """The plane of z_c, coloured by each factor in turn."""
    panels = [(f"{factor} ({_side(factor, spec)})", labels[factor], spec.factors[factor]) for factor in _factors(spec)]
    text = f"t-SNE of the z_c of {len(points)} clips, evenly spread over all; only who is near whom means anything."
    if panels:
        text += " Content should form islands of one colour; motion should look mixed, or z_c knows of it."
    drawn = plots.scatter(points, panels or [("no labels", None, ())])
    return section("Map of the content codes", text, image(drawn, "t-SNE of z_c"))


def _leakage(held, judge, spec):
    """Which factor follows which code."""
    head = "".join(f"<th>{escape(factor)}<small>{_side(factor, spec)}</small></th>" for factor in _factors(spec))
    rows = "".join(f"<tr><th>{escape(title)}</th>" + "".join(_cell(held[code].get(factor)) for factor in _factors(spec))
                   + "</tr>" for code, title in _CODES.items())
    text = ("How often a judge still reads a factor when one code is the clip's own and the other is drawn anew. "
            "Content should follow z_c and motion z_m; all else should be at chance. Of the real clips the judge reads "
            f"at least {console.percent(min(judge['on_real'].values()))} right.")
    return section("What each code holds", text, f"<table><tr><th></th>{head}</tr>{rows}</table>")


def _factors(spec):
    """The names of the factors, those of the content first."""
    return sorted(spec.factors, key=lambda factor: factor not in spec.static)


def _side(factor, spec):
    return "content" if factor in spec.static else "motion"


def _cell(row):
    """Accuracy beside chance; the word says what the colour says."""
    if row is None:  # a factor that the judge does not know
        return "<td></td>"
    good, bad = ("✓ kept", "✗ too low") if row["wanted"] else ("✓ at chance", "✗ leaks")
    word = good if row["good"] else bad
    return (f'<td class="{"good" if row["good"] else "bad"}"><b>{console.percent(row["accuracy"])}</b> {word}'
            f'<small>chance {console.percent(row["chance"])}</small></td>')


def _match(result):
    """How well codes match their priors, and what each term of the objective contributed."""
    if not (result["match"] or result["terms"]):
        return ""
    rows = [(console.COMPARED[code], f"AUC {row['auc']:.3f}, MMD² {row['mmd2']:.4f} = "
             f"{row['null_deviations']:.1f} null standard deviations") for code, row in result["match"].items()]
    text = ("Eq. 9 asks that the codes of data have the distribution of their priors. The AUC is that of a classifier "
            "on held-out samples: 0.5 is a match, 1 no overlap. The MMD² is unbiased; within ± 2 null standard "
            "deviations it is not told from zero.")
    parts = [table(rows)]
    if result["terms"]:
        parts += [quiet("Terms of the objective at the end of training: weight × value, and the norm of the weighted "
                         "term's gradient on the encoders."),
                  table([(term, console.term_text(row)) for term, row in result["terms"].items()])]
    return section("Match of codes and priors", text, *parts)


def _training(log, cost):
    """A curve for each term; the reconstruction, whose cost is called `cost`, comes first."""
    title, rows = "Training", [row for row in log if row.get("terms")]
    if not rows:
        return section(title, None, quiet("No curves: the run's metrics.jsonl is missing or empty."))
    log_scale = all(row["terms"].get("reconstruction", 1) > 0 for row in rows)  # a density may exceed 1
    titles = {"reconstruction": cost.replace("_", " ") + ", log scale" * log_scale, **_TERMS}
    titles.update({name: name.replace("_", " ") for row in rows for name in row["terms"]
                   if name not in titles and not name.endswith("_null_sd")})
    epochs = [row["epoch"] for row in rows]
    drawn = plots.curves([(shown, epochs, [row["terms"].get(name, float("nan")) for row in rows],
                           name == "reconstruction" and log_scale)
                          for name, shown in titles.items() if any(name in row["terms"] for row in rows)])
    text = "Each term before its weight, mean since the row before; the leap of the first twentieth may lie outside."
    return section(title, text, image(drawn, "training curves"))


def _usage(result):
    """Nats in each dimension of each code, largest first."""
    panels = []
    for code, row in result["usage"].items():
        order = sorted(range(row["dimensions"]), key=lambda d: -row["kl"][d])
        panels.append((f"{code}: {row['active_units']} of {row['dimensions']} units active", "dimension, by KL",
                       {name: [row[key][d] for d in order] for name, key in
                        (("KL to the prior", "kl"), ("information", "information"))}))
    drawn = plots.bars(panels)
    moves = ", ".join(f"{code} {console.percent(part)}" for code, part in result["influence"].items())
    return section("Use of the codes", "Nats per clip in each dimension: both are bounds from above of what it tells "
                    f"about a clip, so the lower one counts. Of the decoder's output, each code moves: {moves}.",
                    image(drawn, "nats per dimension"))


def _foot(command, result):
    """What it cost, and how to have it again."""
    budget, seeds = result["budget"], [f"training {result['config']['training']['seed']}"]
    if "judge" in result:
        seeds += [f"judge {result['judge']['seed']}"]
    rows = [("trained for", f"{budget['passes']} passes, {budget['iterations']} iterations, {budget['sequences']} "
             f"sequences, {budget['seconds']:.0f} s"), ("hardware", budget["hardware"]),
            ("seeds", ", ".join(seeds)), ("made by", command)]
    return (f"<footer>\n<h2>Origin</h2>\n{table(rows)}\n"
            + details("configuration", json.dumps(result["config"], indent=2)) + "\n</footer>")
