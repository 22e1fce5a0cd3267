"""Images as bytes to frames and back, in the graph of an exported model.

An image becomes the frame that the dataset `folder` would make of it: transparent parts black, grey by the luma of
ITU-R 601, both rounded as Pillow rounds. TensorFlow does not turn by an orientation, cuts 16 bits off, takes fewer than
8 for dark and converts CMYK otherwise, so images that need any of these are refused.
"""

import tensorflow as tf

from rwae_tf.serving import checks

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
# The entry of the orientation in Exif data, of either byte order, if it is not 1, upright. \C is any byte.
_TURNED = (r"\C*(Exif\x00\x00|eXIf)\C*(\x12\x01\x03\x00\x01\x00\x00\x00[\x02-\x08]\x00|"
           r"\x01\x12\x00\x03\x00\x00\x00\x01\x00[\x02-\x08])\C*")
_DEPTH = r"\C{24}[\x01\x02\x04\x10]\C*"  # bits to a channel, or of a palette's number, that a PNG declares
_CMYK = r"\C*Adobe\x00\C{5}[\x00\x02]\C*"  # of a JPEG: channels that are no luma and chroma
_HDR = r"\C*cICP\C(\x10|\x12)\C*"  # a PNG's PQ and HLG
_RED, _GREEN, _BLUE = 19595, 38470, 7471  # luma in 65536ths


def decode(images, frame_shape):
    """Videos float32 [B, T, H, W, C] in [0, 1] of PNG or JPEG images [B, T] of the frame shape [H, W, C]."""
    frame = tf.TensorSpec(frame_shape, tf.uint8)
    frames = tf.map_fn(lambda image: _decode_frame(image, frame_shape), tf.reshape(images, [-1]),
                       fn_output_signature=frame)
    return tf.reshape(from_levels(frames), tf.concat([tf.shape(images), frame_shape], axis=0))


def encode(video):
    """PNG images [B, T] of `video` [B, T, H, W, C] in [0, 1]."""
    return tf.io.encode_png(to_levels(video))


def from_levels(levels):
    """Values float32 in [0, 1] of uint8 levels."""
    return tf.cast(levels, tf.float32) / 255


def to_levels(video):
    """The nearest uint8 levels of values in [0, 1]."""
    return tf.cast(tf.round(tf.clip_by_value(video, 0, 1) * 255), tf.uint8)


def _decode_frame(image, frame_shape):
    """The frame, uint8 `frame_shape`, of one image."""
    is_png = tf.equal(tf.strings.substr(image, 0, len(_PNG)), _PNG)
    is_jpeg = tf.equal(tf.strings.substr(image, 0, len(_JPEG)), _JPEG)
    turned, depth, hdr, cmyk = (tf.strings.regex_full_match(image, text) for text in (_TURNED, _DEPTH, _HDR, _CMYK))
    with checks.refused(is_png | is_jpeg, "image: neither PNG nor JPEG; write it as one of them"):
        image = tf.identity(image)
    with checks.refused(~turned, "image: turned by an Exif orientation; turn its pixels instead"):
        image = tf.identity(image)
    with checks.refused(~(is_png & (depth | hdr)), "image: a PNG in HDR, or not of 8 bits; write it with 8"):
        image = tf.identity(image)
    with checks.refused(is_png | ~cmyk, "image: a JPEG of CMYK; write it as RGB"):
        image = tf.identity(image)
    pixels = tf.cond(is_png, lambda: _over_black(tf.io.decode_png(image, channels=4)),
                     lambda: tf.cast(tf.io.decode_jpeg(image, channels=3, dct_method="INTEGER_ACCURATE"), tf.int32))
    if frame_shape[-1] == 1:
        pixels = (tf.reduce_sum(pixels * [_RED, _GREEN, _BLUE], -1, keepdims=True) + 2**15) // 2**16
    return tf.ensure_shape(tf.cast(pixels, tf.uint8), frame_shape)


def _over_black(pixels):
    """RGBA as the RGB that is seen over black: int32, rounded as by Pillow's alpha_composite."""
    pixels = tf.cast(pixels, tf.int32)
    scaled = pixels[..., :3] * pixels[..., 3:] * 128 + 2**14
    return (scaled // 2**8 + scaled) // 2**15
