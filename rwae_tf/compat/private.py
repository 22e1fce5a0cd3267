"""The only uses of what TensorFlow and Keras do not promise to keep: why each, and what happens where it is gone."""

import contextlib
import time

_SLOTS = ("_get_variable_index", "_momentums", "_velocities")


def stop_recording():
    """A block whose operations no gradient tape sees.

    A function compiled by XLA whose gradient is written by hand is called in it: under a tape TensorFlow would build a
    second function, which also gives all that its own gradient might need, and compile that one. The public
    `GradientTape.stop_recording` needs the tape, which a layer does not have. Without it the numbers are the same.
    """
    try:
        from tensorflow.python.eager import record
    except ImportError:
        return contextlib.nullcontext()
    return record.stop_recording() if hasattr(record, "stop_recording") else contextlib.nullcontext()


def adam_slots(optimizer, variable):
    """The averages of gradients and of their squares that a Keras Adam keeps of a variable, as (m, v), or None.

    Keras has no public way from a weight to its slots. Without one, the caller leaves the step to Keras.
    """
    if not all(hasattr(optimizer, name) for name in _SLOTS):
        return None
    index = optimizer._get_variable_index(variable)
    return optimizer._momentums[index], optimizer._velocities[index]


def begin_session(writer, step):
    """Say in TensorBoard's file that a program begins at `step`, so that later steps of files before are not shown.

    TensorFlow 2 has no public way from a writer to its resource. Without one, steps that a killed program did and
    another repeated may be shown twice.
    """
    import tensorflow as tf

    if hasattr(writer, "_resource"):
        log = tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START)
        event = tf.compat.v1.Event(wall_time=time.time(), step=step, session_log=log)
        tf.raw_ops.ImportEvent(writer=writer._resource, event=event.SerializeToString())


def session_call(session, fetched, fed):
    """Function of a session: arrays of the tensors named `fed`, in their order -> arrays of those named `fetched`.

    `Session.make_callable` looks all of them up again in every call. It is used where the function that looks them up
    once is gone.
    """
    if not hasattr(session, "_make_callable_from_options"):
        return session.make_callable(fetched, fed)
    from tensorflow.core.protobuf import config_pb2

    return session._make_callable_from_options(config_pb2.CallableOptions(feed=fed, fetch=fetched))
