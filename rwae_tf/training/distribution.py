"""The one `MirroredStrategy` of the process, and batches split over its replicas."""

import functools
import os
import platform

import tensorflow as tf

from rwae_tf.errors import InputError


@functools.lru_cache(maxsize=1)
def strategy(replicas=0):
    """The process's strategy over `replicas` devices; 0 takes every GPU, or the CPU.

    With no GPU, more than one replica runs on virtual CPUs: slower than one, and good for checking.
    A second MirroredStrategy in a process collides with the first one's collectives, hence the cache.

    Raises:
      InputError: when TensorFlow already started with fewer devices.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        if replicas > len(gpus):
            raise InputError(f"replicas={replicas}: this machine has {len(gpus)} GPUs")
        return tf.distribute.MirroredStrategy([f"/gpu:{i}" for i in range(replicas or len(gpus))])
    replicas = replicas or 1
    if replicas > 1:
        _split_cpu(replicas)
    devices = [f"/cpu:{i}" for i in range(replicas)]
    return tf.distribute.MirroredStrategy(devices, cross_device_ops=tf.distribute.ReductionToOneDevice())


def hardware():
    """The processors at hand, in words."""
    gpus = [tf.config.experimental.get_device_details(g).get("device_name", "GPU")
            for g in tf.config.list_physical_devices("GPU")]
    return ", ".join(gpus) or f"{os.cpu_count()} CPU cores ({platform.machine()}), no GPU"


def _split_cpu(replicas):
    """Make virtual CPUs, which TensorFlow allows until its first operation; then as many must be there."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * replicas)
        # Replicas wait for one another: with fewer threads than replicas they would wait for ever.
        tf.config.threading.set_inter_op_parallelism_threads(max(replicas, os.cpu_count()))
    except RuntimeError:
        if len(tf.config.list_logical_devices("CPU")) >= replicas:
            return
        raise InputError(f"replicas={replicas}: TensorFlow already started with fewer CPUs") from None


def gatherer(replicas, scope):
    """The function that joins rows over the replicas: the identity on one, or where each keeps to itself.

    Args:
      replicas: their number.
      scope: "global" or "replica", `ObjectiveConfig.mmd_scope`.
    """
    if replicas == 1 or scope == "replica":
        return lambda rows: rows
    return lambda rows: tf.distribute.get_replica_context().all_gather(rows, axis=0)
