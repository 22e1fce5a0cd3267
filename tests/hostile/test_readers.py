"""Files and requests of strangers: each reader takes mutations of what it reads, and answers or says one line.

Nothing but `InputError` (of the server, `ServingError`) may come out of a reader, in ten seconds at most, and nothing
may be written beside what is read. `corpus/<reader>/` keeps inputs that once broke a reader; they are tried every time.
"""

import contextlib
import functools
import io
import json
import pathlib
import tempfile
import wave

import films
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from mutations import apply, edits
from PIL import Image

from rwae_tf import config as config_lib
from rwae_tf import data
from rwae_tf.config import flags
from rwae_tf.config.schema import DataConfig
from rwae_tf.data.datasets import sm_mnist
from rwae_tf.data.speech import audio
from rwae_tf.data.video import films as film_reader
from rwae_tf.data.video import single
from rwae_tf.errors import InputError
from rwae_tf.evaluation import comparison
from rwae_tf.judges import ridge, storage
from rwae_tf.runs import pretrained, run_dir
from rwae_tf.serving.server import codec, replies
from rwae_tf.types import SequenceSpec

CORPUS = pathlib.Path(__file__).parent / "corpus"
SPEC = SequenceSpec(frame_shape=(16, 16, 3), length=4, factors={"shape": ("a", "b")},
                    static=("shape",))
FRAMES = films.noise(1, 4, 16, 16)[0]
PROFILE = {"deadline": 10_000, "derandomize": True, "database": None,
           "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]}


# What each reader reads when all is well: name of the file, its bytes.

def npz(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def picture(form):
    buffer = io.BytesIO()
    Image.fromarray(FRAMES[0]).save(buffer, form)
    return buffer.getvalue()


def written(write, name):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, name)
        write(path)
        return path.read_bytes()


def wav():
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.random.default_rng(0).integers(-9000, 9000, 4000, np.int16).tobytes())
    return buffer.getvalue()


def text(value):
    return json.dumps(value).encode()


def labelled(path):
    """The dataset `folder` whose table is the file."""
    for name in "abc":
        films.write_gif(path.parent / f"{name}.gif", FRAMES)
    clips = data.load("folder", "train", str(path.parent), size=16, length=2)
    clips.batch([0])


def video(path):
    return single.frames(str(path), 16, 3)


@functools.cache
def ridge_weights():
    made = ridge.RidgeJudge(SPEC)
    rng = np.random.default_rng(0)
    clips = [{"x": rng.random((60, 4, 16, 16, 3), np.float32), "labels": {"shape": np.arange(60) % 2}}]
    made.fit(clips, clips)
    return npz(**made.weights())


def judge(path):
    """A judge, which then has to judge."""
    if path.name == "judge.json":
        (path.parent / "weights.npz").write_bytes(ridge_weights())
    else:
        (path.parent / "judge.json").write_bytes(text(JUDGE))
    found, _ = storage.load(str(path.parent), DataConfig(dataset="moving_shapes", size=16, length=4), SPEC)
    found(np.zeros((2, 4, 16, 16, 3), np.float32))


def command_line(path):
    values = flags.new()
    flags.define_config(values)
    if flags.parse(values, ["train", f"--flagfile={path}"]):
        flags.to_config(values)


def request(path):
    body = codec.parse_json(path.read_bytes())
    codec.signature_name(body)
    codec.read(body, {"x": np.float32, "seed": np.int32})


JUDGE = {"architecture": "ridge", "data": storage.describe(DataConfig(dataset="moving_shapes", size=16, length=4)),
         "accuracy": {"shape": 1.0}, "threshold": 0.9, "unseen": {}, "augment": [], "steps": 1}
