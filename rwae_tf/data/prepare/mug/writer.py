"""From folders of frames to TFRecord shards of cropped takes; `manifest_file` says what comes out.

A shard is a function of its takes, and a finished one is noted in manifest.partial.json before the next is begun: a
preparation that was killed goes on after its last whole shard and ends with the bytes it would have ended with.
A record is a tf.train.Example with the features take, subject, expression, frames (all bytes of uint8 [N, 64, 64, 3]
in C order) and shape.
"""

import collections
import hashlib
import json
import os
from typing import NamedTuple

import numpy as np

from rwae_tf.data import pictures
from rwae_tf.data.base import NATIVE_SIZE
from rwae_tf.data.prepare.mug import discovery, face_boxes, manifest_file
from rwae_tf.data.prepare.mug.discovery import Skip
from rwae_tf.errors import InputError
from rwae_tf.utils import json_file

SHARD_TAKES = 64  # looked for in a shard; some may be skipped
LICENCE = ("These frames stay under the licence of the pictures that they were made of. MUG (mug.ee.auth.gr) is "
           "licensed to the person who asked for it and may not be passed on, neither whole nor cropped.")


class Plan(NamedTuple):
    """What a preparation will do.

    Attributes:
      root: the folder of the subjects.
      takes: the `Take`s to read.
      skipped: the `Skip`s of the search.
      find_box: a finder of `face_boxes`.
      spec, source: as in the manifest.
    """

    root: str
    takes: list
    skipped: list
    find_box: object
    spec: dict
    source: str

    def shards(self):
        """Names of the shards, each with its takes."""
        parts = [self.takes[k:k + SHARD_TAKES] for k in range(0, len(self.takes), SHARD_TAKES)]
        return [(f"mug-{k:05d}-of-{len(parts):05d}.tfrecord", part) for k, part in enumerate(parts)]


def plan(raw_dir, crop="haar", margin=0.0, stride=2, length=10, skip_invalid=False):
    """Look through a copy of MUG.

    Args:
      raw_dir: its folder.
      crop: "haar", "none" or a CSV file of boxes, see `face_boxes.finder`.
      margin: share of its side by which a box is widened on every side, as far as the frame has room.
      stride: of how many frames one is used.
      length: used frames below which a take is too short.
      skip_invalid: whether what cannot be understood is skipped and counted rather than refused.

    Raises:
      InputError: where nothing can be used, a folder cannot be understood, or OpenCV or the file of boxes is missing.
    """
    find_box, word = face_boxes.finder(crop)
    takes, skipped = discovery.find(raw_dir, stride, length, skip_invalid)
    root = discovery.subjects_folder(raw_dir)
    spec = {"frame_shape": list(manifest_file.FRAME_SHAPE), "stride": stride, "length": length, "crop": word,
            "margin": margin}
    digest = hashlib.sha256(json.dumps([manifest_file.VERSION, spec, skipped]).encode())
    for take in takes:
        files = [[os.path.basename(path), _bytes(path)] for path in take.frames]
        digest.update(json.dumps([take.name, files]).encode())
    return Plan(root, takes, skipped, find_box, spec, digest.hexdigest())


def _bytes(path):
    """Size of a file; -1 where there is none, which is a matter for the one who reads it."""
    return os.path.getsize(path) if os.path.exists(path) else -1


def write(planned, data_dir, skip_invalid=False, report=lambda done, describe: None):
    """Write the shards and the manifest of a `Plan`, or what of them is not there yet or damaged.

    Args:
      planned: the `Plan`.
      data_dir: folder to write to; made if missing.
      skip_invalid: whether takes with frames that cannot be read are skipped and counted rather than refused.
      report: function (takes done, describe) for progress; describe() gives the text.

    Returns:
      The manifest, and how many shards were there before.

    Raises:
      InputError: for takes that cannot be read, or a folder with another preparation; what was written before stays,
        to go on from.
    """
    os.makedirs(data_dir, exist_ok=True)
    paths = manifest_file.partial_path(data_dir), manifest_file.path(data_dir)
    before = {shard["name"]: shard for path in paths for shard in _begun(path, planned.source)
              if _is_whole(data_dir, shard)}
    shards = []
    for number, (name, takes) in enumerate(planned.shards()):
        def show(done, text, first=number * SHARD_TAKES):
            report(first + done, lambda: text)

        shard = before.get(name) or _write_shard(os.path.join(data_dir, name), takes, planned, skip_invalid, show)
        shards.append(shard)
        if name not in before:
            json_file.write({"source": planned.source, "shards": shards}, paths[0])
    manifest = _whole(planned, shards)
    if not manifest["counts"]["takes"]:
        raise InputError(f"{planned.root}: no take left of {len(planned.takes)}: {manifest['counts']['skipped']}")
    json_file.write(manifest, paths[0])
    os.replace(*paths)
    return manifest, len(before)


