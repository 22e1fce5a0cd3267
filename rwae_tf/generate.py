"""Pictures of what a trained model does: generated, swapped or reconstructed clips.

    python -m rwae_tf.generate --run_dir=runs/sprites --mode=generate --num=8 --length=100
    python -m rwae_tf.generate --run_dir=runs/sprites --mode=swap --num=8 --data_dir=DATA --out=swap.gif
    python -m rwae_tf.generate --run_dir=runs/sprites --mode=reconstruct --num=6 --data_dir=DATA
    python -m rwae_tf.generate --run_dir=runs/weak --mode=actions --num=6

generate     clips drawn from the priors, playing side by side
swap         test clips give the content (first column) and the motion (first row) of the clips between them
reconstruct  test clips, each beside its reconstruction
resample_motion test clips, each beside clips of its content that move as the prior has it (Fig. 12)
actions      of a weakly supervised model: a row per action, in columns clips that are alike but for it; named, where
             `evaluate` has matched them, by the classes

Writes R/figures/<mode>.gif (generate) or .png, or the file of --out: .gif, .mp4 or .png. Of speech it writes a .png
of spectrograms and a .wav beside it; all clips of a swap then give both content and motion (--num=16 --length=20 is
Fig. 11 of the paper), and in the .wav each clip is followed by the same with the voice of the next.

With --content, and for swap --motion, the clips are those of your own files: of videos a film, a GIF, a folder of
pictures, a picture or a clip of an .npz (clips.npz/2 where it holds several); of speech an audio file. Then the answer
alone is written, a GIF (or .mp4 or .png) or a .wav (or a .png and the .wav). All frames are used, or the first --length
of them, whatever the length of training; a swap is as long as the motion. Frames are cropped to their middle square and
resized as those of the dataset "folder", and shown 10 a second. Of speech the last part of a segment is left out.
"""

from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.generation import request
from rwae_tf.utils import files


def main(argv):
    """Write the picture that `argv` asks for; see the module's docstring."""
    values = request.define()
    if not flags.parse(values, argv, __doc__):
        return 0
    request.check(values)

    from rwae_tf.generation import own_files, test_clips
    from rwae_tf.runs import run_dir

    run = run_dir.load_run(values.run_dir)
    paths = own_files.write(run.model, values) if request.names_own_files(values) else test_clips.write(run, values)
    for path in paths:
        print(f"{path} ({files.size(path) / 1000:.0f} KB)")
    return 0


def cli():
    """Console script."""
    entry_point.run(main)


if __name__ == "__main__":
    cli()
