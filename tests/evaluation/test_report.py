"""The page of an evaluation: its numbers, its parts, and that it refers to nothing outside itself."""

import base64
import html.parser
import re

import numpy as np
import pytest

from rwae_tf.errors import InputError
from rwae_tf.evaluation import report
from rwae_tf.types import SequenceSpec
from rwae_tf.utils import files

SPEC = SequenceSpec((16, 16, 3), 4, "video", {"act<ion>": ("up", "down"), "hair": ("a & b", "c")}, ("hair",))
PLAIN = {"squared_error_per_sequence": 12.34, "split": "validation", "test_sequences": 90,
         "baselines": {"mean_image": 56.7, "first_frame": 8.9},
         "budget": {"passes": 2.0, "iterations": 45, "sequences": 180, "seconds": 33.4, "hardware": "2 CPU cores"},
         "config": {"data": {"dataset": "lamps"}, "objective": {"reconstruction": "squared_error"},
                    "training": {"seed": 7}},
         "match": {"z_c": {"auc": 0.515, "mmd2": 0.0021, "null_deviations": 1.3},
                   "z_m": {"auc": 0.876, "mmd2": 0.05, "null_deviations": 25.0}},
         "terms": {"motion_divergence": {"weight": 60.0, "value": -0.02, "weighted": -1.2, "gradient": 0.345,
                                         "null_deviations": -0.9}},
         "verdicts": ["z_m does not match its prior: AUC 0.88 (0.5 is a match)"]}
USE = {"information": [1.0, 0.25], "kl": [2.0, 5.5], "information_total": 1.25, "kl_total": 7.5, "active_units": 1,
       "dimensions": 2}
SCORE = {"inception_score": 1.9, "inception_score_std": 0.02, "h_y_given_v": 0.05, "h_y": 0.65}


def row(accuracy, chance, code=None):
    found = {"accuracy": accuracy, "accuracy_std": 0.013, "agreement": accuracy, "chance": chance}
    return {**found, "code": code, "excess": accuracy - chance} if code else found


def group(accuracy, factor, chance):
    return {"mean": accuracy, "std": 0.013, "agreement": accuracy, "per_factor": {factor: row(accuracy, chance)}}


KEPT = {"static_kept": group(0.912, "hair", 0.5), "dynamic_kept": group(0.47, "act<ion>", 0.51),
        "leakage": {"hair": row(0.53, 0.52, "z_m"), "act<ion>": row(0.74, 0.49, "z_c")}}
JUDGED = {
    **PLAIN,
    **KEPT,
    "repeats": 5,
    "codes": "mean",
    "with_sample": KEPT,
    **SCORE,
    "inception_of": "act<ion>",
    "judge": {
        "architecture": "linear",
        "seed": 4,
        "classes": SPEC.factors,
        "on_real": {"hair": 0.997, "act<ion>": 1.0},
    },
    "inception_per_factor": {"hair": SCORE, "act<ion>": SCORE},
    "frechet_judge": 3.5,
    "frechet_judge_std": 0.25,
    "consistency": {"frames": 100, "mean": 0.95, "last": 0.875, "last_of_data": 0.925, "last_of_samples": 0.9},
    "probes": {"linear": {code: {"hair": row(0.5, 0.25), "act<ion>": row(0.6, 0.5)} for code in ("z_c", "z_m")}},
    "usage": {"z_c": USE, "z_m": USE},
    "influence": {"z_c": 0.75, "z_m": 0.1},
    "verdicts": ["z_c leaks: act<ion> 74 %"],
}
HELD = {"z_c": {"hair": {**row(0.912, 0.5), "wanted": True, "good": True},
                "act<ion>": {**row(0.74, 0.49), "wanted": False, "good": False}},
        "z_m": {"hair": {**row(0.53, 0.52), "wanted": False, "good": True},
                "act<ion>": {**row(0.47, 0.51), "wanted": True, "good": False}}}
PICTURES = {"swap.png": b"\x89PNG swap", "reconstruct.png": b"\x89PNG pairs", "generate.png": b"\x89PNG still",
            "generate.gif": b"GIF89a"}
LOG = [{"iteration": i, "epoch": i / 2, "terms": {"reconstruction": 9.0 / i, "motion_kl": 1.0}} for i in (1, 2, 3)]
COMMAND = "python -m rwae_tf.evaluate --run_dir='runs/a&b'"


def made(result=JUDGED, held=HELD, spec=SPEC, log=LOG, pictures=PICTURES):
    rng = np.random.default_rng(0)
    labels = {factor: rng.integers(0, 2, 20) for factor in spec.factors}
    return report.page("runs/a&b", COMMAND, result, held, pictures, rng.normal(size=(20, 2)), labels, spec, log)


