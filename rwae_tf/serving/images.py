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
    """Videos float32 [B, T, H, W, C] in [0, 1] of PNG or JPEG images [B, T] of the frame shape [H, W, C].

    Only the decoders run image by image: what is computed of all images at once costs a fraction.
    """
    height, width, channels = frame_shape
    is_png, checked = _check(tf.reshape(images, [-1]))
    pixels = tf.map_fn(lambda image: _of_size(tf.cond(image[0], lambda: _read_png(image[1]),
                                                      lambda: _read_jpeg(image[1])), height, width),
                       (is_png, checked), fn_output_signature=tf.TensorSpec((height, width, 4), tf.uint8))
    frames = _over_black(pixels)
    if channels == 1:
        luma = tf.reduce_sum(frames * [_RED, _GREEN, _BLUE], -1, keepdims=True) + 2**15
        frames = tf.bitwise.right_shift(luma, 16)
    return tf.reshape(tf.cast(frames, tf.float32) / 255, tf.concat([tf.shape(images), frame_shape], axis=0))


def encode(video):
    """PNG images [B, T] of `video` [B, T, H, W, C] in [0, 1]."""
    return tf.io.encode_png(to_levels(video))


def from_levels(levels):
    """Values float32 in [0, 1] of uint8 levels."""
    return tf.cast(levels, tf.float32) / 255


def to_levels(video):
    """The nearest uint8 levels of values in [0, 1]."""
    return tf.cast(tf.round(tf.clip_by_value(video, 0, 1) * 255), tf.uint8)


def _check(images):
    """Which of the images [N] are PNG, and the images, unless one is refused."""
    is_png = tf.equal(tf.strings.substr(images, 0, len(_PNG)), _PNG)
    is_jpeg = tf.equal(tf.strings.substr(images, 0, len(_JPEG)), _JPEG)
    turned, depth, hdr, cmyk = (tf.strings.regex_full_match(images, text) for text in (_TURNED, _DEPTH, _HDR, _CMYK))
    for fits, words in ((is_png | is_jpeg, "image: neither PNG nor JPEG; write it as one of them"),
                        (~turned, "image: turned by an Exif orientation; turn its pixels instead"),
                        (~(is_png & (depth | hdr)), "image: a PNG in HDR, or not of 8 bits; write it with 8"),
                        (is_png | ~cmyk, "image: a JPEG of CMYK; write it as RGB")):
        with checks.refused(tf.reduce_all(fits), words):
            images = tf.identity(images)
    return is_png, images


def _read_png(image):
    return tf.io.decode_png(image, channels=4)


def _read_jpeg(image):
    pixels = tf.io.decode_jpeg(image, channels=3, dct_method="INTEGER_ACCURATE")
    return tf.pad(pixels, [[0, 0], [0, 0], [0, 1]], constant_values=tf.constant(255, tf.uint8))


def _of_size(pixels, height, width):
    """The pixels [height, width, 4] of an image, unless it has another size."""
    found = tf.shape(pixels)
    with checks.refused(tf.reduce_all(tf.equal(found[:2], [height, width])), "image: ", found[1], "x", found[0],
                        f" pixels; the model takes {width}x{height}"):
        # No ensure_shape: it has been seen to run before the check, and then answers with the four channels read here.
        return tf.reshape(pixels, (height, width, 4))


def _over_black(pixels):
    """uint8 RGBA as the RGB that is seen over black: int32, rounded as by Pillow's alpha_composite."""
    pixels = tf.cast(pixels, tf.int32)
    scaled = pixels[..., :3] * pixels[..., 3:] * 128 + 2**14
    return tf.bitwise.right_shift(tf.bitwise.right_shift(scaled, 8) + scaled, 15)
