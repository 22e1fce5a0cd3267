"""Clips and codes in files, as a served model takes and gives them.

Clips are read from .npy files and folders of pictures, and written as .npy, .gif, .mp4 or .wav. Codes are .npz files.
"""

import contextlib
import importlib.util
import io
import os
import re
import zipfile

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")


def _load(path):
    """The array in a .npy, or the arrays by name in an .npz."""
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        with found:
            return {name: found[name] for name in found.files}
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: not a .npy or .npz that can be read ({error})") from None


def load_clips(path):
    """The clips in a .npy or a folder of pictures: N lists of T PNG images; of speech, [N, T, F], the array."""
    clips = read_folder(path) if os.path.isdir(path) else _load(path)
    if isinstance(clips, dict):
        raise ValueError(f"{path}: an .npz, expected a .npy of clips")
    if clips.ndim == 3 and clips.dtype.kind == "f":
        return clips
    try:
        return to_images(clips)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read_folder(path):
    """The pictures of a folder, in the order of the numbers in their names, as one clip: uint8 [1, T, H, W, 3]."""
    names = [name for name in os.listdir(path) if name.lower().endswith(PICTURES) and not name.startswith(".")]
    if not names:
        raise ValueError(f"{path}: holds no pictures ({', '.join(PICTURES)})")
    if len({re.sub("[0-9]+", "#", os.path.splitext(name)[0]) for name in names}) > 1:
        raise ValueError(f"{path}: pictures of several kinds; their names may differ in numbers alone")
    names.sort(key=lambda name: [int(number) for number in re.findall("[0-9]+", name)])
    frames = [_upright(os.path.join(path, name)) for name in names]
    if len({frame.shape for frame in frames}) > 1:
        raise ValueError(f"{path}: pictures of several sizes")
    return np.stack(frames)[np.newaxis]


def _upright(path):
    """A picture as it is shown: uint8 RGB, turned by its Exif orientation, transparent parts black."""
    try:
        with Image.open(path) as picture:
            if picture.mode[0] in "IF":
                raise ValueError(f"{path}: has more than 8 bits to a channel; write it with 8")
            picture = ImageOps.exif_transpose(picture).convert("RGBA")
    except UnidentifiedImageError:
        raise ValueError(f"{path}: not a picture that can be read") from None
    return np.asarray(Image.alpha_composite(Image.new("RGBA", picture.size, (0, 0, 0, 255)), picture).convert("RGB"))


def load_codes(path):
    """The codes in an .npz, a dictionary for each clip."""
    codes = _load(path)
    if not isinstance(codes, dict) or not {"z_c", "z_m"} <= set(codes) <= {"z_c", "z_m", "action"}:
        held = ", ".join(codes) if isinstance(codes, dict) else "one array"
        raise ValueError(f"{path}: holds {held}; expected an .npz of z_c, z_m (, action), as encode writes it")
    _same_counts(path, codes)
    return [dict(zip(codes, row, strict=True)) for row in zip(*codes.values(), strict=True)]


def _same_counts(path, arrays):
    """Refuse arrays of different numbers of clips."""
    counts = {name: len(array) if np.ndim(array) else 1 for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"{path}: {', '.join(f'{name} has {count}' for name, count in counts.items())} clips; give as "
                         "many of each")


def to_images(clips):
    """Clips [N, T, H, W, C] as N lists of T PNG images."""
    clips = np.asarray(clips)
    if clips.ndim != 5 or clips.shape[-1] not in (1, 3) or 0 in clips.shape:
        raise ValueError(f"clips have shape {clips.shape}, expected [N, T, H, W, 1 or 3], or of speech float [N, T, F]")
    if clips.dtype != np.uint8:
        if not (clips.min() >= 0 and clips.max() <= 1):
            raise ValueError(f"clips have values from {clips.min()} to {clips.max()}, expected 0 to 1, or uint8")
        clips = np.rint(clips * 255).astype(np.uint8)
    return [[_png(frame) for frame in clip] for clip in clips]


def _png(frame):
    buffer = io.BytesIO()
    Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame).save(buffer, "PNG")
    return buffer.getvalue()


def to_clips(predictions):
    """Predictions as clips: N lists of T images as uint8 [N, T, H, W, C]; of speech, float32 [N, T, F]."""
    if not isinstance(predictions[0][0], bytes):
        return np.array(predictions, np.float32)
    clips = np.array([[np.asarray(Image.open(io.BytesIO(image))) for image in clip] for clip in predictions])
    return clips if clips.ndim == 5 else clips[..., np.newaxis]


def save(clips, path, describe):
    """Write clips as .npy, side by side as a .gif or .mp4, or, of speech, one after the other as a .wav.

    Args:
      clips: uint8 [N, T, H, W, C]; of speech, float [N, T, F].
      path: of the file; its ending says in which form.
      describe: gives what the model says of itself. Called for a .wav only.
    """
    if path.endswith(".npy"):
        return np.save(path, clips)
    if path.endswith(".wav") != (clips.ndim == 3):
        raise ValueError(f"{path}: " + ("speech is written as a .npy, of decibels, or as a .wav" if clips.ndim == 3
                                        else "videos are written as a .npy, .gif or .mp4"))
    if clips.ndim == 3:
        with package_for(path):
            from rwae_tf.data.speech import audio, spectra
        spectrum = describe()["configuration"]["data"]["spectrum"]
        return audio.write_wav(path, spectra.to_audio(np.concatenate(clips), spectrum))
    frames = np.concatenate(np.pad(clips, [(0, 0), (0, 0), (1, 1), (1, 1), (0, 0)], constant_values=128), axis=2)
    if path.endswith(".mp4"):
        return _write_mp4(frames, path)
    first, *rest = (Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame) for frame in frames)
    first.save(path, save_all=True, append_images=rest, duration=100, loop=0)


def _write_mp4(frames, path):
    """Write frames [T, H, W, C], uint8, as H.264 of 10 frames a second; a grey edge makes odd sizes even."""
    import imageio_ffmpeg

    frames = np.pad(frames, [(0, 0), (0, frames.shape[1] % 2), (0, frames.shape[2] % 2), (0, 0)], constant_values=128)
    frames = np.repeat(frames, 3, axis=-1) if frames.shape[-1] == 1 else frames
    writer = imageio_ffmpeg.write_frames(path, frames.shape[2:0:-1], fps=10, macro_block_size=2)
    writer.send(None)
    for frame in frames:
        writer.send(np.ascontiguousarray(frame))
    writer.close()


def check_output(path, suffixes):
    """Refuse, before the server is asked, an output of another kind, in no folder or that no package here writes."""
    if not path.endswith(suffixes):
        raise ValueError(f"{path}: the output must end in {' or '.join(suffixes)}")
    if path.endswith(".mp4") and not importlib.util.find_spec("imageio_ffmpeg"):
        raise ValueError(f"{path}: imageio-ffmpeg is not installed; pip install imageio-ffmpeg, or write a .gif")
    if not os.path.isdir(os.path.dirname(path) or "."):
        raise ValueError(f"{path}: no such folder")


@contextlib.contextmanager
def package_for(path):
    """A block that imports rwae_tf, without which `path` is not read or written."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ValueError(f"{path}: needs the package {error.name}, which is not installed; or give and take .npy "
                         "files") from None
