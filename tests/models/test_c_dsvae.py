"""C-DSVAE: its views of clips, its terms, its step."""

import numpy as np
import pytest
import tensorflow as tf
import tiny

from rwae_tf.errors import InputError
from rwae_tf.models import c_dsvae
from rwae_tf.noise import BatchNoise
from rwae_tf.regularizers import contrast
from rwae_tf.training.trainer import Trainer

NOISE = BatchNoise(np.array([0, 3], np.int32), 4)
X = tiny.sequences()


def test_shuffled_clips_have_the_same_frames_in_other_orders():
    found = c_dsvae.shuffled(tf.constant(X), NOISE).numpy()
    orders = np.array([[[np.array_equal(frame, other) for other in clip] for frame in view]
                       for view, clip in zip(found, X, strict=True)]).argmax(-1)
    assert (np.sort(orders) == np.arange(4)).all() and len({tuple(order) for order in orders}) > 1
    np.testing.assert_array_equal(found, np.take_along_axis(X, orders[..., None, None, None], 1))


def test_recoloured_clips_have_the_gains_and_the_blur_of_their_clip():
    found = c_dsvae.recoloured(tf.constant(0.5 * X), NOISE).numpy()
    gain = 0.6 + 0.8 * NOISE.uniform("recoloured", [3]).numpy()
    share = NOISE.uniform("blurred", []).numpy() / 3
    expected = 0.5 * X * gain[:, None, None, None]
    for axis in (2, 3):
        padded = np.pad(expected, [(1, 1) if k == axis else (0, 0) for k in range(5)], "edge")
        around = np.take(padded, range(16), axis) + np.take(padded, range(2, 18), axis)
        expected = expected + share[:, None, None, None, None] * (around - 2 * expected)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert len(np.unique(gain)) == 12 and found.max() <= 1


@pytest.mark.slow
def test_terms_are_those_of_the_codes_and_a_step_moves_all_of_the_model():
    model = tiny.build(model="c_dsvae", reconstruction="normal", content_kl_weight=1.0, content_contrast_weight=2.0,
                       motion_contrast_weight=3.0, mutual_information_weight=0.5, learning_rate=1e-3)
    terms = {name: float(term) for name, term in model.losses(tf.constant(X), NOISE, lambda rows: rows).items()}
    assert terms["objective"] == pytest.approx(
        terms["reconstruction"] + terms["motion_kl"] + terms["content_kl"] + 2 * terms["content_contrast"]
        + 3 * terms["motion_contrast"] + 0.5 * terms["mutual_information"], rel=1e-5)
    q = model.posterior_of(tf.constant(X), NOISE, training=True)
    assert terms["mutual_information"] == pytest.approx(float(contrast.mutual_information(
        (q.codes.z_c, q.z_c.loc, q.z_c.stddev()), (q.codes.z_m, q.z_m.loc, q.z_m.stddev()))), rel=1e-4)
    both = tf.concat([c_dsvae.shuffled(tf.constant(X), NOISE), c_dsvae.recoloured(tf.constant(X), NOISE)], 0)
    views = model.posterior_of(both, sample_content=False, training=True)  # batch norm sees both views at once
    for name, anchor, positive in (("content_contrast", q.z_c.loc, views.z_c.loc[:4]),
                                   ("motion_contrast", q.z_m.loc, views.z_m.loc[4:])):
        assert terms[name] == pytest.approx(float(contrast.info_nce(anchor, positive, 0.5)), rel=1e-4)
    made = Trainer(model, tf.distribute.get_strategy())
    made.follow_schedules(0)
    before = [weight.numpy() for weight in model.trainable_weights]
    made.step(made.phases[0], tf.constant(X), 0)
    assert all((old != weight.numpy()).any() for old, weight in zip(before, model.trainable_weights, strict=True)
               if old.ndim > 1)


def test_speech_is_refused():
    with pytest.raises(InputError, match="its views are recoloured pictures"):
        tiny.build(spec=tiny.SPEECH, model="c_dsvae", backbone="speech")
