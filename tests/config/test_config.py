"""The configuration: defaults of the paper, validation, and the way to a file and back."""

import dataclasses
import json
import pathlib

import pytest
import tiny

from rwae_tf import config as config_lib
from rwae_tf.config import Config, DataConfig, ModelConfig, ObjectiveConfig, TrainingConfig, schedule
from rwae_tf.errors import InputError
from rwae_tf.utils import json_file

FIELDS = [(section, field) for section, kind in config_lib.SECTIONS.items() for field in dataclasses.fields(kind)]


def made(section, **values):
    """A `Config` with some values of one section."""
    return Config(**{section: config_lib.SECTIONS[section](**values)})


def refused(section, **values):
    """The message with which a `Config` refuses some values."""
    with pytest.raises(InputError) as caught:
        made(section, **values)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_defaults_are_the_papers_sprites_settings():
    config = Config()
    assert (config.data.dataset, config.data.size, config.data.length) == ("sprites", 64, 8)
    assert (config.training.batch_size, config.training.inference_steps) == (60, 5)
    assert (config.objective.content_weight, config.objective.motion_weight) == (10.0, 60.0)
    assert (config.training.adam_beta_1, config.training.adam_beta_2) == (0.5, 0.9)


def test_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().data.size = 32


@pytest.mark.parametrize("section, field", FIELDS, ids=[field.name for _, field in FIELDS])
def test_every_field_is_checked(section, field):
    meta, kind = field.metadata, float if field.metadata["schedule"] else type(field.default)
    assert meta["help"].endswith(".") and "\n" not in meta["help"]
    wrong = {bool: 1, int: 1.5, float: "1", str: 1, tuple: "1,2"}[kind]
    assert refused(section, **{field.name: wrong}).startswith(f"{field.name}={wrong!r}: expected ")
    if meta["choices"]:
        other = {str: "other", tuple: ("other",)}.get(kind, 17)
        message = refused(section, **{field.name: other})
        shown = "other" if kind is tuple else repr(other)
        assert message == f"{field.name}={shown}: choose one of {', '.join(map(str, meta['choices']))}"
        nested = (["mirror"],)  # as a file may have it; what cannot be hashed is refused all the same
        assert kind is not tuple or refused(section, **{field.name: nested}).startswith(f"{field.name}=")
    for bound, step, words in (("low", -1, "must be at least"), ("high", 1, "must be at most")):
        if meta[bound] is not None:
            outside = meta[bound] + step
            shown = outside if kind is not tuple else f"{outside}"
            message = refused(section, **{field.name: (outside,) if kind is tuple else outside})
            assert message == f"{field.name}={shown}: {words} {meta[bound]}"


def test_names_are_unique_over_all_sections():
    names = [field.name for _, field in FIELDS]  # flags have no sections
    assert len(names) == len(set(names))


@pytest.mark.parametrize("section, field, value", [
    ("training", "batch_size", 2), ("training", "adam_beta_1", 0.9999), ("training", "adam_beta_1", 0),
    ("model", "temperature", ((0.0, 0.01), (2.0, 100.0))), ("data", "num_digits", 10), ("data", "num_digits", 1),
])
def test_bounds_are_inclusive(section, field, value):
    assert getattr(getattr(made(section, **{field: value}), section), field) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), True])
def test_numbers_are_finite(value):
    assert refused("objective", content_weight=value).startswith(f"content_weight={value}: expected ")
    assert refused("objective", motion_bandwidths=(1.0, value)).startswith(f"motion_bandwidths=1.0,{value}: expected ")
    assert refused("training", critic_learning_rate=((1.0, value),)).startswith("critic_learning_rate=")


def test_truth_is_no_integer():
    assert refused("training", epochs=True) == "epochs=True: expected an integer"
    assert refused("training", joint_update=0) == "joint_update=0: expected true or false"


