"""The table of an evaluation, from a result with numbers of known places."""

from rwae_tf.evaluation import console

PLAIN = {"split": "test", "squared_error_per_sequence": 12.34, "test_sequences": 90,
         "baselines": {"mean_image": 56.7, "first_frame": 8.9},
         "budget": {"passes": 2.0, "sequences": 180, "seconds": 33.4, "hardware": "2 CPU cores"},
         "match": {"z_c": {"auc": 0.515, "mmd2": 0.0021, "null_deviations": 1.3},
                   "z_m": {"auc": 0.876, "mmd2": 0.05, "null_deviations": 25.0}},
         "terms": {"motion_divergence": {"weight": 60.0, "value": -0.02, "weighted": -1.2, "gradient": 0.345,
                                         "null_deviations": -0.9},
                   "reconstruction": {"weight": 1.0, "value": 45.6, "weighted": 45.6, "gradient": None,
                                      "null_deviations": None}},
         "verdicts": []}
ROW = {"accuracy": 0.912, "accuracy_std": 0.013, "agreement": 0.925, "agreement_std": 0.0, "chance": 0.25,
       "majority": 0.3}
CLASSES = {"hair": ["a", "b", "c", "d"], "action": ["e", "f", "g"]}
PROBE = {"accuracy": 0.5, "chance": 0.25, "majority": 0.3}
USE = {"information_total": 1.25, "kl_total": 7.5, "active_units": 3, "dimensions": 8}
SCORE = {"inception_score": 2.71, "inception_score_std": 0.02, "h_y_given_v": 0.05, "h_y": 1.05}
JUDGED = {
    **PLAIN,
    "judge": {"architecture": "linear", "seed": 4, "classes": CLASSES, "on_real": {"hair": 0.999, "action": 1.0}},
    "static_kept": {"mean": 0.912, "std": 0.013, "agreement": 0.925, "per_factor": {"hair": ROW}},
    "dynamic_kept": None, "codes": "mean", "with_sample": {"static_kept": {"mean": 0.5, "std": 0.01}},
    "leakage": {"action": {"code": "z_c", "excess": 0.662, **ROW}},
    **SCORE, "inception_of": "action", "inception_per_factor": {"hair": {**SCORE, "h_y": 1.2}, "action": SCORE},
    "frechet_judge": 3.5, "frechet_judge_std": 0.25,
    "consistency": {"frames": 100, "mean": 0.95, "last": 0.875, "last_of_data": 0.925, "last_of_samples": 0.9},
    "probes": {"linear": {"z_c": {"hair": PROBE, "action": PROBE}, "z_m": {"hair": PROBE}}},
    "usage": {"z_c": USE, "z_m": USE}, "influence": {"z_c": 0.75, "z_m": 0.1},
    "swaps": {"hair": {"accuracy": 0.7, "beside": "action", "shared": 0.987, "other": 0.654, "error": 0.01}},
    "verdicts": ["z_m is dead: why", "z_c leaks: action 91 %"],
}


def test_without_a_judge_the_table_says_how_to_get_one():
    lines = console.lines(PLAIN)
    assert len(lines) == 12
    assert lines[0].split()[-5:] == ["12.3", "over", "90", "test", "sequences"]
    assert lines[1].endswith("56.7") and lines[2].endswith("8.9")
    assert "not measured" in lines[3] and "rwae_tf.judge" in lines[3] and "--judge_dir=FOLDER" in lines[3]
    assert lines[-1] == "budget: 2.0 passes, 180 sequences, 33 s on 2 CPU cores"


def test_match_and_terms_are_shown_without_a_judge():
    text = "\n".join(" ".join(line.split()) for line in console.lines(PLAIN))
    for line in ("z_c and N(0, I) AUC 0.515 MMD² 0.0021, 1.3 null standard deviations",
                 "z_m and roll-outs of its prior AUC 0.876 MMD² 0.0500, 25.0 null standard deviations",
                 "motion_divergence 60 × -0.02 = -1.2 gradient 0.345 -0.9 null standard deviations",
                 "reconstruction 1 × 45.6 = 45.6\n", "verdict: nothing wrong"):
        assert line in text
    assert "at the end of training" not in "\n".join(console.lines({**PLAIN, "terms": {}}))  # of a run of older code


def test_every_number_of_a_judge_is_in_its_line():
    lines = {line.split("  ")[0] or line.strip().split("  ")[0]: line for line in console.lines(JUDGED)}
    assert not any("not measured" in line for line in lines.values())
    for label, texts in {
        "judge (linear, seed 4)": ["hair 99.9 %, action 100.0 %"],
        "static kept: z_c of a clip, new z_m": ["91.2 ± 1.3 %", "agreement 92.5 %"],
        "all, with posterior samples": ["50.0 ± 1.0 %"],
        "hair": ["91.2 ± 1.3 %", "agreement 92.5 %", "chance 25.0 %"],
        "action under z_c": ["91.2 ± 1.3 %", "chance 25.0 %"],
        "hair beside action": ["one 98.7 %", "others 65.4 %"],
        "samples: inception score of action": ["2.71 ± 0.02, at most 3"],
        "H(y|v), H(y) of hair": ["0.050, 1.200 nats, at most 1.386"],  # ln 4
        "H(y|v), H(y) of action": ["0.050, 1.050 nats, at most 1.099"],  # ln 3
        "Frechet distance, judge's features": ["3.50 ± 0.25"],
        "same identity after 100 frames": ["87.5 %", "92.5 %", "90.0 %"],
        "from z_m": ["hair 50.0 % (25.0 %)"],
        "use of z_c": ["1.25 nats per clip at most, 3 of 8 units active", "moves 75.0 %"],
        "use of z_m": ["moves 10.0 %"],
        "verdict: z_m is dead: why; z_c leaks: action 91 %": [""],
    }.items():
        for text in texts:
            assert text in lines[label], (label, lines)
    assert not any(label.startswith("dynamic kept") for label in lines)  # no such factors


