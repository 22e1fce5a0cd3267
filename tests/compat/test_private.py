"""What TensorFlow and Keras do not promise is used in one file; the kernels' tests try its fallbacks."""

import pathlib
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import rwae_tf
from rwae_tf.compat import private

PACKAGE = pathlib.Path(rwae_tf.__file__).parent
# Modules that TensorFlow and Keras keep to themselves, and attributes of theirs with an underscore.
PRIVATE = re.compile(r"tensorflow\.python|keras\.src|\b(tf|keras|context)(\.\w+)*\._[a-z]|\._(layers|flatten_layers"
                     r"|momentums|velocities|get_variable_index|context_handle)\b")


def test_no_other_file_uses_what_is_private():
    found = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if PRIVATE.search(path.read_text())}
    assert found <= {"compat/private.py", "data/datasets/sprites.py"}  # the layers of a sprite are its own
    assert "compat/private.py" in found


def test_no_tape_sees_what_is_not_recorded():
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with private.stop_recording():
            y = x * x
        z = 2 * x
    assert tape.gradient([y, z], x) == 2


def test_the_slots_of_a_weight():
    weights = [keras.Variable(np.zeros(3, np.float32)) for _ in range(2)]
    optimizer = keras.optimizers.Adam(beta_1=0.5, beta_2=0.75)
    optimizer.build(weights)
    optimizer.apply([tf.constant([1.0, 2, 3]), tf.constant([4.0, 5, 6])], weights)
    mean, square = private.adam_slots(optimizer, weights[1])
    np.testing.assert_allclose(mean, [2, 2.5, 3])  # half of the gradient
    np.testing.assert_allclose(square, [4, 6.25, 9])  # a quarter of its square
    assert private.adam_slots(object(), weights[1]) is None


@pytest.mark.parametrize("looked_up_once", (True, False))
def test_a_call_of_a_session(looked_up_once):
    class Session(tf.compat.v1.Session):
        def __getattribute__(self, name):
            if name == "_make_callable_from_options" and not looked_up_once:
                raise AttributeError(name)
            return super().__getattribute__(name)

    with tf.Graph().as_default(), Session() as session:
        number = tf.compat.v1.placeholder(tf.float32, [None], "number")
        text = tf.compat.v1.placeholder(tf.string, [None], "text")
        fetched = [(2 * number).name, tf.strings.length(text).name]
        call = private.session_call(session, fetched, [number.name, text.name])
        doubled, lengths = call(np.array([1, 2.5], np.float32), np.array([b"a", b"four"], object))
    np.testing.assert_array_equal(doubled, [2, 5])
    np.testing.assert_array_equal(lengths, [1, 4])
