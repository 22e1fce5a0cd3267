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

import dataclasses
import functools
import os

import numpy as np
from absl import flags as absl_flags

from rwae_tf import entry_point, figures
from rwae_tf.config import flags
from rwae_tf.errors import InputError
from rwae_tf.evaluation import action_matching
from rwae_tf.utils import files

OWN = {"swap": ("content", "motion"), "reconstruct": ("content",)}  # modes of own files, and the flags that name them
MODES = {"generate": ".gif", "swap": ".png", "reconstruct": ".png", "resample_motion": ".png", "actions": ".png"}
MOTIONS = 3  # beside a test clip
SIDE = 64  # frames are shown at least this large, in pixels


def _define():
    values = flags.new()
    string = functools.partial(absl_flags.DEFINE_string, flag_values=values)
    integer = functools.partial(absl_flags.DEFINE_integer, flag_values=values)
    string("run_dir", "", "Folder of a training run.")
    absl_flags.DEFINE_enum("mode", "generate", list(MODES), "What to show.", flag_values=values)
    integer("num", 8, "Number of clips; for swap, half give content and half motion, of speech, all both; for actions, "
            "of each.", 1)
    integer("length", None, "Frames per clip; by default 100 for generate, else the length of test clips; of speech, a "
            "multiple of it, by default 5 times; of your own files at most, by default all.", 1)
    string("out", "", "File to write; by default R/figures/<mode>.gif or .png.")
    integer("seed", 0, "Seed of the first clip drawn, from which those of the others count up; or of the choice of "
            "test clips.", 0)
    string("data_dir", "", "Folder with the dataset's files; by default the one of training.")
    string("content", "", "Your own file to swap the content (of speech, the voice) of, or to reconstruct.")
    string("motion", "", "Your own file to take the motion (of speech, what is said) from.")
    return values


def main(argv):
    """Write the picture that `argv` asks for; see the module's docstring."""
    values = _define()
    if not flags.parse(values, argv, __doc__):
        return 0
    flags.required(values, "run_dir")
    if values.mode == "swap" and values.num < 2:
        raise InputError(f"--num={values.num}: swap needs 2 clips, one for content, one for motion")
    if values.content or values.motion:
        return _own_files(values)
    path = values.out or os.path.join(values.run_dir, "figures", values.mode + MODES[values.mode])
    figures.check_path(path)

    import rwae_tf

    model, names = rwae_tf.load(values.run_dir), None
    if values.mode == "actions":
        if not model.config.model.action_size or model.spec.modality == "speech":
            raise InputError(f"--mode=actions: {values.run_dir} is no model of videos with actions; train one with "
                             "--action_size=A")
        from rwae_tf.runs import run_dir

        clips, names = action_matching.table(model, values.num, values.length or model.spec.length, values.seed,
                                    run_dir.read_actions(values.run_dir, model))
    elif model.spec.modality == "speech":
        return _speak(model, values, values.out or os.path.splitext(path)[0] + ".png")
    elif values.mode == "generate":
        clips = model.generate(num=values.num, length=values.length or 100, seed=values.seed)
    else:
        tables = {"swap": swaps, "reconstruct": pairs, "resample_motion": functools.partial(motions, seed=values.seed)}
        clips = tables[values.mode](model, _test_clips(model.config, values))
    figures.write(np.asarray(clips), path, scale=scale(model), names=names)
    print(f"{path} ({files.size(path) / 1000:.0f} KB)")
    return 0


def _own_files(values):
    """Write what the model makes of the files that --content and --motion name."""
    from rwae_tf.data.video import single

    names = OWN.get(values.mode)
    if not names:
        raise InputError(f"--mode={values.mode}: --content and --motion go with {' and '.join(OWN)}")
    for name in ("content", "motion"):
        if bool(values[name].value) != (name in names):
            wrong = "missing" if name in names else "has no effect; drop it"
            raise InputError(f"--{name}: {wrong}; --mode={values.mode} of your own files takes "
                             f"{' and '.join('--' + flag for flag in names)}")
        if values[name].value and not os.path.exists(single.file_of(values[name].value)):
            raise InputError(f"--{name}={values[name].value}: no such file or folder")
    for name in ("num", "seed", "data_dir"):
        if values[name].present:
            raise InputError(f"--{name}: has no effect on your own files; drop it")

    import rwae_tf

    model = rwae_tf.load(values.run_dir)
    speech = model.spec.modality == "speech"
    path = values.out or os.path.join(values.run_dir, "figures", values.mode + (".wav" if speech else ".gif"))
    (_check_sound if speech else figures.check_path)(path)
    clips = [_read(model, values[name].value, values.length) for name in names]
    for written in (_write_sound if speech else _write_video)(model, clips, path):
        print(f"{written} ({files.size(written) / 1000:.0f} KB)")
    return 0


