"""FLOPs counted on graphs against counts by hand, one operation of each kind."""

import pytest
import tensorflow as tf
import tiny
from bench import flops

from rwae_tf import models
from rwae_tf.layers.policy import Policy
from rwae_tf.training.trainer import Trainer


def graph(function, *shapes):
    return tf.function(function).get_concrete_function(*(tf.TensorSpec(shape) for shape in shapes)).graph


def test_a_convolution_and_its_gradients():
    def both(x, w):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = tf.nn.conv2d(x, w, 2, "SAME")
        return tape.gradient(y, [x, w])  # y itself is not asked for

    # 5 pictures of 8x8x3 to 4x4x7 by 4x4 kernels: 5*4*4*7 sums of 4*4*3 products, and as many for each gradient.
    expected = 2 * (5 * 4 * 4 * 7) * (4 * 4 * 3)
    assert flops.count(graph(both, (5, 8, 8, 3), (4, 4, 3, 7))) == {
        "Conv2DBackpropInput": expected, "Conv2DBackpropFilter": expected}
    assert flops.count(graph(lambda x, w: tf.nn.conv2d(x, w, 2, "SAME"), (5, 8, 8, 3), (4, 4, 3, 7))) == {
        "Conv2D": expected}


def test_a_transposed_convolution():
    def up(x, w):
        return tf.nn.conv2d_transpose(x, w, (5, 8, 8, 3), 2, "SAME")

    # The convolution above backwards: from 4x4x7 to 8x8x3, the same products.
    assert flops.count(graph(up, (5, 4, 4, 7), (4, 4, 3, 7))) == {"Conv2DBackpropInput": 2 * 5 * 4 * 4 * 7 * 4 * 4 * 3}


@pytest.mark.parametrize("transposed", [False, True])
def test_products(transposed):
    shape = (6, 4) if transposed else (4, 6)
    # 4x5 sums of 6 products; in a batch of 3, three times.
    assert flops.count(graph(lambda a, b: tf.matmul(a, b, transpose_a=transposed), shape, (6, 5))) == {
        "MatMul": 2 * 4 * 5 * 6}
    assert flops.count(graph(lambda a, b: tf.matmul(a, b, transpose_a=transposed), (3, *shape), (3, 6, 5))) == {
        "BatchMatMulV2": 3 * 2 * 4 * 5 * 6}


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(ValueError, match="not known"):
        flops.count(graph(tf.matmul, (None, 6), (6, 5)))
    with pytest.raises(ValueError, match="hides how often"):
        flops.count(graph(lambda a: tf.while_loop(lambda i, b: i < 3, lambda i, b: (i + 1, b @ b), [0, a]), (4, 4)))


def test_a_call_of_another_graph():
    multiply = tf.function(tf.matmul)
    # 4x5 sums of 6 products, in a graph that is called twice, and 4x4 sums of 5 beside it.
    assert flops.count(graph(lambda a, b: (multiply(a, b) + multiply(a, b)) @ tf.transpose(b) @ b, (4, 6), (6, 5))) == {
        "MatMul": 2 * (2 * 4 * 5 * 6 + 4 * 6 * 5 + 4 * 5 * 6)}


def test_the_products_that_a_step_takes_instead():
    """As below with 32 channels: between 8x8x32 and 4x4x64 a step takes 9 products for 16, forward and backward."""
    config, found = tiny.config(joint_update=True, inference_steps=1, decoder="dense", channels=32), []
    for winograd in (False, True):
        model = models.build(config, tiny.SPEC, Policy(winograd=winograd))
        trainer = Trainer(model, tf.distribute.get_strategy())
        found.append(flops.count(trainer.graph(trainer.phases[0], tf.constant(tiny.sequences()))))
    plain, taken = found
    of_inner = 2 * 6 * (16 * 4 * 4 * 64 * 16 * 32)  # 3 in the encoder, 3 in the decoder
    assert taken["BatchMatMulV2"] - plain.get("BatchMatMulV2", 0) == of_inner * 9 // 16
    assert sum(plain.values()) - sum(taken.values()) == of_inner * 7 // 16


def test_the_convolutions_of_a_step():
    """The tiny model, 4 clips of 4 frames 16x16x3: encoder 3 -> 4 -> 8 channels to 4x4, decoder 8 -> 4 -> 3 back."""
    model = tiny.build(joint_update=True, inference_steps=1, decoder="dense")
    trainer = Trainer(model, tf.distribute.get_strategy())
    found = flops.count(trainer.graph(trainer.phases[0], tf.constant(tiny.sequences())))
    # Products of the stride-2 layers between 16x16x3 and 8x8x4, and between 8x8x4 and 4x4x8, in 16 frames.
    outer, inner = 16 * 8 * 8 * 4 * 16 * 3, 16 * 4 * 4 * 8 * 16 * 4
    # To so few channels the decoder's go forward as sums over 2x2 pixels, for four pixels at once: 9x9 sums for
    # 16x16x3 from 4 channels, 5x5 sums for 8x8x4 from 8.
    blocks = 16 * 9 * 9 * (4 * 3) * (2 * 2 * 4) + 16 * 5 * 5 * (4 * 4) * (2 * 2 * 8)
    # Encoder: forward both, to the filters both, to the input of the inner one alone, as pixels need no gradient.
    # Decoder: forward both, to the filters both, to its inputs both, which are convolutions.
    assert found["Conv2D"] == 2 * (outer + inner) + 2 * blocks + 2 * (outer + inner)
    assert found["Conv2DBackpropInput"] == 2 * inner
    assert found["Conv2DBackpropFilter"] == 2 * 2 * (outer + inner)