@pytest.mark.parametrize(
    "section, values, words",
    [
        ("training", {"joint_update": True}, ["inference_steps=5", "joint_update=True", "give inference_steps=1"]),
        (
            "training",
            {"joint_update": True, "inference_steps": 1, "adaptive_inference_steps": True},
            ["adaptive_inference_steps=True", "drop one"],
        ),
        ("objective", {"motion_kl_weight": ((1.0, 0.5), (2.0,))}, ["motion_kl_weight=", "epoch:value pairs such as"]),
        ("objective", {"motion_kl_weight": ()}, ["motion_kl_weight=()", "epoch:value pairs such as"]),
        (
            "objective",
            {"motion_kl_weight": ((3.0, 0.5), (2.0, 1.0))},
            ["motion_kl_weight=3:0.5,2:1", "in order of time"],
        ),
        ("objective", {"content_weight": ((-1.0, 0.5), (3.0, 1.0))}, ["content_weight=-1:0.5,3:1", "from 0 on"]),
        ("objective", {"content_weight": ((0.0, 0.5), (3.0, -1.0))}, ["content_weight=0:0.5,3:-1", "at least 0.0"]),
        ("objective", {"motion_horizon": 8}, ["motion_horizon=8", "above length=8"]),
        (
            "objective",
            {"motion_given_action": True, "mmd_estimator": "biased"},
            ["motion_given_action=True", "mmd_estimator=biased", "give mmd_estimator=unbiased"],
        ),
        (
            "training",
            {"critic_learning_rate": ((3.0, 1.0), (3.0, 0.5), (3.0, 0.2))},
            ["critic_learning_rate=3:1,3:0.5,3:0.2", "at most two values for an epoch"],
        ),
        ("training", {"kernels": "plain", "precision": "bfloat16"}, ["precision=bfloat16", "give kernels=fast, or"]),
        ("training", {"batch_size": 9, "replicas": 2}, ["batch_size=9", "replicas=2", "a multiple"]),
    ],
)
def test_options_that_exclude_each_other(section, values, words):
    message = refused(section, **values)
    assert all(word in message for word in words), message


def test_options_of_two_sections_that_exclude_each_other():
    with pytest.raises(InputError, match="size=32: backbone=ds_vae256 needs 64"):
        Config(data=DataConfig(size=32), model=ModelConfig(backbone="ds_vae256"))
    for size, parts, fitting in ((64, 6, 132), (32, 5, 130), (16, 4, None)):
        of_128 = {"data": DataConfig(size=size), "model": ModelConfig(backbone="biggan", feature_size=128)}
        if fitting is None:
            Config(**of_128)
            continue
        with pytest.raises(InputError, match=f"feature_size=128: .* {parts} even parts at size={size}; .* {fitting}$"):
            Config(**of_128)
    with pytest.raises(InputError, match="length=1: motion_samples=pair needs at least 2 frames"):
        Config(data=DataConfig(length=1), objective=ObjectiveConfig(motion_samples="pair"))


def test_to_a_file_and_back(tmp_path):
    config = tiny.config(motion_kl_weight=((0.0, 0.1), (2.5, 1.0)),
                         decoder_learning_rate=((3.0, 1e-3), (3.0, 5e-4), (8.0, 1e-4, "exponential")),
                         motion_bandwidths=(3.0,), data_dir="Zürich", motion_kernel="imq")
    path = str(tmp_path / "config.json")
    config_lib.save(config, path)
    assert config_lib.read(path) == config
    assert [file.name for file in tmp_path.iterdir()] == ["config.json"]
    assert json.loads((tmp_path / "config.json").read_text())["objective"]["motion_bandwidths"] == [3.0]


def test_old_files_are_read_as_what_they_meant():
    """A real configuration of before November 2026, and weights that changed at once or along a list."""
    old = json.loads((pathlib.Path(__file__).parent / "old_config.json").read_text())
    assert old["objective"]["kl_change_epochs"] == [4.0, 6.0]  # 0.1 -> 1 and 2 -> 0.2 in it
    objective = config_lib.from_dict(old).objective
    assert objective.motion_kl_weight == ((4.0, 0.1), (6.0, 1.0))
    assert objective.content_kl_weight == ((4.0, 2.0), (6.0, 0.2))
    assert objective.action_weight == 50.0  # the same before and after
    objective = config_lib.from_dict({"objective": {
        "motion_kl_epochs": [1, 2.5], "motion_kl_weights": [6, 0.5], "kl_change_epochs": [3, 3],
        "content_kl_weight": 0.4, "later_content_kl_weight": 0.1}}).objective
    assert objective.motion_kl_weight == ((1, 6), (2.5, 0.5))
    assert [round(schedule.value(objective.content_kl_weight, epoch), 6) for epoch in (2.9, 3.1)] == [0.4, 0.1]


