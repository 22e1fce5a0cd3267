"""Users' settings of Keras: commands have their own, a library call says in one line what must change."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from rwae_tf.compat import keras_settings

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHOW = "import keras; print(keras.config.backend(), keras.config.floatx(), keras.config.image_data_format())"
COMMAND = f"from rwae_tf import entry_point\ndef main(argv):\n    {SHOW}\nentry_point.run(main)"
IMPORTS = ("import sys, keras; names = {'matplotlib', 'sklearn'}; before = sorted(names & set(sys.modules)); "
           "import matplotlib, sklearn; print(before, sorted(names & set(sys.modules)), hasattr(keras, 'Model'))")
LIBRARY = "import rwae_tf\ntry:\n    rwae_tf.load\nexcept rwae_tf.InputError as error:\n    print(error)"
USUAL = {"floatx": "float32", "epsilon": 1e-7, "backend": "tensorflow", "image_data_format": "channels_last"}


def ran(program, home, settings, **environment):
    """What a program prints in the home folder of a user who has changed these settings."""
    (home / ".keras").mkdir(exist_ok=True)
    (home / ".keras" / "keras.json").write_text(settings if isinstance(settings, str) else
                                                json.dumps({**USUAL, **settings}))
    known = {name: value for name, value in os.environ.items() if not name.startswith("KERAS_")}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120,
                          env={**known, "HOME": str(home), "PYTHONPATH": str(ROOT), **environment})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_commands_have_keras_as_it_comes(tmp_path):
    settings = {"floatx": "float16", "image_data_format": "channels_first", "backend": "torch"}
    assert ran(COMMAND, tmp_path, settings, KERAS_BACKEND="jax") == "tensorflow float32 channels_last"


@pytest.mark.slow
def test_keras_imports_no_plots_and_commands_still_can(tmp_path):
    (line,) = ran(f"from rwae_tf import entry_point\ndef main(argv):\n    {IMPORTS}\nentry_point.run(main)",
                  tmp_path, {}).splitlines()
    assert line == "[] ['matplotlib', 'sklearn'] True"


@pytest.mark.parametrize("settings, environment", [({"backend": "torch"}, {}), ({}, {"KERAS_BACKEND": "torch"})],
                         ids=["keras.json", "KERAS_BACKEND"])
def test_another_backend_is_one_line_to_a_library_call(tmp_path, settings, environment):
    (line,) = ran(LIBRARY, tmp_path, settings, **environment).splitlines()
    assert line.startswith("keras: ") and "torch" in line and "set KERAS_BACKEND=tensorflow" in line


@pytest.mark.parametrize("name, value", [("floatx", "float16"), ("image_data_format", "channels_first")])
def test_another_format_is_one_line_to_a_library_call(name, value):
    import keras

    change, before = getattr(keras.config, f"set_{name}"), getattr(keras.config, name)()
    change(value)
    try:
        line = keras_settings.fault()
    finally:
        change(before)
    assert f"its {name} is {value}" in line and f"keras.config.set_{name}({before!r})" in line
    assert keras_settings.fault() is None


def test_another_policy_is_one_line_to_a_library_call():
    import keras

    keras.config.set_dtype_policy("mixed_float16")
    try:
        assert "set_dtype_policy('float32')" in keras_settings.fault()
    finally:
        keras.config.set_dtype_policy("float32")
