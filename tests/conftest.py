"""What all tests share: seeds, real data where there are any, two replicas on the CPU."""

import importlib
import os
import pathlib
import random
import socket
import subprocess
import sys
import time

# Before TensorFlow's import, which reads them; the second as in the commands (rwae_tf/entry_point.py).
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


def pytest_collection_finish(session):
    """Split the CPU in two for the tests that ask for replicas, before any operation starts TensorFlow."""
    if not any("two_replicas" in item.fixturenames for item in session.items):
        return
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    tf.config.threading.set_inter_op_parallelism_threads(2)  # on one core too: replicas wait for one another


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Seed each test, so that it is the same alone and in the suite.

    Before the fixtures of wider scope, which may create weights: Keras draws the seeds of its
    initializers from `random`. Neither library is imported for a test that does without it.
    """
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    if "tensorflow" in sys.modules:
        sys.modules["tensorflow"].random.set_seed(0)


@pytest.fixture(scope="session", autouse=True)
def cache_dir(tmp_path_factory):
    """Decoded videos of tests are not kept in the user's cache folder; commands started by tests follow."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["RWAE_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def shared_data():
    """The folder of the real data sets: RWAE_DATA, else shared/data beside the repository."""
    folder = pathlib.Path(os.environ.get("RWAE_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is missing (RWAE_DATA names another folder)")
    return folder


@pytest.fixture(scope="module")
def lamps():
    """The dataset "lamps" (tests/lamp_data), which a linear judge reads without fault; gives its module."""
    from rwae_tf.data import datasets

    folder = str(ROOT / "tests" / "lamp_data")
    datasets.__path__.append(folder)
    yield importlib.import_module("rwae_tf.data.datasets.lamps")
    datasets.__path__.remove(folder)
    del sys.modules["rwae_tf.data.datasets.lamps"]


@pytest.fixture(scope="session")
def two_replicas():
    """One MirroredStrategy over two virtual CPUs for the whole process; a second one would collide."""
    from rwae_tf.training import distribution

    return distribution.strategy(2)


@pytest.fixture(scope="session")
def bucket():
    """The name of a bucket on an S3 server of its own process; the environment leads TensorFlow and commands to it.

    Not in this process: TensorFlow reads some files without letting go of Python, where the server would wait.
    """
    import boto3
    import botocore

    from rwae_tf.errors import InputError
    from rwae_tf.utils import buckets

    try:
        buckets.load_scheme("s3")
    except InputError as error:
        pytest.skip(str(error))

    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ.update(AWS_ACCESS_KEY_ID="tests", AWS_SECRET_ACCESS_KEY="tests", AWS_REGION="us-east-1",
                      AWS_EC2_METADATA_DISABLED="true", S3_ENDPOINT=f"http://127.0.0.1:{port}", S3_USE_HTTPS="0",
                      S3_VERIFY_SSL="0")
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        client = boto3.client("s3", endpoint_url=os.environ["S3_ENDPOINT"], region_name="us-east-1",
                              config=botocore.config.Config(retries={"max_attempts": 0}))
        deadline = time.monotonic() + 60
        while True:
            try:
                client.create_bucket(Bucket="tests")
                break
            except botocore.exceptions.EndpointConnectionError:
                assert server.poll() is None and time.monotonic() < deadline, "the S3 server does not answer"
                time.sleep(0.2)
        yield "s3://tests"
    finally:
        server.terminate()
        server.wait()
