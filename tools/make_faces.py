r"""Draw cartoon faces in MUG's folder layout, to try the code without a licence for MUG.

    python tools/make_faces.py --out_dir=faces --subjects=12
    python tools/prepare_mug.py --raw_dir=faces --data_dir=data/faces --crop=none --stride=1

Leaves faces/subjects3/NNN/EXPRESSION/takeNNN/img_NNNN.jpg and faces/contact_sheet.png. The same flags give the same
faces.
"""

import os

from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import flags

_SHOWN = 8  # people on the contact sheet


def _define():
    values = flags.new()
    absl_flags.DEFINE_string("out_dir", "", "Folder to write to; made if missing.", flag_values=values)
    absl_flags.DEFINE_integer("subjects", 12, "How many people.", 1, 999, flag_values=values)
    absl_flags.DEFINE_integer("takes", 2, "Takes of each of the six expressions.", 1, 999, flag_values=values)
    absl_flags.DEFINE_integer("frames", 20, "Frames of a take.", 1, 9999, flag_values=values)
    absl_flags.DEFINE_integer("size", 64, "Height and width of a frame.", 16, 1024, flag_values=values)
    absl_flags.DEFINE_integer("seed", 0, "Of people and takes.", 0, 2**31 - 1, flag_values=values)
    return values


def main(argv):
    """Draw what `argv` says; see the module's docstring."""
    values = _define()
    if not flags.parse(values, argv, __doc__):
        return 0
    flags.required(values, "out_dir")

    from rwae_tf.data.synthetic.cartoon_faces import recording
    from rwae_tf.figures import grids
    from rwae_tf.utils import progress

    takes = values.subjects * len(recording.EXPRESSIONS) * values.takes
    line = progress.Progress(takes)
    recording.write(values.out_dir, values.subjects, values.takes, values.frames, values.size, values.seed,
                         line.show)
    line.close()
    sheet = recording.heights(values.seed, min(_SHOWN, values.subjects), 64)
    grids.write_png(grids.tile(sheet, grids.FRAME_GAP), os.path.join(values.out_dir, "contact_sheet.png"))
    print(f"{values.out_dir}: {takes} takes of {values.frames} frames, of {values.subjects} people; contact_sheet.png")
    return 0


if __name__ == "__main__":
    entry_point.run(main)
