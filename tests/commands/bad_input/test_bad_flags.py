"""Wrong flags and flagfiles end every command with one line."""

import os
import pathlib
import subprocess
import sys

import pytest
from spoil import TINY

ROOT = pathlib.Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    "command, arguments, says",
    [
        ("train", ["--batch_size=1"], ["--batch_size=1", "at least 2"]),
        ("train", ["--adam_beta_1=1.5"], ["--adam_beta_1=1.5", "from 0.0 to 0.9999"]),
        ("train", ["--encoder_learning_rate=nan"], ["--encoder_learning_rate=nan", "finite"]),
        ("train", ["--critic_learning_rate=3:1,2:1"], ["--critic_learning_rate=3:1,2:1", "in order of time"]),
        ("train", ["--epochs=many"], ["--epochs=many", "an integer, at least 1"]),
        ("train", ["--size=48"], ["--size=48", "64, 32, 16"]),
        ("train", ["--decoder=gru"], ["--decoder=gru", "lstm, dense"]),
        ("train", ["--joint_update=perhaps"], ["--joint_update=perhaps", "true or false"]),
        ("train", ["--motion_bandwidths=1,two"], ["--motion_bandwidths=1,two", "numbers separated by commas"]),
        ("train", ["--validation_fraction=0.6"], ["--validation_fraction=0.6", "from 0.0 to 0.5"]),
        ("train", ["--batchsize=4"], ["--batchsize=4", "did you mean --batch_size?"]),
        ("train", ["--frobnicate"], ["--frobnicate", "--help lists the flags"]),
        ("train", ["--epochs"], ["--epochs", "--name=value"]),
        ("train", ["sprites"], ["'sprites'", "--name=value"]),
        ("train", ["--flagfile=absent.flags"], ["--flagfile=absent.flags", "name a text file"]),
        (
            "train",
            ["--joint_update", "--inference_steps=5"],
            ["--inference_steps=5", "--joint_update=True", "give --inference_steps=1"],
        ),
        ("train", ["--decay_epochs=5"], ["--decay_epochs=5: no such flag",
                                         "--decoder_learning_rate=50:3e-4,50:1.5e-4"]),
        ("train", ["--kernels=plain", "--precision=bfloat16"], ["--kernels=plain", "give --kernels=fast, or"]),
        ("train", ["--dataset=imagenet"], ["dataset='imagenet'", "choose one of", "moving_shapes, "]),
        ("train", ["--batch_size=6", "--replicas=4"], ["--batch_size=6", "--replicas=4", "give a multiple"]),
        ("train", ["--backbone=ds_vae256", "--size=32"], ["--size=32", "backbone=dcgan takes any"]),
        (
            "train",
            ["--backbone=biggan", "--feature_size=128", "--size=32"],
            ["--feature_size=128", "5 even parts at --size=32", "such as 130"],
        ),
        ("train", [*TINY, "--batch_size=13"], ["batch_size=13", "only 12 sequences"]),
        ("train", [*TINY, "--num_digits=2"], ["--num_digits=2 does nothing with --dataset=moving_shapes"]),
        ("evaluate", [], ["--run_dir is missing", "--run_dir=FOLDER"]),
        ("evaluate", ["--run_dir=absent", "--split=train"], ["--split=train", "test, validation"]),
        ("generate", ["--run_dir=absent", "--num=0"], ["--num=0", "at least 1"]),
        ("generate", ["--run_dir=absent", "--mode=nonsense"], ["--mode=nonsense", "generate, swap, reconstruct"]),
        ("generate", ["--run_dir=absent", "--mode=swap", "--num=1"], ["--num=1", "swap needs 2 clips"]),
        ("generate", ["--run_dir=absent", "--out=x.bmp"], ["x.bmp", ".gif .mp4 .png"]),
        ("export", ["--run_dir=absent"], ["--export_dir is missing", "--export_dir=FOLDER"]),
    ],
    ids=lambda value: " ".join(value)[-50:] if isinstance(value, list) else None,
)
def test_flag(refused, command, arguments, says):
    refused(command, *arguments, says=says)


@pytest.mark.parametrize("content, says", [
    (b"--size=32\nbatch_size=4\n", ["few.flags", "'batch_size=4'", "--name=value"]),
    (b"--size=32\n--bach_size=4\n", ["few.flags", "'--bach_size=4'", "did you mean --batch_size?"]),
    (b"--size 32\n", ["few.flags", "'--size 32'", "--name=value"]),
    (b"--data_dir\n--size=32\n", ["few.flags", "'--data_dir'", "--name=value"]),
    (b"--flagfile=few.flags\n", ["--flagfile=few.flags", "includes itself", "drop"]),
    (b"\x89PNG\xff\x00", ["--flagfile=few.flags", "name a text file"]),
], ids=["no dashes", "unknown flag", "space for =", "no value", "circle", "binary"])
def test_flagfile(refused, content, says):
    pathlib.Path("few.flags").write_bytes(content)
    refused("train", "--flagfile=few.flags", says=says)


# As a user starts them.

@pytest.mark.parametrize("command, arguments, says", [
    ("train", ["--dataset=sprites", "--data_dir=absent"], "absent/body/0.png: no such sheet"),
    ("generate", ["--run_dir=absent"], "absent/config.json: No such file"),
])
@pytest.mark.slow
def test_command_line(tmp_path, command, arguments, says):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-m", f"rwae_tf.{command}", *arguments], cwd=tmp_path, env=environment,
                         capture_output=True, text=True, timeout=120)
    assert ran.returncode == 1
    *logs, line = ran.stderr.splitlines()  # TensorFlow 2.21 logs a few lines even so
    assert line.startswith("error: ") and says in line
    assert not [log for log in logs if "rwae_tf" in log or log.startswith(("error", "Traceback", " "))]
    assert not list(tmp_path.iterdir())


def test_help_into_a_closed_pipe_ends_quietly(tmp_path):
    command = f"{sys.executable} -m rwae_tf.train --help | head -1"
    ran = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ran.stdout == "Train a model; the same command resumes it.\n"
    assert ran.stderr == ""
