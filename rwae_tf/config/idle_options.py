"""Refuse options that have no effect beside other options, instead of ignoring them."""

import dataclasses

from rwae_tf.config import schedule
from rwae_tf.config.schema import SECTIONS, scheduled
from rwae_tf.errors import InputError

_VIDEOS = ("folder", "mug")
_SPEECH = ("timit", "librispeech", "speakers")
# Option -> (another option, the values of it beside which the option has an effect). Datasets of a user's own may take
# any option of the data, so those of the data are in `_OF_DATASETS`.
_NEEDS = {
    "scale_weight": ("content_divergence", ("scaled_mmd",)),
    "scale_samples": ("content_divergence", ("scaled_mmd",)),
    "critic_features": ("content_divergence", ("scaled_mmd",)),
    "gradient_penalty_weight": ("content_divergence", ("adversarial",)),
    "gradient_penalty_of": ("content_divergence", ("adversarial",)),
    "gradient_penalty_at": ("content_divergence", ("adversarial",)),
    "encoder_loss": ("content_divergence", ("adversarial",)),
    "conditioning": ("backbone", ("biggan",)),
}
_NEED_ACTION = ("action_input", "temperature", "action_weight", "action_kl", "action_divergence_weight",
                "motion_given_action", "category_training", "category_weight")
_OF_DATASETS = {
    "num_digits": ("sm_mnist",), "frame_step": _VIDEOS, "split_by": _VIDEOS, "label_names": ("folder",),
    "motion_labels": ("folder",), "grey": ("folder",), "splits": ("folder",), "frame_pattern": ("folder",),
    "sample_range": ("folder",), "spectrum": _SPEECH, "utterance_seconds": _SPEECH,
    "skip_invalid": ("moving_shapes", "folder", *_SPEECH), "size": ("sm_mnist", "sprites", "moving_shapes", *_VIDEOS),
    "min_db": _SPEECH, "test_fraction": _SPEECH, "speaker_lists": _SPEECH,
}
_DS_VAES = ("ds_vae", "c_dsvae")
_AUTOENCODERS = ("rwae", *_DS_VAES)  # that share encoders, motion prior and decoder
_OF_MODELS = {
    **dict.fromkeys((
        "backbone", "feature_size", "content_encoder", "decoder", "motion_input", "motion_input_scale",
        "motion_initial_scale", "action_input", "temperature", "train_content",
        "action_weight", "action_kl", "action_divergence_weight"), _AUTOENCODERS),
    **dict.fromkeys(("channels", "decoder_channels", "action_size"), (*_AUTOENCODERS, "mocogan")),
    **dict.fromkeys(("reconstruction", "hidden_size", "motion_kl_weight", "content_kl_weight", "evaluate_content"),
                    (*_AUTOENCODERS, "fhvae")),
    **dict.fromkeys(("motion_posterior", "motion_kl_prior"), _DS_VAES),
    **dict.fromkeys(("content_contrast_weight", "motion_contrast_weight", "mutual_information_weight",
                     "contrast_temperature"), ("c_dsvae",)),
    **dict.fromkeys(("discriminative_weight", "sequences_per_round"), ("fhvae",)),
    "learning_rate": (*_DS_VAES, "fhvae", "mocogan"), "l2_weight": ("fhvae", "mocogan"),
    "reuse_batch": ("rwae", "mocogan"),
    **dict.fromkeys(("category_training", "category_weight", "instance_noise"), ("mocogan",)),
    **dict.fromkeys((
        "content_divergence", "content_weight", "motion_weight", "mmd_cross_coefficient", "mmd_estimator",
        "motion_kernel", "motion_bandwidths", "motion_bandwidth_rule", "motion_samples", "motion_given_action",
        "motion_horizon", "horizon_weight", "scale_weight", "scale_samples", "critic_features",
        "gradient_penalty_weight", "gradient_penalty_of", "gradient_penalty_at", "encoder_loss", "inference_steps",
        "adaptive_inference_steps", "joint_update", "decoder_learning_rate", "encoder_learning_rate",
        "critic_learning_rate"), ("rwae",)),
}
_DATASETS = ("sm_mnist", "sprites", "moving_shapes", *_VIDEOS, *_SPEECH)


def refuse(config):
    """Refuse a configuration with an option that is not at its default and has no effect.

    Raises:
      InputError: naming the option, the reason and the remedy.
    """
    values = {field.name: getattr(getattr(config, section), field.name)
              for section, kind in SECTIONS.items() for field in dataclasses.fields(kind)}
    defaults = {field.name: field.default for kind in SECTIONS.values() for field in dataclasses.fields(kind)}
    for name, *reasons in _idle(values):
        if values[name] != defaults[name]:
            causes = " and ".join("{}" for _ in reasons)
            value = schedule.as_text(values[name]) if name in scheduled() else values[name]
            raise InputError(f"{{}} does nothing with {causes}; drop it", (name, value), reasons)


def _idle(values):
    """(option, (cause, its value), ...) for every option that does nothing beside `values`."""
    model, no_action = ("model", values["model"]), ("action_size", 0)
    yield from ((name, model) for name, own in _OF_MODELS.items() if values["model"] not in own)
    # What is gathered over replicas: samples for MMDs, and the aggregated posterior of an action.
    if values["model"] not in ("rwae", "c_dsvae") and not (values["model"] == "ds_vae" and values["action_size"]):
        yield "mmd_scope", model, ("action_size", values["action_size"])
    for name, (other, choices) in _NEEDS.items():
        if values[other] not in choices:
            yield name, (other, values[other])
    if not values["action_size"]:
        yield from ((name, no_action) for name in _NEED_ACTION)
    if values["inference_steps"] == 1:
        yield "adaptive_inference_steps", ("inference_steps", 1)
    if not values["motion_horizon"]:
        yield "horizon_weight", ("motion_horizon", 0)
    if values["joint_update"]:
        yield "reuse_batch", ("joint_update", True)
    if values["dataset"] in _DATASETS:
        yield from ((name, ("dataset", values["dataset"])) for name, own in _OF_DATASETS.items()
                    if values["dataset"] not in own)
