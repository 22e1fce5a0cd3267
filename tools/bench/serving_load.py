"""Load on a served model: latency and clips a second, beside the same call without a server; memory; overload.

    python tools/bench/serving_load.py --part=speed --part=overload --out=load.json         # about 11 minutes
    python tools/bench/serving_load.py --part=memory --out=load.json                        # about 11 minutes
    python tools/bench/serving_load.py --model=pretrained/sprites_32 --seconds=10 --memory_seconds=60

starts `rwae_tf.serve` on the loopback interface and asks it to encode one clip at a time, from several clients at once,
each as fast as it is answered. A clip is sent as images (`encode_bytes`), and by one client as levels (`encode_uint8`)
or as numbers (`encode`) too. Without --model, it is an untrained one of tools/cpu/sprites.flags at 64x64: clips of
8x64x64x3. A file given by --out keeps the parts that are not measured again.

`CPU` is the time of all cores that the server's process, or this one in process, spent on a clip. Unlike clips/s, it
does not depend on what else the machine runs.
"""

import base64
import collections
import contextlib
import functools
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import numpy as np
from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.errors import InputError
from rwae_tf.utils import json_file

_BINARY = "encode_bytes"
FORMS = {_BINARY: "video_bytes", "encode_uint8": "video_uint8", "encode": "video"}
_NAME, _ROOT = "load", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
_PARTS = ("speed", "overload", "memory")
_IN_PROCESS_BATCHES, _IN_PROCESS_SHARE = (1, 2, 4, 8, 16, 32), 12  # 60 s are 5 s of each size of batch
_MEMORY_CLIENTS, _OVERLOAD_CLIENTS, _OVERLOAD_QUEUE = 8, 64, 16


class Load:
    """What some clients met: seconds of each answer, how many had which status, and the seconds of all of it.

    `cpu_seconds` are those that were spent on the answers.
    """

    def __init__(self):
        self.times, self.statuses, self.seconds, self.cpu_seconds = [], collections.Counter(), 0.0, float("nan")

    def summary(self):
        """The numbers of a row of the table."""
        p50, p99 = (1000 * np.percentile(self.times or [np.nan], share) for share in (50, 99))
        good = self.statuses[200]
        return {"clips_per_second": good / self.seconds, "p50_ms": p50, "p99_ms": p99,
                "cpu_ms": 1000 * self.cpu_seconds / max(good, 1),
                "errors": sum(self.statuses.values()) - good, "statuses": dict(self.statuses)}


def main(argv):
    """Measure as `argv` says and print a table; see the module's docstring."""
    values = flags.new()
    string, integer = (functools.partial(define, flag_values=values)
                       for define in (absl_flags.DEFINE_string, absl_flags.DEFINE_integer))
    string("model", "", "Folder of a run or of an export's versions, or pretrained/NAME.")
    string("out", "", "JSON file for all numbers.")
    integer("seconds", 60, "Of each measurement.", 1)
    integer("memory_seconds", 600, "For which the memory of the server is watched.", 1)
    absl_flags.DEFINE_multi_enum("part", _PARTS, _PARTS, "What to measure; may be given several times.",
                                 flag_values=values)
    absl_flags.DEFINE_multi_integer("clients", [1, 8, 32], "How many ask at a time.", 1, flag_values=values)
    if not flags.parse(values, argv, __doc__):
        return 0
    with tempfile.TemporaryDirectory() as folder:
        versions = _versions(values.model, folder)
        known = values.out and os.path.exists(values.out)
        result = json_file.read(values.out, "earlier measurements", "this command") if known else {}
        result |= measure(values, versions)
    print("\n" + "\n".join(lines(result)))
    if values.out:
        json_file.write(result, values.out)
    return 0


def _versions(model, folder):
    """The folder of the versions of what is served."""
    if not model:
        return _export_untrained(os.path.join(folder, "untrained"))
    from rwae_tf.serving.server import run

    return run.models([f"{_NAME}={model}"], folder)[_NAME]


def _export_untrained(folder):
    from rwae_tf.runs import run_dir
    from rwae_tf.serving import saved_model
    from rwae_tf.types import SequenceSpec

    config = flags.configuration(f"--flagfile={_ROOT}/tools/cpu/sprites.flags", "--size=64")
    saved_model.export(run_dir.build(config, SequenceSpec((64, 64, 3), config.data.length)), folder)
    return folder