def _read(model, path, length):
    """One clip [1, T, ...] of a file as the model takes it."""
    options, spec = model.config.data, model.spec
    if spec.modality == "speech":
        from rwae_tf.data.speech import single

        return single.frames(path, options.spectrum, options.min_db, spec.length, length)[None]
    from rwae_tf.data.video import single

    return single.frames(path, spec.frame_shape[0], spec.frame_shape[-1], options.frame_step, length)[None]


def _write_video(model, clips, path):
    """Write the swap of two clips, or the reconstruction of one; returns a list of the path."""
    made = model.swap(content=clips[0], motion=clips[1]) if len(clips) == 2 else model.reconstruct(clips[0])
    figures.write(np.asarray(made), path, scale=scale(model), names=None)
    return [path]


def _check_sound(path):
    if not path.endswith((".wav", ".png")):
        raise InputError(f"{path}: speech is written as a .wav, or as a .png with the .wav beside it")


def _write_sound(model, clips, path):
    """Write what the second clip says with the voice of the first, or the reconstruction of one; returns the paths."""
    from rwae_tf import spoken
    from rwae_tf.data.speech import audio, spectra

    made = spoken.converted(model, clips[0], clips[-1])
    files.make_folder(os.path.dirname(path if files.is_remote(path) else os.path.abspath(path)))
    sound = os.path.splitext(path)[0] + ".wav"
    audio.write_wav(sound, spectra.to_audio(made[0], model.config.data.spectrum))
    if path == sound:
        return [sound]
    figures.write(figures.painter("speech", made)(made), path)
    return [path, sound]


def _speak(model, values, path):
    """Write the spectrograms and the sound of a model of speech."""
    from rwae_tf import spoken

    if values.mode == "resample_motion":
        raise InputError(
            f"--mode=resample_motion: {values.run_dir} is a model of speech; use generate, swap or reconstruct"
        )
    spoken.check_path(path)
    length = values.length or spoken.SEGMENTS * model.spec.length
    if values.mode == "generate":
        shown = spoken.generate(model, values.num, length, values.seed)
    else:
        clips = _test_split(model.config, values, model.spec.length)
        rows = spoken.stretches(clips, length)
        if values.num > len(rows):
            raise InputError(f"--num={values.num}: the test split has {len(rows)} utterances of {length} frames")
        chosen = np.random.default_rng(values.seed).permutation(len(rows))[: values.num]
        real = spoken.joined(clips, rows[chosen])
        shown = spoken.swap(model, real) if values.mode == "swap" else spoken.reconstruct(model, real)
    for written in spoken.write(model, *shown, path):
        print(f"{written} ({files.size(written) / 1000:.0f} KB)")
    return 0


def _test_split(config, values, length):
    """The `Clips` of the test split."""
    from rwae_tf import data

    options = dataclasses.replace(config.data, data_dir=values.data_dir or config.data.data_dir)
    return data.from_config(options, "test", length, config.training.seed)


def _test_clips(config, values):
    """`num` clips [num, T, H, W, C] of the test split, chosen by the seed."""
    clips = _test_split(config, values, values.length or config.evaluation.test_length or None)
    if values.num > len(clips):
        raise InputError(f"--num={values.num}: the test split of {config.data.dataset} has {len(clips)} clips")
    return clips.batch(np.random.default_rng(values.seed).permutation(len(clips))[: values.num])["x"]


def scale(model):
    """How often a pixel of the model's frames is repeated in a picture."""
    return max(1, SIDE // model.spec.frame_shape[0])


def pairs(model, real):
    """The table [num, 2, ...] of `real` clips, each beside its reconstruction."""
    return np.stack([real, model.reconstruct(real)], axis=1)


def motions(model, real, seed):
    """The table [num, 1 + MOTIONS, ...] of `real` clips, each beside clips of its z_c with z_m from the prior."""
    z_c = np.repeat(model.encode(real).z_c, MOTIONS, axis=0)
    drawn = model.generate(z_c=z_c, length=real.shape[1], seed=seed)
    return np.concatenate([real[:, None], np.reshape(drawn, (len(real), MOTIONS, *real.shape[1:]))], axis=1)


def swaps(model, real):
    """The swap table of `real` clips: the first half gives the content, the others the motion."""
    content, motion = real[: len(real) // 2], real[len(real) // 2 :]
    rows, columns = len(content), len(motion)
    mixed = model.swap(content=np.repeat(content, columns, axis=0), motion=np.concatenate([motion] * rows))
    return figures.grids.swap_table(content, motion, np.reshape(mixed, (rows, *motion.shape)))


def cli():
    """Console script."""
    entry_point.run(main)


if __name__ == "__main__":
    cli()