def _begun(path, source):
    """The shards in a manifest of the preparation of `source`; none where there is no manifest."""
    if not os.path.exists(path):
        return []
    try:
        with open(path, encoding="utf-8") as file:
            manifest = json.load(file)
        found, shards = manifest["source"], manifest["shards"]
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: not a manifest of this tool; remove it, or take another --data_dir") from None
    if found != source:
        raise InputError(f"{path}: of other pictures or with other flags; take another --data_dir, or remove this one")
    return shards


def _is_whole(data_dir, shard):
    """Whether a shard is as its manifest says."""
    try:
        manifest_file.check_shard(os.path.join(data_dir, shard["name"]), shard)
    except InputError:
        return False
    return True


def _write_shard(path, takes, planned, skip_invalid, show):
    """Write the shard of `takes` to `path`, whole or not at all; returns its entry in the manifest."""
    from rwae_tf.data.prepare.mug import tfrecord

    kept, skipped = [], []
    with tfrecord.writer(path) as shard:
        for done, take in enumerate(takes):
            show(done, f"{take.name}, {len(kept)} takes and {len(skipped)} skipped in {os.path.basename(path)}")
            try:
                box, frames = cropped(take, planned.find_box, planned.spec["margin"])
            except InputError as error:
                if not skip_invalid:
                    raise
                skipped.append(Skip(take.name, "bad", discovery.relative(error, planned.root)))
                continue
            if frames is None:
                skipped.append(Skip(take.name, "no face"))
                continue
            offset = shard.add({"take": os.fsencode(take.name), "subject": os.fsencode(take.subject),
                                "expression": take.expression.encode(), "frames": frames.tobytes(),
                                "shape": frames.shape}, "frames")
            kept.append({"take": take.name, "subject": take.subject, "expression": take.expression,
                         "frames": len(frames), "offset": offset, "box": list(box)})
    return {"name": os.path.basename(path), "bytes": shard.bytes, "sha256": manifest_file.digest(path),
            "takes": kept, "skipped": [skip._asdict() for skip in skipped]}


def cropped(take, find_box, margin=0.0):
    """The face in every frame of a take.

    Args:
      take: a `Take`.
      find_box: a finder of `face_boxes`, asked for the middle frame.
      margin: as in `plan`.

    Returns:
      Box (left, top, side) and uint8 [N, 64, 64, 3], or None and None where no face is seen.

    Raises:
      InputError: for a frame that cannot be read or has another size than the middle one.
    """
    middle = pictures.read(take.frames[len(take.frames) // 2])
    box = find_box(take.name, middle)
    if box is None:
        return None, None
    box, frames = face_boxes.widened(box, margin, middle.shape), []
    for path in take.frames:  # one by one: a take of the original frames fills hundreds of megabytes
        picture = pictures.read(path)
        if picture.shape != middle.shape:
            sizes = ["{1}x{0}".format(*image.shape) for image in (picture, middle)]
            raise InputError(f"{path}: {sizes[0]} pixels, but the middle frame of its take has {sizes[1]}; leave the "
                             "whole take out")
        frames.append(pictures.cut(picture, box, NATIVE_SIZE))
    return box, np.stack(frames)


def _whole(planned, shards):
    """The manifest of a finished preparation."""
    takes = [take for shard in shards for take in shard["takes"]]
    reasons = collections.Counter(skip.why for skip in planned.skipped)
    reasons.update(skip["why"] for shard in shards for skip in shard["skipped"])
    expressions = collections.Counter(take["expression"] for take in takes)
    counts = {"takes": len(takes), "frames": sum(take["frames"] for take in takes),
              "subjects": len({take["subject"] for take in takes}),
              "expressions": {name: expressions[name] for name in discovery.EXPRESSIONS},
              "skipped": dict(sorted(reasons.items()))}
    return {"version": manifest_file.VERSION, "spec": planned.spec, "source": planned.source, "licence": LICENCE,
            "counts": counts, "skipped": [skip._asdict() for skip in planned.skipped], "shards": shards}