def measure(values, versions):
    """The numbers of the parts asked for, and of the clips: "rows" of the table, "batches", "memory", "overload"."""
    newest = os.path.join(versions, max(filter(str.isdecimal, os.listdir(versions)), key=int))
    metadata = json_file.read(os.path.join(newest, "assets.extra", "metadata.json"), "the metadata", "an export")
    if metadata["modality"] != "video":
        raise InputError(f"{versions}: a model of {metadata['modality']}; clips of videos are sent here")
    bodies = {form: _body(metadata, form) for form in FORMS}
    result = {"clip": [metadata["length"], *metadata["frame_shape"]], "cpus": len(os.sched_getaffinity(0)),
              "bytes": {form: len(body) for form, body in bodies.items()}}
    if "speed" in values.part:
        result |= _speed(values, versions, newest, bodies)
    if "overload" in values.part:
        with served(versions, f"--max_queue={_OVERLOAD_QUEUE}") as (url, _):
            result["overload"] = _overload(url, bodies[_BINARY], min(values.seconds, 20))
    if "memory" in values.part:
        with served(versions) as (url, pid):
            result["memory"] = _watch_memory(url, pid, bodies[_BINARY], values.memory_seconds)
    return result


def _speed(values, versions, newest, bodies):
    """The "rows" of the table, and "batches", the same call in process with several clips."""
    rows, batches = _in_process(newest, bodies, values.seconds)
    with served(versions) as (url, pid):
        for form, body in bodies.items():
            rows += [_row(form, "batching", url, pid, body, clients, values.seconds)
                     for clients in values.clients if form == _BINARY or clients == 1]
    with served(versions, "--max_batch_size=1") as (url, pid):
        rows += [_row(_BINARY, "no batching", url, pid, bodies[_BINARY], clients, values.seconds)
                 for clients in values.clients if clients > 1]
    return {"rows": rows, "batches": batches}


def _row(form, server, url, pid, body, clients, seconds):
    ask(url, body, clients, seconds / 20)  # so that no first call is measured
    load = ask(url, body, clients, seconds, pid)
    row = {"form": form, "server": server, "clients": clients, **load.summary()}
    print(f"{form}, {server}, {clients} clients: {row['clips_per_second']:.1f} clips/s", file=sys.stderr, flush=True)
    return row