READERS = {  # name: (file, its bytes, reader)
    "configuration": ("config.json", lambda: text(config_lib.to_dict(config_lib.Config())), config_lib.read),
    "spec": ("spec.json", lambda: text(SPEC._asdict()), lambda path: run_dir.read_spec(str(path.parent))),
    "log": ("metrics.jsonl", lambda: b'{"iteration": 1, "terms": {"a": 1.5}}\n' * 3, run_dir.read_log),
    "measures": ("metrics.json", lambda: text(MEASURES), lambda path: comparison.read([str(path)])),
    "judge": ("judge.json", lambda: text(JUDGE), judge),
    "judge_weights": ("weights.npz", ridge_weights, judge),
    "pretrained": ("weights.npz", lambda: npz(**{"0000": np.zeros((3, 4), np.float16)}),
                   lambda path: pretrained.read_weights(str(path.parent))),
    "flagfile": ("a.flags", lambda: b"# A model\n--dataset=moving_shapes\n--size=16\n--motion_kl_weight=5:0.1,7:1\n"
                 b"--joint_update\n--inference_steps=1\n--decoder=dense\n", command_line),
    "request": ("body.json", lambda: text({"signature_name": "encode", "instances": [{"x": [[0.5, 1]], "seed": 3}]}),
                request),
    "mnist": ("mnist.npz", lambda: npz(x_train=np.zeros((4, 28, 28), np.uint8), y_train=np.arange(4)),
              lambda path: sm_mnist.read_mnist(str(path), "train")),
    "video_arrays": ("clips.npz", lambda: npz(x=FRAMES[None]), video),
    "labels": ("labels.csv", lambda: b"video,action\na.gif,walk\nb.gif,run\nc.gif,run\n", labelled),
    "gif": ("a.gif", lambda: written(lambda path: films.write_gif(path, FRAMES), "a.gif"), video),
    "film": ("a.mp4", lambda: written(lambda path: films.write_film(path, FRAMES), "a.mp4"),
             lambda path: list(film_reader.frames(str(path), 10**6))),
    "png": ("1.png", lambda: picture("PNG"), video),
    "jpeg": ("1.jpg", lambda: picture("JPEG"), video),
    "wav": ("a.wav", wav, audio.read),
    "flac": ("a.flac", lambda: written(lambda path: audio.write_flac(path, wav_samples()), "a.flac"), audio.read),
    "sphere": ("a.wav", lambda: written(lambda path: audio.write_sphere(path, wav_samples()), "a.wav"), audio.read),
}
MEASURES = {"split": "test", "squared_error_per_sequence": 1.5, "test_sequences": 4,
            "config": config_lib.to_dict(config_lib.Config())}


def wav_samples():
    return np.random.default_rng(0).normal(0, 0.1, 4000).astype(np.float32)


@functools.cache
def whole(reader):
    return READERS[reader][1]()


def answers(reader, content):
    """Whether `reader` takes `content`; it may refuse it in one line, and writes nothing beside it."""
    name, _, read = READERS[reader]
    with tempfile.TemporaryDirectory() as top:
        path = pathlib.Path(top, "in", name)
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        taken = False
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            try:
                read(path)
                taken = True
            except InputError as error:
                assert str(error) and "\n" not in str(error), error
            except replies.ServingError as error:
                assert str(error), error
        assert [entry.name for entry in pathlib.Path(top).iterdir()] == ["in"]
        return taken


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RWAE_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("reader", READERS)
def test_whole_input_is_taken(reader):
    assert answers(reader, whole(reader))


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=5, **PROFILE)
@given(changes=edits())
def test_few_mutations(reader, changes):
    answers(reader, apply(whole(reader), changes))


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=100, **PROFILE)
@given(changes=edits())
def test_mutations(reader, changes):
    answers(reader, apply(whole(reader), changes))


ARRAYS = {"cut": lambda a: a[:-1] if a.ndim else a[None], "flat": np.ravel, "deep": lambda a: a[None],
          "none": lambda a: a[:0] if a.ndim else np.zeros(0), "words": lambda a: a.astype(str),
          "complex": lambda a: a.astype(np.complex64), "nan": lambda a: np.full(a.shape, np.nan),
          "huge": lambda a: np.full(a.shape, 2**40), "negative": lambda a: -a.astype(np.int64),
          "pickled": lambda a: a.astype(object)}


@pytest.mark.parametrize("change", ARRAYS)
@pytest.mark.parametrize("reader", [reader for reader, (name, *_) in READERS.items() if name.endswith(".npz")])
def test_archives_of_other_arrays(reader, change):
    """Whole archives, so that nothing stops at a checksum: one array of another shape, kind or range, or missing."""
    with np.load(io.BytesIO(whole(reader))) as file:
        arrays = dict(file)
    for name, array in arrays.items():
        answers(reader, npz(**{**arrays, name: ARRAYS[change](array)}))
        answers(reader, npz(**{other: value for other, value in arrays.items() if other != name}))


@pytest.mark.parametrize("reader", READERS)
def test_corpus(reader):
    for path in sorted(CORPUS.glob(f"{reader}/*")):
        answers(reader, path.read_bytes())