class Read(html.parser.HTMLParser):
    """Reads a page: every tag is closed, and `tags`, `text` and the `cells` of all rows of tables are kept."""

    VOID = ("meta", "img", "br")

    def __init__(self, page):
        super().__init__()
        self.tags, self.text, self.rows, self._open = [], "", [], []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if "tr" in self._open and self._open[-1] != "tr":
            self.rows[-1][-1] += data


@pytest.mark.parametrize("arguments", [{}, {"result": PLAIN, "held": None}, {"log": []}])
def test_page_refers_to_nothing_outside_itself(arguments):
    page = made(**arguments)
    tags = Read(page).tags
    addresses = [value for _, attributes in tags for name, value in attributes.items()
                 if name in ("src", "href", "srcset", "data", "action", "poster")]
    assert addresses and all(value.startswith("data:image/") for value in addresses)
    assert not {"link", "script", "iframe", "base"} & {tag for tag, _ in tags}
    assert not re.search(r"https?://|url\(|@import", page)
    assert all(attributes["alt"] for tag, attributes in tags if tag == "img")


def test_pictures_are_in_the_page():
    sources = [attributes["src"] for tag, attributes in Read(made()).tags if tag == "img"]
    shown = [(source.split(";")[0], base64.b64decode(source.partition(",")[2])) for source in sources]
    assert shown[:4] == [("data:image/png", b"\x89PNG swap"), ("data:image/png", b"\x89PNG pairs"),
                         ("data:image/png", b"\x89PNG still"), ("data:image/gif", b"GIF89a")]
    assert len(shown) == 7 and all(data.startswith(b"\x89PNG\r\n") for _, data in shown[4:])  # map, curves, usage


@pytest.mark.slow
def test_actions_are_shown_with_what_is_known_of_each():
    action = {"factor": "act<ion>", "classes": ["up", "down"], "matching": ["down", None, "up"], "clips": 30,
              "counts": [[2, 8], [0, 0], [15, 5]], "accuracy": 23 / 30, "entropy": 0.64, "entropy_at_most": 1.1,
              "unused": [1]}
    pictures = {**PICTURES, "actions.png": b"\x89PNG rows"}
    for judged, obeyed in (({}, ["–", "–", "–"]),
                           ({"conditional": {"accuracy": 0.5, "accuracy_std": 0.01, "chance": 0.4, "h_y_given_v": 0.1,
                                             "h_y": 0.6, "inception_score": 1.6, "per_category": [0.912, 0.0, None]}},
                            ["91.2 %", "0.0 %", "–"])):
        read = Read(made({**JUDGED, "action": {**action, **judged}}, pictures=pictures))
        rows = [cells for cells in read.rows if len(cells) == 4]
        assert rows == [["category", "act<ion>", "training clips", "obeyed"], ["0", "down", "10", obeyed[0]],
                        ["1", "–", "0", obeyed[1]], ["2", "up", "20", obeyed[2]]]
        sources = [attributes["src"] for tag, attributes in read.tags if tag == "img"]
        assert base64.b64decode(sources[1].partition(",")[2]) == b"\x89PNG rows"
    assert "Actions" not in made()


def test_numbers_are_those_of_the_result():
    read = Read(made())
    rows = {cells[0]: cells[1] for cells in read.rows if len(cells) == 2}
    assert rows == {
        "squared error per sequence": "12.3 (the mean training image: 56.7, the first frame repeated: 8.9)",
        "content kept by z_c": "91.2 ± 1.3 %", "motion kept by z_m": "47.0 ± 1.3 %",
        "match of z_c and N(0, I): AUC": "0.52 (0.5 is a match)",
        "match of z_m and roll-outs of its prior: AUC": "0.88 (0.5 is a match)",
        "strongest leak of content into z_m": "hair 53.0 ± 1.3 % (chance 52.0 %)",
        "strongest leak of content into z_m, linear probe of z_m": "hair 50.0 % (chance 25.0 %)",
        "strongest leak of motion into z_c": "act<ion> 74.0 ± 1.3 % (chance 49.0 %)",
        "strongest leak of motion into z_c, linear probe of z_c": "act<ion> 60.0 % (chance 50.0 %)",
        "variety of samples: H(y) of act<ion>": "0.650 nats, at most 0.693 (H(y|v) 0.050)",  # ln 2
        "same identity after 100 frames": "87.5 %, with contents of clips 92.5 % (samples of them 90.0 %)",
        "z_c and N(0, I)": "AUC 0.515, MMD² 0.0021 = 1.3 null standard deviations",
        "z_m and roll-outs of its prior": "AUC 0.876, MMD² 0.0500 = 25.0 null standard deviations",
        "motion_divergence": "60 × -0.02 = -1.2   gradient 0.345   -0.9 null standard deviations",
        "trained for": "2.0 passes, 45 iterations, 180 sequences, 33 s", "hardware": "2 CPU cores",
        "seeds": "training 7, judge 4", "made by": COMMAND,
    }
    for text in ("a&b", "lamps, 16×16, 4 frames, 90 validation clips, mean ± s.d. over 5 draws",
                 "✗ z_c leaks: act<ion> 74 %", "at least 99.7 % right",
                 "z_c 75.0 %, z_m 10.0 %", "20 clips", '"reconstruction": "squared_error"',
                 "verdict: z_c leaks", "Frechet distance"):
        assert text in read.text


