"""The signatures of an exported model: the five verbs on tensors of numbers, of bytes, and on encoded images.

All tensors are named and batch-first, of any batch size B and any length T:

    encode       video -> z_c, z_m (, action)        posterior means
    decode       z_c, z_m (, action) -> video
    reconstruct  video -> video
    swap         content, motion -> video            content of the one, motion of the other
    generate     seed, length (, action) -> video    codes drawn from the priors

Videos are float32 [B, T, H, W, C] in [0, 1]. A model of speech has `speech`, float32 [B, T, F] in decibels, instead.
Each verb of a video model also has two twins. The videos of `encode_uint8` and so on are uint8 [B, T, H, W, C], a
quarter of the size in gRPC. Those of `encode_bytes` and so on are strings [B, T]: one image per frame, PNG or JPEG in,
PNG out. JSON carries them as base64, many times smaller than lists of numbers. `serving.images` says how they are read.

A model without an encoder has `generate` and `decode` alone.

Shapes and values are checked in the graph (`serving.checks`). `metadata` gives a text, JSON that says what the model
is, for each of any int32 `rows` [B].
"""

import tensorflow as tf

from rwae_tf.serving import checks, images
from rwae_tf.serving.assets import MAX_LENGTH
from rwae_tf.types import Codes

UINT8, BYTES = "_uint8", "_bytes"
_VIDEO_RANK = 5


def signatures(model, max_length=MAX_LENGTH):
    """The served functions of `model`: name -> tf.function with an input signature.

    "encode" comes first; of a model without an encoder, which has "generate" and "decode" alone, "generate".

    Args:
      max_length: frames that `generate` may be asked for.
    """
    floats = on_tensors(model, max_length)
    if model.spec.modality != "video":
        return floats
    frame_shape = model.spec.frame_shape
    kinds = {UINT8: (tf.TensorSpec((None, None, *frame_shape), tf.uint8), images.from_levels, images.to_levels),
             BYTES: (tf.TensorSpec((None, None), tf.string), lambda x: images.decode(x, frame_shape), images.encode)}
    twins = {name + suffix: _twin(function, suffix, *kind)
             for suffix, kind in kinds.items() for name, function in floats.items()}
    return {**floats, **twins}


def on_tensors(model, max_length=MAX_LENGTH):
    """Those of `signatures` that take and give clips as numbers, not as encoded files."""
    return {name: _traced(_checked(name, verb, specs, model.spec.modality, max_length), specs)
            for name, (verb, specs) in verbs(model).items()}


def metadata(text):
    """Make a signature that returns `text`."""
    def answer(rows):
        return {"metadata": tf.fill([tf.size(rows)], text)}

    return _traced(answer, [tf.TensorSpec((None,), tf.int32, "rows")])


def inputs(function):
    """Name -> TensorSpec of each input of a signature, in the order of its arguments."""
    arguments = function.get_concrete_function().structured_input_signature[0]
    return {spec.name: spec for spec in arguments if spec is not None}


def outputs(function):
    """Name -> TensorSpec of each output of a signature."""
    return function.get_concrete_function().structured_outputs


def verbs(model, clips=None, frames=None):
    """The verbs on tensors that the model has, without checks of values: name -> (function, its TensorSpecs).

    Args:
      clips, frames: sizes B and T; None leaves them free.
    """
    options, modality = model.config.model, model.spec.modality
    x, content, motion = (tf.TensorSpec((clips, frames, *model.spec.frame_shape), tf.float32, name)
                          for name in (modality, "content", "motion"))
    z_c = tf.TensorSpec((clips, options.content_size), tf.float32, name="z_c")
    z_m = tf.TensorSpec((clips, frames, options.motion_size), tf.float32, name="z_m")
    seed, length = (tf.TensorSpec((clips,), tf.int32, name=name) for name in ("seed", "length"))
    action = [tf.TensorSpec((clips, options.action_size), tf.float32, "action")] if options.action_size else []

    def encode(x):
        codes = model.encode_codes(x)
        return {name: code for name, code in codes._asdict().items() if code is not None}

    def decode(z_c, z_m, action=None):
        return {modality: model.decode_codes(Codes(z_c, z_m, action))}

    def reconstruct(x):
        return {modality: model.decode_codes(model.encode_codes(x))}

    def swap(content, motion):
        moving = model.encode_codes(motion)
        return {modality: model.decode_codes(moving._replace(z_c=model.encode_codes(content).z_c))}

    def generate(seed, length, action=None):
        # One graph draws all rows together, so each gets as many frames as the longest one asked for.
        codes = model.generate_codes(seed, tf.reduce_max(length), action=action)
        return {modality: model.decode_codes(codes)}

    drawing = {"decode": (decode, [z_c, z_m, *action]), "generate": (generate, [seed, length, *action])}
    if not model.has_encoder:
        return {name: drawing[name] for name in ("generate", "decode")}
    return {"encode": (encode, [x]), "decode": drawing["decode"], "reconstruct": (reconstruct, [x]),
            "swap": (swap, [content, motion]), "generate": drawing["generate"]}


def _checked(name, verb, specs, modality, max_length):
    """`verb`, a function of tensors, once their values are checked."""
    def checked(*tensors):
        answer = verb(*checks.values(tensors, specs, modality, max_length))
        return {modality: checks.finite_output(answer[modality], modality)} if name == "decode" else answer

    return checked


def _traced(function, specs):
    """`function` as a tf.function traced for `specs`, one for each of its arguments, whose shapes it checks."""
    def shaped(*tensors):
        return function(*checks.shapes(tensors, specs))

    traced = tf.function(shaped, input_signature=specs, autograph=False)
    traced.get_concrete_function()
    return traced


def _twin(function, suffix, form, decode, encode):
    """`function` with another form of each video among its inputs and outputs, and `suffix` in their names.

    Args:
      form: TensorSpec of that form; decode: form -> video; encode: video -> form.
    """
    def is_video(tensor):
        return tensor.shape.rank == _VIDEO_RANK

    def twin(*tensors):
        tensors = [decode(x) if x.dtype == form.dtype else x for x in tensors]
        answer = function(*tensors).items()
        encoded = {name + suffix: encode(y) for name, y in answer if is_video(y)}
        return {**encoded, **{name: y for name, y in answer if not is_video(y)}}

    return _traced(twin, [tf.TensorSpec(form.shape, form.dtype, name + suffix) if is_video(spec) else spec
                          for name, spec in inputs(function).items()])