def test_what_a_file_leaves_out_takes_its_default():
    assert config_lib.from_dict({}) == Config()
    assert config_lib.from_dict({"data": {"size": 32}}) == Config(data=DataConfig(size=32))


@pytest.mark.parametrize("content, words", [
    ("", "not a configuration in JSON"), ('{"data": ', "not a configuration in JSON"),
    ("[]", "not a configuration in JSON"), ("3", "not a configuration in JSON"),
    ('{"dta": {}}', "unknown section 'dta'"), ('{"data": 3}', "section 'data' must hold keys and values, not 3"),
    ('{"data": {"sise": 64}}', "unknown key 'sise' in section 'data'"),
    ('{"data": {"size": "64"}}', "size='64': expected"),
    ('{"objective": {"motion_bandwidths": [1, "a"]}}', "motion_bandwidths=1,a: expected finite numbers"),
    ('{"objective": {"motion_bandwidths": [[1], 2]}}', "expected finite numbers"),
    ('{"training": {"decay_epochs": [1, "a"]}}', "section 'training' holds options of an earlier version"),
    ('{"objective": {"kl_change_epochs": [4]}}', "section 'objective' holds options of an earlier version"),
    ('{"objective": {"motion_kl_epochs": [1]}}', "section 'objective' holds options of an earlier version"),
    ('{"training": {"decay_epochs": [1]}}', "section 'training' holds options of an earlier version"),
    ('{"training": {"critic_learning_rate": [[1, 2, "log"]]}}', "expected a number, or epoch:value pairs"),
    ('{"objective": {"content_weight": NaN}}', "content_weight=nan: expected finite"),
    ('{"model": {"decoder": null}}', "decoder=None: expected text"),
])
def test_file_that_is_no_configuration(tmp_path, content, words):
    path = tmp_path / "config.json"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        config_lib.read(str(path))
    assert str(caught.value).startswith(f"{path}: ") and words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", [
    lambda path: None, lambda path: path.mkdir(), lambda path: path.write_bytes(b"\xff"),
], ids=["missing", "folder", "binary"])
def test_file_that_cannot_be_read(tmp_path, damage):
    path = tmp_path / "config.json"
    damage(path)
    with pytest.raises(InputError) as caught:
        config_lib.read(str(path))
    assert str(caught.value).startswith(f"{path}: ") and "folder" in str(caught.value)


def test_interrupted_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "values.json"
    json_file.write({"a": 1}, str(path))
    with pytest.raises(TypeError):
        json_file.write({"a": object()}, str(path))  # fails after the first characters
    assert json.loads(path.read_text()) == {"a": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["values.json"]


def test_differences_name_what_a_run_may_not_change():
    old = tiny.config()
    assert config_lib.differences(old, tiny.config()) == []
    assert config_lib.differences(old, tiny.config(epochs=7, data_dir="d", log_every=3, max_minutes=1.0)) == []
    assert config_lib.differences(old, tiny.config(hidden_size=9, epochs=7)) == ["hidden_size (8 -> 9)"]
    assert config_lib.differences(old, tiny.config(seed=1, size=32)) == ["size (16 -> 32)", "seed (0 -> 1)"]


def test_only_what_leaves_the_mathematics_alone_may_change():
    resumable = {field.name for _, field in FIELDS if field.metadata["resumable"]}
    # `precision` and `kernels` round otherwise, and change no formula. Clipped gradients and skipped steps do; they
    # may be asked for where a run has diverged.
    rescuing = {"clip_gradients", "skip_nonfinite_steps"}
    assert rescuing < resumable
    resumable -= rescuing
    assert resumable == {"data_dir", "epochs", "max_minutes", "precision", "kernels", "log_every", "checkpoint_minutes",
                         "summary_minutes", "evaluate_content", "test_length"}


def test_learning_rates_have_a_field_each():
    assert {f"{part}_learning_rate" for part in ("decoder", "encoder", "critic")} <= {
        field.name for field in dataclasses.fields(TrainingConfig)}
