"""The one strategy of the process, and batches split over its replicas."""

import functools
import os
import platform
import signal
import sys

import tensorflow as tf

from rwae_tf.config import cluster as cluster_lib
from rwae_tf.data import pipeline
from rwae_tf.errors import InputError


@functools.lru_cache(maxsize=1)
def strategy(replicas=0):
    """The process's strategy over `replicas` devices; 0 takes every GPU, or the CPU. Call it before any operation.

    With no GPU, more than one replica runs on virtual CPUs: slower than one, and good for checking.
    A second MirroredStrategy in a process collides with the first one's collectives, hence the cache.
    Where TF_CONFIG names several workers, it is a MultiWorkerMirroredStrategy over all their devices.

    Raises:
      InputError: when TensorFlow already started with fewer devices, and for a bad TF_CONFIG.
    """
    cluster = cluster_lib.read()
    if cluster:
        return _over_workers(cluster)
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


def _over_workers(cluster):
    """The strategy over all workers of a `Cluster`, once all are there.

    TensorFlow then catches SIGTERM, for a notice of preemption that nobody reads: the process would not end, until
    `loop` has its own handler. So what was there is put back.
    """
    addresses = ", ".join(cluster.addresses)
    print(f"worker {cluster.index} of {len(cluster.addresses)}: waiting for all of {addresses}", file=sys.stderr,
          flush=True)
    handler = signal.getsignal(signal.SIGTERM)
    several = tf.distribute.MultiWorkerMirroredStrategy()
    signal.signal(signal.SIGTERM, handler)
    return several


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


def check_batch(strategy, batch_size):
    """Refuse, by InputError, a global batch that does not divide among the replicas of a strategy."""
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise InputError("{} does not divide among the " + f"{replicas} replicas; give a multiple",
                         ("batch_size", batch_size))


def batches(strategy, make):
    """Iterator over global batches, the rows of each in order over the replicas.

    Args:
      strategy: a `tf.distribute.Strategy`.
      make: function (index of a worker, their number) -> tf.data.Dataset, without end, of the rows of that worker.

    Returns:
      Iterator over what `make` gives, per replica.
    """
    def of_worker(context):
        stream = make(context.input_pipeline_id, context.num_input_pipelines)
        replicas = context.num_replicas_in_sync // context.num_input_pipelines
        if replicas > 1:  # each takes the next element of its worker's stream
            stream = stream.map(functools.partial(_split, replicas)).unbatch()
        return pipeline.without_autotuning(stream)

    return iter(strategy.distribute_datasets_from_function(of_worker))


def _split(parts, *batch):
    """The rows of a batch (nested tensors [B, ...]) in `parts` equal parts: [parts, B / parts, ...]."""
    return tf.nest.map_structure(lambda rows: tf.reshape(rows, [parts, rows.shape[0] // parts, *rows.shape[1:]]), batch)
