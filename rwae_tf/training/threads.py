"""The number of threads that operations are split over: sums depend on it in their last bits."""

import os

import tensorflow as tf


def count():
    """Threads within an operation, in this process."""
    chosen = tf.config.threading.get_intra_op_parallelism_threads() or os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    try:
        number = int(chosen)
    except ValueError:
        number = 0
    if number > 0:
        return number
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def difference(before):
    """A line for a run that goes on with other threads than `before`; "" for the same number, or an unknown one."""
    if not isinstance(before, int) or before == count():
        return ""
    return (f"this run was trained with {before} threads and goes on with {count()}: its weights will differ from an "
            f"uninterrupted run's in their last bits, and soon in more; TF_NUM_INTRAOP_THREADS={before} keeps them")
