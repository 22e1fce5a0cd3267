"""Small recordings in MUG's layouts, and what their preparation makes of them.

Frames of one flat colour say which they are: (subject, take, number of the frame).
"""

from PIL import Image

from rwae_tf.data.prepare.mug import writer

HEADER = "take,left,top,width,height\n"


def draw(folder, numbers, colour=(0, 0), size=(64, 64), name="img_{:04d}.png"):
    """Write flat frames of the colour (*colour, number)."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        Image.new("RGB", size, (*colour, number)).save(folder / name.format(number))


def prepare(raw_dir, data_dir, crop="none", margin=0.0, stride=1, length=3, skip_invalid=False):
    planned = writer.plan(str(raw_dir), str(crop), margin, stride, length, skip_invalid)
    return writer.write(planned, str(data_dir), skip_invalid)[0]


def takes_in(manifest):
    return {take["take"]: take for shard in manifest["shards"] for take in shard["takes"]}


def content(folder):
    """File name -> bytes."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}