def test_fid_stands_with_its_note():
    lines = console.lines({**PLAIN, "fid": 23.456, "fid_std": 0.789, "fid_note": "some network; 90 frames"})
    assert lines[3].split() == ["FID", "of", "frames", "23.46", "±", "0.79"] and lines[4] == "  some network; 90 frames"
    assert lines[:3] + lines[5:] == console.lines(PLAIN) == console.lines({**PLAIN, "fid": None, "fid_note": "why"})


def test_the_split_is_named():
    lines = console.lines({**JUDGED, "split": "validation"})
    assert lines[0].endswith("over 90 validation sequences") and "of the real validation clips right" in lines[3]
    assert not any("test" in line for line in lines)


def test_nothing_wrong_is_said_too():
    assert "verdict: nothing wrong" in console.lines({**JUDGED, "verdicts": [], "consistency": None, "leakage": {}})[-2]


EER = {"content": 0.0473, "motion": 0.2341, "motion_deviation": 0.4123, "mean_log_spectrum": 0.2076,
       "utterances": 192, "speakers": 24,
       "trials": 18_336, "same_speaker": 672, "speakers_trained_on": 0}


def test_of_speech_the_rates_come_first_and_no_judge_is_asked_for():
    lines = console.lines({**PLAIN, "eer": EER})
    assert lines[0] == ("equal error rates over 18336 trials, all pairs of 192 utterances of 24 speakers, 0 of whom "
                        "the model was trained on")
    assert [line.split()[-2:] for line in lines[1:5]] == [
        ["4.73", "%"], ["23.41", "%"], ["41.23", "%"], ["20.76", "%"]]
    assert lines[5].startswith("squared error") and not any("judge" in line for line in lines)
    assert ("equal error rate of z_m, to be high", "23.4 %") in console.key_numbers({**PLAIN, "eer": EER})


def test_of_speech_without_trials_the_table_says_why():
    lines = console.lines({**PLAIN, "eer": None, "eer_note": "too few"})
    assert lines[0] == "equal error rates: not measured. too few" and len(lines) == 12
    assert len(console.key_numbers({**PLAIN, "eer": None})) == len(console.key_numbers(PLAIN))


ACTION = {"factor": "action", "classes": ["e", "f", "g"], "matching": ["g", "e", "f"], "clips": 300, "accuracy": 0.81,
          "entropy": 0.987, "entropy_at_most": 1.0986, "unused": []}
ACTED = {**ACTION, "recognised": 0.8, "swap": {**ROW, **SCORE},
         "conditional": {**SCORE, "inception_score": 2.5, "accuracy": 0.654, "accuracy_std": 0.01, "chance": 0.34}}


def test_of_actions_both_accuracies_stand_with_their_entropies():
    lines = console.lines({**JUDGED, "action": ACTED})
    start = next(i for i, line in enumerate(lines) if line.startswith("actions of training clips"))
    assert [" ".join(line.split()) for line in lines[start:start + 7]] == [
        "actions of training clips 3 of 3 used, H(a) 0.99 nats, at most 1.10",
        "matched to action, one to one 81.0 % of 300 training clips right, of those judged 80.0 %",
        "0 g, 1 e, 2 f",
        "swap: z_m and a of a clip, new z_c accuracy 91.2 ± 1.3 % chance 25.0 %",
        "H(y|v), H(y), inception score 0.050, 1.050 nats, 2.71",
        "conditional: a given, all else new accuracy 65.4 ± 1.0 % chance 34.0 %",
        "H(y|v), H(y), inception score 0.050, 1.050 nats, 2.50"]
    assert lines[:start] + lines[start + 7:] == console.lines(JUDGED)
    assert ("action obeyed: a given, z_c and z_m new", "65.4 ± 1.0 % (chance 34.0 %)") in console.key_numbers(
        {**JUDGED, "action": ACTED})


def test_of_actions_what_is_wrong_is_said_without_a_judge():
    def said(**changes):
        lines = console.lines({**PLAIN, "action": {**ACTION, **changes}})
        return " | ".join(lines[3:next(i for i, line in enumerate(lines) if line == console.HOW_TO_JUDGE)])

    assert "warning" not in said() and "swap" not in said() and "81.0 % of 300 training clips right |" in said()
    assert "2 of 3 used" in said(unused=[1]) and "warning: unused: category 1" in said(unused=[1])
    more = said(matching=["g", None, "e", "f"])
    assert "4 actions for 3 classes: 1 mean none, what they draw counts as wrong" in more
    assert "0 g, 1 -, 2 e, 3 f" in more
    assert "2 actions for 3 classes: none means f" in said(matching=["g", "e"])
    assert said(factor=None, matching=[None] * 3, accuracy=None).endswith(
        "not matched: the clips have no labelled factor of the motion")
    assert len(console.key_numbers({**PLAIN, "action": ACTION})) == len(console.key_numbers(PLAIN))
