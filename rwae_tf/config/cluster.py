"""The workers of a training on several machines, as the environment variable TF_CONFIG names them.

Imports no TensorFlow.
"""

import os
import re
from typing import NamedTuple, Optional, Tuple

from rwae_tf.errors import InputError
from rwae_tf.utils import json_file

_EXPECTED = ('expected {"cluster": {"worker": ["HOST:PORT", ...]}, "task": {"type": "worker", "index": 0}}; '
             "correct or unset it")
_JOBS = ("chief", "worker")  # the chief, where it is not the first worker, comes first


class Cluster(NamedTuple):
    """Several workers.

    Attributes:
      addresses: "HOST:PORT" of each, the chief's first.
      index: of this process among them.
    """

    addresses: Tuple[str, ...]
    index: int


def read() -> Optional[Cluster]:
    """Read TF_CONFIG; None where it is not set, or names one process or none.

    Raises:
      InputError: for a value that is no cluster of a chief and workers, or a task that is not in it.
    """
    text = os.environ.get("TF_CONFIG", "").strip()
    if not text:
        return None
    try:
        config = json_file.parse(text)
    except ValueError as error:
        raise _bad(f"not JSON ({error})") from None
    if not isinstance(config, dict) or not isinstance(config.get("cluster", {}), dict):
        raise _bad("no cluster")
    jobs = config.get("cluster", {})
    addresses = tuple(address for job in _JOBS for address in _addresses(jobs, job))
    strange = sorted(set(jobs) - set(_JOBS))
    if strange:
        raise _bad(f"a training has no tasks of type {strange[0]!r}, only {' and '.join(_JOBS)}")
    if len(addresses) < 2:
        return None
    if len(set(addresses)) < len(addresses):
        raise _bad("two workers have one address")
    return Cluster(addresses, _index(config.get("task"), jobs))


def check(training) -> None:
    """Refuse, by InputError, a `TrainingConfig` that the workers of TF_CONFIG cannot share."""
    cluster = read()
    if cluster is None:
        return
    count = len(cluster.addresses)
    if training.replicas:
        raise InputError("{}: with the " + f"{count} workers of TF_CONFIG each takes all of its GPUs; drop it, and "
                         "limit GPUs by CUDA_VISIBLE_DEVICES", ("replicas", training.replicas))
    if training.batch_size % count:
        raise InputError("{} does not divide among the " + f"{count} workers of TF_CONFIG; give a multiple",
                         ("batch_size", training.batch_size))


def refuse() -> None:
    """Refuse, by InputError, to run a command for one process as each of several workers."""
    cluster = read()
    if cluster is not None:
        raise InputError(f"TF_CONFIG: names {len(cluster.addresses)} workers, and only `rwae_tf.train` shares its work "
                         "among several; unset TF_CONFIG, and run this command once")


def _addresses(jobs, job):
    addresses = jobs.get(job, [])
    if not isinstance(addresses, list) or not all(
            isinstance(address, str) and re.fullmatch(r"\S+:\d+", address) for address in addresses):
        raise _bad(f"the addresses of {job!r} are no list of HOST:PORT")
    if job == "chief" and len(addresses) > 1:
        raise _bad(f"{len(addresses)} chiefs; there is one")
    return addresses


def _index(task, jobs):
    """Place of `task` among all workers."""
    if not isinstance(task, dict):
        raise _bad("no task")
    kind, index = task.get("type"), task.get("index")
    if kind not in jobs:
        raise _bad(f"task type {kind!r} is not in the cluster" if "type" in task else "the task has no type")
    if type(index) is not int or not 0 <= index < len(jobs[kind]):
        raise _bad(f"task index {index!r} is not one of the {len(jobs[kind])} of {kind!r}" if "index" in task
                   else "the task has no index")
    return index + (len(jobs.get("chief", [])) if kind == "worker" else 0)


def _bad(what):
    return InputError(f"TF_CONFIG: {what}; {_EXPECTED}")