def test_fid_is_a_key_number_where_there_is_one():
    found = {**PLAIN, "fid": 12.349, "fid_std": 0.5, "fid_note": "of Keras's weights"}
    assert ["FID of frames", "12.35 ± 0.50"] in Read(made(found, None)).rows


def test_matrix_says_what_follows_which_code():
    read = Read(made())
    matrix = [cells for cells in read.rows if len(cells) == 3]
    assert matrix == [  # the content's factors come first
        ["", "haircontent", "act<ion>motion"],
        ["z_c of the clip, new z_m", "91.2 % ✓ keptchance 50.0 %", "74.0 % ✗ leakschance 49.0 %"],
        ["z_m of the clip, new z_c", "53.0 % ✓ at chancechance 52.0 %", "47.0 % ✗ too lowchance 51.0 %"],
    ]
    colours = [attributes["class"] for tag, attributes in read.tags if tag == "td" and "class" in attributes]
    assert colours == ["good", "bad", "good", "bad"]


def test_nothing_wrong_is_said_in_words():
    assert "✓ both codes hold what they should" in Read(made({**JUDGED, "verdicts": []})).text


def test_without_a_judge_a_line_says_how_to_have_it_all():
    read = Read(made(PLAIN, None))
    command = "python -m rwae_tf.evaluate --run_dir='runs/a&b' --judge_dir=FOLDER"
    assert read.text.count(command) == 3  # verdict, matrix, usage
    assert "✗ z_m does not match its prior: AUC 0.88" in read.text
    assert "not known" in read.text and "python -m rwae_tf.judge" in read.text
    assert len([tag for tag, _ in read.tags if tag == "img"]) == 6  # but the usage


def test_without_labels_the_map_is_plain(monkeypatch):
    seen = []
    monkeypatch.setattr(report.plots, "scatter", lambda points, panels: seen.append(panels) or b"\x89PNG")
    made(PLAIN, None, SPEC._replace(factors={}, static=()))
    assert seen == [[("no labels", None, ())]]


def test_without_a_log_the_page_says_so():
    for log in ([], [{"iteration": 1, "epoch": 0.5}]):
        read = Read(made(log=log))
        assert "metrics.jsonl is missing or empty" in read.text
        assert len([tag for tag, _ in read.tags if tag == "img"]) == 6  # but the curves


def test_curves_are_the_terms_of_the_log(monkeypatch):
    seen = []
    monkeypatch.setattr(report.plots, "curves", lambda panels: seen.extend(panels) or b"\x89PNG")
    made(log=[*LOG, {"iteration": 4, "epoch": 2.0, "terms": {"critic_scale": 5.0, "reconstruction": 1.5}}])
    nan = pytest.approx([1, 1, 1, float("nan")], nan_ok=True)
    assert seen == [("squared error, log scale", [0.5, 1.0, 1.5, 2.0], [9.0, 4.5, 3.0, 1.5], True),
                    ("KL of z_m", [0.5, 1.0, 1.5, 2.0], nan, False),
                    ("critic scale", [0.5, 1.0, 1.5, 2.0],
                     pytest.approx([float("nan")] * 3 + [5], nan_ok=True), False)]


def test_dimensions_are_sorted_by_kl_both_series_alike(monkeypatch):
    seen = []
    monkeypatch.setattr(report.plots, "bars", lambda panels: seen.extend(panels) or b"\x89PNG")
    made()
    assert seen[1] == ("z_m: 1 of 2 units active", "dimension, by KL",
                       {"KL to the prior": [5.5, 2.0], "information": [0.25, 1.0]})


def test_page_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    report.write(str(path), "<p>first ✓ \udcff</p>")  # of a path that is no text
    assert path.read_bytes() == "<p>first ✓ &#56575;</p>".encode()
    monkeypatch.setattr(files.os, "replace", lambda *names: (_ for _ in ()).throw(InputError("no room")))
    with pytest.raises(InputError):
        report.write(str(path), "second")
    assert "first" in path.read_text() and [file.name for file in tmp_path.iterdir()] == ["report.html"]
