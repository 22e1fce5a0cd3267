r"""Convert a copy of MUG to the TFRecord shards of the dataset mug.

    python tools/prepare_mug.py --raw_dir=MUG --data_dir=data/mug
    python tools/prepare_mug.py --raw_dir=CROPPED --data_dir=data/mug --crop=none --stride=1

RAW_DIR holds subjects3, or the subjects' folders. It uses takes of the six expressions. It skips and counts `neutral`,
short takes and takes without a face. It writes the shards, manifest.json (contents, skipped takes, checksums) and
contact_sheet.png. An interrupted preparation resumes; the same command rewrites missing and damaged shards.
"""

import os

from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import flags


def _define():
    values = flags.new()
    absl_flags.DEFINE_string("raw_dir", "", "Folder of the copy of MUG.", flag_values=values)
    absl_flags.DEFINE_string("data_dir", "", "Folder to write to; made if missing.", flag_values=values)
    absl_flags.DEFINE_string(
        "crop", "haar", "How to find the face: haar (OpenCV), none (frames are cropped already), or a CSV file of "
        "boxes with the columns take,left,top,width,height.", flag_values=values)
    absl_flags.DEFINE_float("margin", 0.0, "Widen a box by this share of its side on every side: for wide open mouths.",
                            0.0, 1.0, flag_values=values)
    absl_flags.DEFINE_integer("stride", 2, "Use one of so many frames: 2 for every other one.", 1, flag_values=values)
    absl_flags.DEFINE_integer("length", 10, "Used frames below which a take is skipped.", 1, flag_values=values)
    absl_flags.DEFINE_bool("skip_invalid", False, "Skip and count what cannot be read or understood instead of ending.",
                           flag_values=values)
    return values


def main(argv):
    """Prepare as `argv` says; see the module's docstring."""
    values = _define()
    if not flags.parse(values, argv, __doc__):
        return 0
    flags.required(values, "raw_dir", "data_dir")

    from rwae_tf.data import base
    from rwae_tf.data.prepare.mug import overview, writer
    from rwae_tf.figures import grids
    from rwae_tf.utils import progress

    planned = writer.plan(values.raw_dir, values.crop, values.margin, values.stride, values.length,
                                values.skip_invalid)
    print(f"{values.raw_dir}: {len(planned.takes)} takes to read")
    line = progress.Progress(len(planned.takes))
    try:
        manifest, before = writer.write(planned, values.data_dir, values.skip_invalid, line.show)
    finally:
        line.close()
    sheet = base.area_average(overview.table(manifest, values.data_dir), 32)
    grids.write_png(grids.table(sheet, 2), os.path.join(values.data_dir, "contact_sheet.png"))
    for text in overview.lines(manifest):
        print(text)
    print(f"{values.data_dir}: {len(manifest['shards'])} shards, {before} of them there before; contact_sheet.png")
    return 0


if __name__ == "__main__":
    entry_point.run(main)
