"""The flags: one per field of the configuration, read from the command line and from flagfiles."""

import dataclasses

import pytest
from absl import flags as absl_flags

from rwae_tf import config as config_lib
from rwae_tf.config import Config, flags
from rwae_tf.errors import InputError

FIELDS = [field for kind in config_lib.SECTIONS.values() for field in dataclasses.fields(kind)]


def refused(*arguments):
    """The one line with which command-line arguments are refused."""
    with pytest.raises(InputError) as caught:
        flags.configuration(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def other(field):
    """A valid value of a field that is not its default, and which goes with the defaults of the others."""
    meta, default = field.metadata, field.default
    if meta["choices"]:
        return meta["choices"][1:] if isinstance(default, tuple) else next(
            (choice for choice in meta["choices"] if choice != default), None)
    if isinstance(default, bool):
        return not default
    if meta["schedule"]:
        return 0.5
    if isinstance(default, tuple):
        return tuple(number / 2 for number in default)
    if isinstance(default, str):
        return default + "_x"
    if field.name == "motion_horizon":
        return 16  # above the length
    return default + 1 if meta["high"] is None or default + 1 <= meta["high"] else (meta["low"] + meta["high"]) / 2


def test_no_flags_are_the_default_configuration():
    assert flags.configuration() == Config()


_ADVERSARIAL, _ACTION = ["--content_divergence=adversarial"], ["--action_size=3"]
NEEDS = {  # other flags beside which an option has an effect
    **dict.fromkeys(("gradient_penalty_weight", "gradient_penalty_of", "gradient_penalty_at", "encoder_loss"),
                    _ADVERSARIAL),
    **dict.fromkeys(("action_input", "temperature", "action_weight", "action_kl",
                     "action_divergence_weight", "motion_given_action"), _ACTION),
    **dict.fromkeys(("split_by", "frame_step", "label_names", "motion_labels", "grey", "splits", "frame_pattern",
                     "sample_range", "skip_invalid"), ["--dataset=folder"]),
    **dict.fromkeys(("spectrum", "utterance_seconds", "min_db", "test_fraction", "speaker_lists"),
                    ["--dataset=timit"]),
    "num_digits": ["--dataset=sm_mnist"], "conditioning": ["--backbone=biggan"],
    "horizon_weight": ["--motion_horizon=16"],
    **dict.fromkeys(("motion_posterior", "motion_kl_prior", "learning_rate"), ["--model=ds_vae"]),
    **dict.fromkeys(("content_contrast_weight", "motion_contrast_weight", "mutual_information_weight",
                     "contrast_temperature"), ["--model=c_dsvae"]),
    **dict.fromkeys(("discriminative_weight", "sequences_per_round"),
                    ["--model=fhvae", "--reconstruction=learned_normal"]),
    **dict.fromkeys(("category_training", "category_weight"), ["--model=mocogan", *_ACTION]),
    **dict.fromkeys(("instance_noise", "l2_weight"), ["--model=mocogan"]),
}


def test_learned_deviations_go_with_the_model_that_learns_them():
    assert "--model=fhvae learns deviations; give --reconstruction=learned_normal" in refused("--model=fhvae")
    assert "--model=rwae learns no deviations; drop it" in refused("--reconstruction=learned_normal")


def test_the_scope_of_gathered_codes_needs_codes_that_are_gathered():
    with pytest.raises(InputError, match="--mmd_scope=replica does nothing with --model=ds_vae and --action_size=0"):
        flags.configuration("--model=ds_vae", "--mmd_scope=replica")
    flags.configuration("--model=ds_vae", "--action_size=3", "--mmd_scope=replica")


def test_a_schedule_on_the_command_line():
    assert flags.configuration("--motion_kl_weight=0:0.1,4.5:1").objective.motion_kl_weight == ((0.0, 0.1), (4.5, 1.0))
    with pytest.raises(InputError, match="--motion_kl_weight=0:x: expected a number, or epoch:value pairs"):
        flags.configuration("--motion_kl_weight=0:x")


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_field_has_its_flag(field):
    value = other(field)
    if value is None:  # one choice only
        value = field.default
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    needs = {"joint_update": ["--inference_steps=1"], **NEEDS}.get(field.name, [])
    config = flags.configuration(f"--{field.name}={text}", *needs)
    found = [getattr(getattr(config, section), field.name) for section in config_lib.SECTIONS
             if hasattr(getattr(config, section), field.name)]
    assert found == [value] and type(found[0]) is (float if field.metadata["schedule"] else type(field.default))


def test_ways_to_write_a_flag():
    config = flags.configuration("--size", "32", "-length=4", "--reuse_batch")
    assert config.data == config_lib.DataConfig(size=32, length=4)
    assert flags.configuration("--reuse_batch", "--noreuse_batch").training.reuse_batch is False
    assert flags.configuration("--augment=").training.augment == ()
    assert flags.configuration("--motion_bandwidths=1, 2e1").objective.motion_bandwidths == (1.0, 20.0)
    assert flags.configuration("--reconstruction=bernoulli").objective.reconstruction == "bernoulli"


def test_the_last_of_two_equal_flags_counts():
    assert flags.configuration("--size=32", "--size=16").data.size == 16


def test_flagfile(tmp_path):
    (tmp_path / "inner.flags").write_text("--size=32\n--length=5")
    (tmp_path / "outer.flags").write_text(
        f"# the small one\n\n  --flagfile={tmp_path}/inner.flags  \n// more\n"
        "--length=6\n--reuse_batch\n--nojoint_update\n"
    )
    config = flags.configuration("--size=16", f"--flagfile={tmp_path}/outer.flags", "--batch_size=4")
    assert (config.data.size, config.data.length) == (32, 6)  # what comes later overrides
    assert (config.training.reuse_batch, config.training.joint_update, config.training.batch_size) == (True, False, 4)
    assert flags.configuration("--flagfile", f"{tmp_path}/outer.flags", "--size=64").data.size == 64


@pytest.mark.parametrize("content, words", [
    ("--sise=32", "few.flags: '--sise=32': no such flag; did you mean --size?"),
    ("size=32", "few.flags: 'size=32': flags are written --name=value, one a line"),
    ("--size", "few.flags: '--size': flags are written --name=value, one a line"),
    ("--size=32 --length=4", "--size=32 --length=4: expected one of 64, 32, 16"),
    ("--size=48", "--size=48: expected one of 64, 32, 16"),
    ("--nosize", "few.flags: '--nosize': flags are written"),
])
def test_flagfile_with_a_wrong_line(tmp_path, content, words):
    (tmp_path / "few.flags").write_text(f"--length=4\n{content}\n")
    assert words in refused(f"--flagfile={tmp_path}/few.flags")


def test_flagfile_that_cannot_be_read(tmp_path):
    assert refused(f"--flagfile={tmp_path}/no") == (
        f"--flagfile={tmp_path}/no: No such file or directory; name a text file with one flag a line")
    assert "Is a directory" in refused(f"--flagfile={tmp_path}")
    assert "--flagfile=: " in refused("--flagfile")


@pytest.mark.parametrize("argument, message", [
    ("--epochs=x", "--epochs=x: expected an integer, at least 1"),
    ("--epochs=1.5", "--epochs=1.5: expected an integer, at least 1"),
    ("--epochs=0", "--epochs=0: expected an integer, at least 1"),
    ("--num_digits=11", "--num_digits=11: expected an integer from 1 to 10"),
    ("--content_weight=-1", "--content_weight=-1.0: must be at least 0.0"),
    ("--content_weight=much: a lot", "--content_weight=much: a lot: expected a number, or epoch:value pairs such as "
     "0:0.1,4:0.1,6:1 with straight lines between"),
    ("--content_weight=nan", "--content_weight=nan: expected finite numbers"),
    ("--motion_bandwidths=1;2", "--motion_bandwidths=1;2: expected numbers separated by commas"),
    ("--motion_bandwidths=1,-2", "--motion_bandwidths=1.0,-2.0: must be at least 1e-06"),
    ("--critic_learning_rate=3:1,2:1", "--critic_learning_rate=3:1,2:1: give epochs from 0 on, in order of time"),
    ("--critic_learning_rate=0:1,~4:0", "--critic_learning_rate=0:1,~4:0: a ~ needs a pair of an earlier epoch before "
     "it, and values above 0 in both"),
    ("--decay_epochs=30,36", "--decay_epochs=30,36: no such flag; a learning rate is a schedule, and two values at one "
     "epoch are a jump: --decoder_learning_rate=50:3e-4,50:1.5e-4"),
    ("--temperature_anneal=0.1", "--temperature_anneal=0.1: no such flag; the temperature is a schedule, and ~ means "
     "exponentially: --temperature=0:0.67,~20:0.1"),
    ("--decoder=LSTM", "--decoder=LSTM: expected one of lstm, dense"),
    ("--joint_update=yes", "--joint_update=yes: expected true or false"),
    ("--joint_update=", "--joint_update=: expected true or false"),
    ("--size=", "--size=: expected one of 64, 32, 16"),
    ("--sizes=3", "--sizes=3: no such flag; did you mean --size?"),
    ("--qqq", "--qqq: no such flag; --help lists the flags"),
    ("sprites", "unexpected argument 'sprites'; flags are written --name=value"),
    ("-", "unexpected argument '-'; flags are written --name=value"),
])
def test_argument_that_is_wrong(argument, message):
    assert refused(argument) == message


def test_flag_without_or_with_too_much_of_a_value():
    assert "--size" in refused("--size") and "--name=value" in refused("--size")
    assert "--nojoint_update=1" in refused("--nojoint_update=1") and "--noname" in refused("--nojoint_update=1")
    assert "unexpected argument 'no'" in refused("--joint_update", "no")


def test_excluding_options_are_named_as_flags():
    assert refused("--joint_update") == (
        "--inference_steps=5 does not go with --joint_update=True; give --inference_steps=1, or --joint_update=False")


def test_two_commands_share_no_flags():
    first, second = flags.new(), flags.new()
    flags.define_config(first)
    assert "size" in first and "size" not in second
    assert "size" not in absl_flags.FLAGS


def test_required(capsys):
    values = flags.new()
    absl_flags.DEFINE_string("run_dir", "", "Folder.", flag_values=values)
    flags.parse(values, ["evaluate"])
    with pytest.raises(InputError, match="--run_dir is missing; give --run_dir=FOLDER"):
        flags.required(values, "run_dir")
    flags.parse(values, ["evaluate", "--run_dir=r"])
    flags.required(values, "run_dir")


def test_home_folder_is_put_for_the_tilde(monkeypatch):
    """After "--name=" no shell does it."""
    monkeypatch.setenv("HOME", "/home/me")
    values = flags.new()
    flags.define_config(values)
    for name in ("run_dir", "out", "judge_dir"):
        absl_flags.DEFINE_string(name, "", "A path.", flag_values=values)
    assert flags.parse(values, ["train", "--run_dir=~/runs/a", "--out=~", "--data_dir=~/data", "--judge_dir=a~b"])
    assert (values.run_dir, values.out, values.data_dir, values.judge_dir) == (
        "/home/me/runs/a", "/home/me", "/home/me/data", "a~b")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_flagfile_with_a_byte_order_mark(tmp_path, encoding, line_end):
    path = tmp_path / "a.flags"
    path.write_bytes(line_end.join(["# für mich", "--dataset=folder", "--size=32", ""]).encode(encoding))
    data = flags.configuration(f"--flagfile={path}").data
    assert (data.dataset, data.size) == ("folder", 32)
