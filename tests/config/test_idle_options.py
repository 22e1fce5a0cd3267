"""Options without effect are refused, and the line says what they need."""

import pytest

from rwae_tf.config import flags
from rwae_tf.errors import InputError


@pytest.mark.parametrize("name, reason", [
    ("gradient_penalty_weight=1", "content_divergence=scaled_mmd"), ("action_weight=1", "action_size=0"),
    ("action_weight=0:1,2:3", "action_size=0"), ("num_digits=2", "dataset=sprites"), ("grey=true", "dataset=sprites"),
    ("conditioning=concatenation", "backbone=dcgan"), ("motion_posterior=full", "model=rwae"),
])
def test_an_option_without_effect_is_refused(name, reason):
    with pytest.raises(InputError, match=f"--{name.split('=')[0]}=.* does nothing with --{reason}; drop it"):
        flags.configuration(f"--{name}")


def test_options_of_the_step_without_effect_are_refused():
    with pytest.raises(InputError, match="--critic_features=4 does nothing with --content_divergence=adversarial"):
        flags.configuration("--content_divergence=adversarial", "--critic_features=4")
    with pytest.raises(InputError, match="--adaptive_inference_steps=True does nothing with --inference_steps=1"):
        flags.configuration("--adaptive_inference_steps", "--inference_steps=1")
    with pytest.raises(InputError, match="--reuse_batch=True does nothing with --joint_update=True"):
        flags.configuration("--joint_update", "--reuse_batch", "--inference_steps=1")


@pytest.mark.parametrize("option", ["content_divergence=adversarial", "content_weight=3", "critic_features=4",
                                    "motion_horizon=16", "inference_steps=1", "encoder_learning_rate=1e-3"])
def test_options_of_another_model_are_refused(option):
    with pytest.raises(InputError, match=f"--{option.split('=')[0]}=.* does nothing with --model=ds_vae; drop it"):
        flags.configuration("--model=ds_vae", f"--{option}")


@pytest.mark.parametrize("model, option", [
    ("mocogan", "backbone=biggan"), ("mocogan", "reconstruction=normal"), ("mocogan", "content_kl_weight=1"),
    ("mocogan", "motion_posterior=full"), ("mocogan", "hidden_size=9"), ("mocogan", "discriminative_weight=1"),
    ("c_dsvae", "instance_noise=0.1"), ("c_dsvae", "l2_weight=1"), ("c_dsvae", "reuse_batch=true"),
    ("fhvae", "channels=8"), ("fhvae", "action_size=3"), ("fhvae", "decoder=dense"), ("fhvae", "content_weight=3"),
])
def test_options_of_other_baselines_are_refused(model, option):
    given = ["--reconstruction=learned_normal"] if model == "fhvae" else []
    with pytest.raises(InputError, match=f"--{option.split('=')[0]}=.* does nothing with --model={model}; drop it"):
        flags.configuration(f"--model={model}", *given, f"--{option}")
