"""Load on a served model: latency and clips a second, beside the same call without a server; memory; overload.

    python tools/bench/serving_load.py --part=speed --part=overload --out=load.json         # about 14 minutes
    python tools/bench/serving_load.py --part=memory --out=load.json                        # about 11 minutes
    python tools/bench/serving_load.py --model=pretrained/sprites_32 --seconds=10 --memory_seconds=60

starts `rwae_tf.serve` on the loopback interface and asks it to encode one clip at a time, from several clients at once,
each as fast as it is answered, in turns with the same call without a server. A clip is sent as images (`encode_bytes`),
and by one client as levels (`encode_uint8`) or as numbers (`encode`) too. Without --model, it is an untrained one of
tools/cpu/sprites.flags at 64x64: clips of 8x64x64x3. A file given by --out keeps the parts that are not measured again.

`CPU` is the time of all cores that the server's process, or this one in process, spent on a clip. Unlike clips/s, it
does not depend on what else the machine runs.
"""

import base64
import functools
import json
import os
import sys
import tempfile
import time

import numpy as np
from absl import flags as absl_flags

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import memory
from bench.serving_clients import BINARY, FORMS, NAME, Load, ask, served
from bench.serving_lines import lines

from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.errors import InputError
from rwae_tf.utils import json_file

_ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
_PARTS = ("speed", "overload", "memory")
_IN_PROCESS_BATCHES, _BATCH_SHARE = (1, 2, 4, 8, 16, 32), 0.2
_TURNS = 6
_MEMORY_CLIENTS, _OVERLOAD_CLIENTS, _OVERLOAD_QUEUE = 8, 64, 16


def main(argv):
    """Measure as `argv` says and print a table; see the module's docstring."""
    values = flags.new()
    string, integer = (functools.partial(define, flag_values=values)
                       for define in (absl_flags.DEFINE_string, absl_flags.DEFINE_integer))
    string("model", "", "Folder of a run or of an export's versions, or pretrained/NAME.")
    string("out", "", "JSON file for all numbers.")
    integer("seconds", 60, "Of each measurement, in six turns.", 1)
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

    return run.models([f"{NAME}={model}"], folder)[NAME]


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
            result["overload"] = _overload(url, bodies[BINARY], min(values.seconds, 20))
    if "memory" in values.part:
        with served(versions) as (url, pid):
            result["memory"] = _watch_memory(url, pid, bodies[BINARY], values.memory_seconds)
    return result


def _speed(values, versions, newest, bodies):
    """The "rows" of the table, and "batches", the same call in process with several clips.

    All are measured in turns, because the speed of a shared machine changes within minutes.
    """
    calls, batches = _in_process(newest, bodies)
    with served(versions) as joining, served(versions, "--max_batch_size=1") as alone:
        for form, body in bodies.items():
            calls |= {(form, "batching", clients): _asking(joining, body, clients)
                      for clients in values.clients if form == BINARY or clients == 1}
        calls |= {(BINARY, "no batching", clients): _asking(alone, bodies[BINARY], clients)
                  for clients in values.clients if clients > 1}
        loads = _in_turns(calls | batches, values.seconds)
    return {"rows": [dict(zip(("form", "server", "clients"), key, strict=True)) | loads[key].summary()
                     for key in calls],
            "batches": [{"clips": clips} | loads[clips].summary() for clips in batches]}


def _asking(server, body, clients):
    """A call that asks `server`, address and process id of `served`, for some seconds -> `Load`."""
    url, pid = server
    return lambda seconds: ask(url, body, clients, seconds, pid)


def _in_turns(calls, seconds):
    """Key -> `Load` of so many seconds of each call, a `_TURNS`-th of them at a time."""
    loads = {key: Load() for key in calls}
    for turn in range(_TURNS):
        for key, call in calls.items():
            call(min(1, seconds / _TURNS / 5))  # so that what went before does not count
            loads[key].add(call(seconds / _TURNS))
        print(f"turn {turn + 1} of {_TURNS}", file=sys.stderr, flush=True)
    return loads


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


def _in_process(path, bodies):
    """Calls without a server, of inputs that are decoded already: one clip in each form, and several, by their number.

    Returns:
      Two dictionaries of calls, seconds -> `Load`, by (form, server, clients) and by clips.
    """
    from rwae_tf.serving.server import codec, servable

    model, single, several = servable.Servable("bare", 1, path), {}, {}
    for form, body in bodies.items():
        request = codec.parse_json(body)
        signature = model.signature(codec.signature_name(request))
        _, inputs = codec.read(request, signature.inputs)
        single[form, "none, in process", 1] = functools.partial(_repeat, model, signature, inputs, 1)
        for clips in _IN_PROCESS_BATCHES if form == BINARY else ():
            joined = {name: np.concatenate([array] * clips) for name, array in inputs.items()}
            several[clips] = functools.partial(_repeat, model, signature, joined, clips, share=_BATCH_SHARE)
    return single, several


def _repeat(model, signature, inputs, clips, seconds, share=1):
    """The `Load` of calls one after the other, of some clips each, for a share of some seconds."""
    load, start, cpu = Load(), time.perf_counter(), time.process_time()
    while (begin := time.perf_counter()) < start + share * seconds:
        model.run(signature, inputs)
        load.times.append(time.perf_counter() - begin)
        load.statuses[200] += clips
    load.seconds, load.cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    return load


def _watch_memory(url, pid, body, seconds):
    """Megabytes of the server, about every tenth of the time, under the load of some clients."""
    megabytes = []
    ask(url, body, _MEMORY_CLIENTS, seconds / 20)
    for _ in range(10):
        load = ask(url, body, _MEMORY_CLIENTS, seconds / 10)
        megabytes.append(round(memory.read(pid)[0]))
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


if __name__ == "__main__":
    sys.path.append(os.path.join(_ROOT, "export"))
    entry_point.run(main)
