"""Frame encoders x_t -> h_t and frame decoders h_t -> x_t, one family per file."""

from typing import Sequence, Tuple

from keras import layers

from rwae_tf.backbones import biggan, simple, speech, text_filter
from rwae_tf.config import ModelConfig
from rwae_tf.errors import InputError
from rwae_tf.layers.policy import Policy

_FAMILIES = {"dcgan": (simple.DcganEncoder, simple.DcganDecoder),
             "ds_vae256": (simple.DsVaeEncoder, simple.DsVaeDecoder),
             "biggan": (biggan.BigganEncoder, biggan.BigganDecoder),
             "text_filter": (text_filter.TextFilterEncoder, text_filter.TextFilterDecoder),
             "speech": (speech.SpeechEncoder, speech.SpeechDecoder)}


def build(policy: Policy, model: ModelConfig, frame_shape: Sequence[int]) -> Tuple[layers.Layer, layers.Layer]:
    """The frame encoder and frame decoder of a configuration.

    Args:
      policy: the `Policy` that makes their layers.
      model: a `ModelConfig`; of it `backbone`, `channels`, `decoder_channels`, `feature_size` and `conditioning`.
      frame_shape: (H, W, C), or (F,) of speech.

    Returns:
      (encoder, decoder): layers [N, *frame_shape] -> [N, Dh] and [N, Dh] -> logits [N, *frame_shape].

    Raises:
      InputError: for a backbone of pictures with frames of speech, or the other way round.
    """
    if (model.backbone == "speech") != (len(frame_shape) == 1):
        kind, mend = ("speech", "speech") if len(frame_shape) == 1 else ("pictures", "dcgan")
        raise InputError(f"backbone={model.backbone}: frames of shape {list(frame_shape)} are {kind}; take "
                         f"--backbone={mend}")
    encoder, decoder = _FAMILIES[model.backbone]
    own = {"conditioning": model.conditioning} if model.backbone == "biggan" else {}
    return (encoder(policy, frame_shape, model.channels, model.feature_size, name="frame_encoder"),
            decoder(policy, frame_shape, model.decoder_channels or model.channels, **own, name="frame_decoder"))