def _body(metadata, form):
    """A request with one clip, of coarse noise, which PNG compresses about as well as drawings."""
    length, (height, width, channels) = metadata["length"], metadata["frame_shape"]
    coarse = np.random.default_rng(0).integers(0, 256, (length, -(-height // 8), -(-width // 8), channels))
    frames = coarse.repeat(8, 1).repeat(8, 2)[:, :height, :width].astype(np.uint8)
    if form == "encode":
        clip = (frames / np.float32(255)).tolist()
    elif form == "encode_uint8":
        clip = frames.tolist()
    else:
        import client_files  # of export/, which makes the images

        clip = [{"b64": base64.b64encode(image).decode()} for image in client_files.to_images(frames[None])[0]]
    return json.dumps({"signature_name": form, "instances": [{FORMS[form]: clip}]}).encode()


def _in_process(path, bodies, seconds):
    """Rows of calls without a server, of inputs that are decoded already, and the numbers by clips in a call."""
    from rwae_tf.serving.server import codec, servable

    model, rows, batches = servable.Servable("bare", 1, path), [], []
    for form, body in bodies.items():
        request = codec.parse_json(body)
        signature = model.signature(codec.signature_name(request))
        _, inputs = codec.read(request, signature.inputs)
        load = _repeat(model, signature, inputs, 1, seconds / 3)
        rows.append({"form": form, "server": "none, in process", "clients": 1, **load.summary()})
        for clips in _IN_PROCESS_BATCHES if form == _BINARY else ():
            joined = {name: np.concatenate([array] * clips) for name, array in inputs.items()}
            load = _repeat(model, signature, joined, clips, seconds / _IN_PROCESS_SHARE)
            batches.append({"clips": clips, **load.summary()})
    return rows, batches


def _repeat(model, signature, inputs, clips, seconds):
    """The `Load` of calls one after the other, of some clips each."""
    model.run(signature, inputs)
    load, start, cpu = Load(), time.perf_counter(), time.process_time()
    while (begin := time.perf_counter()) < start + seconds:
        model.run(signature, inputs)
        load.times.append(time.perf_counter() - begin)
        load.statuses[200] += clips
    load.seconds, load.cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    return load


def _cpu_seconds(pid):
    """What a process has spent so far."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")  # in user mode and in the kernel


@contextlib.contextmanager
def served(versions, *options):
    """Address and process id of a server."""
    command = [sys.executable, "-m", "rwae_tf.serve", "--port=0", f"--model={_NAME}={versions}", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        if not line:
            raise InputError(f"{versions}: the server did not start; its error is above")
        yield line.split()[-1].rstrip("/"), process.pid
    finally:
        process.terminate()
        process.wait(60)


def ask(url, body, clients, seconds, pid=None):
    """The `Load` of some clients that ask the process `pid` as fast as they are answered."""
    load, place, end = Load(), urllib.parse.urlsplit(url), time.perf_counter() + seconds

    def run():
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=120)
        while (begin := time.perf_counter()) < end:
            try:
                connection.request("POST", f"/v1/models/{_NAME}:predict", body)
                response = connection.getresponse()
                response.read()
                status = response.status
            except (OSError, http.client.HTTPException) as error:
                status = type(error).__name__
                connection.close()
            load.statuses[status] += 1
            if status == 200:
                load.times.append(time.perf_counter() - begin)

    before = _cpu_seconds(pid) if pid else float("nan")
    begin, threads = time.perf_counter(), [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.seconds = time.perf_counter() - begin
    load.cpu_seconds = (_cpu_seconds(pid) if pid else float("nan")) - before
    return load


def _watch_memory(url, pid, body, seconds):
    """Megabytes of the server, about every tenth of the time, under the load of some clients."""
    megabytes = []
    ask(url, body, _MEMORY_CLIENTS, seconds / 20)
    for _ in range(10):
        load = ask(url, body, _MEMORY_CLIENTS, seconds / 10)
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            [line] = [line for line in file if line.startswith("VmRSS")]
        megabytes.append(round(int(line.split()[1]) / 1000))
        if set(load.statuses) != {200}:
            raise InputError(f"under load, the server answered {dict(load.statuses)}")
    return {"seconds": seconds, "clients": _MEMORY_CLIENTS, "megabytes": megabytes}


def _overload(url, body, seconds):
    """What far too many clients are answered, and one client afterwards."""
    before = ask(url, body, 1, seconds / 4)
    during = ask(url, body, _OVERLOAD_CLIENTS, seconds)
    after = ask(url, body, 1, seconds / 4)
    return {"clients": _OVERLOAD_CLIENTS, "queue": _OVERLOAD_QUEUE, "before": before.summary(),
            "during": during.summary(), "after": after.summary()}


def lines(result):
    """The tables of the parts that were measured, and in a sentence each what the numbers say."""
    text = [f"clips of {'x'.join(map(str, result['clip']))}, {result['cpus']} CPUs; bytes of a request: "
            + ", ".join(f"{form} {size:,}" for form, size in result["bytes"].items())]
    parts = {"rows": _speed_lines, "overload": _overload_lines, "memory": _memory_lines}
    for part, write in parts.items():
        text += ["", *write(result)] if part in result else []
    return text


def _speed_lines(result):
    rows, batches = result["rows"], result["batches"]
    table = ["| form | server | clients | clips/s | p50, ms | p99, ms | CPU, ms | errors |", "|---" * 8 + "|"]
    table += [f"| `{row['form']}` | {row['server']} | {row['clients']} | {row['clips_per_second']:.1f} | "
              f"{row['p50_ms']:.1f} | {row['p99_ms']:.1f} | {row['cpu_ms']:.1f} | {row['errors']} |" for row in rows]
    table += ["", "| clips in a call in process | clips/s | CPU of a clip, ms |", "|---" * 3 + "|"]
    table += [f"| {row['clips']} | {row['clips_per_second']:.1f} | {row['cpu_ms']:.1f} |" for row in batches]
    found, text = {(row["form"], row["server"], row["clients"]): row for row in rows}, []
    for form in FORMS:
        if (one := found.get((form, "batching", 1))) is not None:
            bare = found[form, "none, in process", 1]
            text.append(f"`{form}`: one client waits {one['p50_ms'] / bare['p50_ms']:.2f} times as long as in process, "
                        f"{one['p50_ms'] - bare['p50_ms']:.1f} ms longer")
    most = max(row["clients"] for row in rows)
    if most > 1:
        joined, alone = (found[_BINARY, server, most] for server in ("batching", "no batching"))
        text.append(f"batching: {joined['clips_per_second'] / alone['clips_per_second']:.2f} times the clips/s at "
                    f"{most} clients, for {joined['cpu_ms'] / alone['cpu_ms']:.2f} times the CPU of a clip")
    best = min(batches, key=lambda row: row["cpu_ms"])
    text.append(f"in process: {best['clips']} clips in a call need {best['cpu_ms'] / batches[0]['cpu_ms']:.2f} times "
                "the CPU of a clip alone, which no joining of requests gets below")
    return [*table, "", *text]


def _overload_lines(result):
    overload = result["overload"]
    return [f"overload, {overload['clients']} clients on a queue of {overload['queue']}: answers "
            f"{overload['during']['statuses']}; one client before and after: p50 "
            f"{overload['before']['p50_ms']:.1f} and {overload['after']['p50_ms']:.1f} ms, "
            f"{overload['after']['errors']} errors after"]


def _memory_lines(result):
    memory = result["memory"]
    return [f"memory over {memory['seconds']} s, {memory['clients']} clients: "
            f"{', '.join(map(str, memory['megabytes']))} MB"]


if __name__ == "__main__":
    sys.path.append(os.path.join(_ROOT, "export"))
    entry_point.run(main)
