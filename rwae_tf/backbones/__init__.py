"""Frame encoders x_t -> h_t and frame decoders h_t -> x_t, one family per file."""

from rwae_tf.backbones import simple

_FAMILIES = {"dcgan": (simple.DcganEncoder, simple.DcganDecoder),
             "ds_vae256": (simple.DsVaeEncoder, simple.DsVaeDecoder)}


def build(model, frame_shape):
    """The frame encoder and frame decoder of a configuration.

    Args:
      model: a `ModelConfig`; its `backbone`, `channels` and `feature_size` are read.
      frame_shape: (H, W, C).

    Returns:
      (encoder, decoder): layers [N, H, W, C] -> [N, Dh] and [N, Dh] -> logits [N, H, W, C].
    """
    encoder, decoder = _FAMILIES[model.backbone]
    return (encoder(frame_shape, model.channels, model.feature_size, name="frame_encoder"),
            decoder(frame_shape, model.channels, name="frame_decoder"))
