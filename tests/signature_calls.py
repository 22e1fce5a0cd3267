"""Requests to signatures of an exported model, and what must come of them."""

import io

import numpy as np
from PIL import Image


def encode_images(video):
    """Videos [B, T, H, W, C] as PNG bytes [B, T]."""
    images = np.empty(video.shape[:2], object)
    for index in np.ndindex(images.shape):
        buffer = io.BytesIO()
        frame = np.rint(video[index] * 255).astype(np.uint8)
        Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame).save(buffer, "PNG")
        images[index] = buffer.getvalue()
    return images


def decode_images(images, channels):
    """PNG bytes [B, T] as uint8 [B, T, H, W, C]."""
    frames = [np.asarray(Image.open(io.BytesIO(image))) for image in images.ravel()]
    return np.stack(frames).reshape(*images.shape, *frames[0].shape[:2], channels)


def request(exported, verb, batch, length):
    """Inputs of a verb and what the model itself answers, both name -> array."""
    model, x = exported.model, exported.x[:batch, :length]
    codes = model.encode(x)
    named = {name: np.asarray(code) for name, code in codes._asdict().items() if code is not None}
    if verb == "encode":
        return {"video": x}, named
    if verb == "decode":
        return named, {"video": np.asarray(model.decode(codes))}
    if verb == "reconstruct":
        return {"video": x}, {"video": np.asarray(model.reconstruct(x))}
    if verb == "swap":
        return {"content": x, "motion": x[::-1]}, {"video": np.asarray(model.swap(content=x, motion=x[::-1]))}
    seeds = np.arange(7, 7 + batch, dtype=np.int32)
    inputs = {"seed": seeds, "length": np.full(batch, length, np.int32)}
    if exported.actions:
        inputs["action"] = np.eye(exported.actions, dtype=np.float32)[np.arange(batch) % exported.actions]
    video = model.generate(batch, length, seed=seeds, action=inputs.get("action"))
    return inputs, {"video": np.asarray(video)}


def is_video(array):
    return array.ndim == 5


def as_bytes(arrays):
    """`arrays` with each video as images, the name as in the `_bytes` signatures."""
    return {name + "_bytes" if is_video(array) else name: encode_images(array) if is_video(array) else array
            for name, array in arrays.items()}


def as_levels(arrays):
    """`arrays` with each video in uint8, the name as in the `_uint8` signatures."""
    return {name + "_uint8" if is_video(array) else name: np.rint(255 * array).astype(np.uint8) if is_video(array) else
            array for name, array in arrays.items()}


def assert_equal(answer, expected, channels):
    """Floats within 1e-5; levels and images within the half level of rounding that this leaves."""
    assert set(answer) in (set(expected), set(as_bytes(expected)), set(as_levels(expected)))
    for name, array in expected.items():
        if name in answer:
            np.testing.assert_allclose(answer[name], array, rtol=0, atol=1e-5)
            continue
        levels = answer.get(name + "_uint8")
        if levels is None:
            levels = decode_images(answer[name + "_bytes"], channels)
        assert levels.dtype == np.uint8
        np.testing.assert_allclose(levels, 255 * array, rtol=0, atol=0.5 + 255e-5)
