"""The training of a judge that is a network, on batches of real clips, until held-out clips are read no better."""

import functools

import keras
import numpy as np
import tensorflow as tf

STEP_FRAMES = 512  # frames that a training step sees
CHECKS, PATIENCE = 20, 6  # looks at the held-out clips in the whole training, and without a gain before its end
SOLVED = 1e-3  # nats per factor on held-out clips, below which there is nothing left to learn


def clips_per_step(judge):
    """Clips in a training batch: about as much work for every kind of data."""
    return max(8, STEP_FRAMES // judge.network.frames_seen(judge.spec.length))


def train(judge, batches, held_out, steps, report=lambda step, describe: None):
    """Train a judge; its weights are in the end those that did best on the held-out clips.

    Adam on the sum of the factors' cross-entropies, its learning rate falling to zero as a cosine. Ends early
    when the held-out clips are read without fault, or not read better for PATIENCE looks.

    Args:
      judge: a `Judge`.
      batches: endless iterable of {"x", "labels"}, tensors.
      held_out: function () -> iterable of the same, clips that are in no batch.
      steps: batches at most.
      report: function (step, describe) for progress; describe() gives the text.

    Returns:
      Steps taken.
    """
    step_once = _step(judge, steps)
    check_every = max(1, steps // CHECKS)
    best, best_weights, looks, text = np.inf, judge.network.get_weights(), 0, ""
    for step, batch in enumerate(batches, 1):
        loss = step_once(batch["x"], batch["labels"])
        if step % check_every == 0 or step == steps:
            nats, accuracy = _measure(judge, held_out())
            looks = 0 if nats < best else looks + 1
            if nats < best:
                best, best_weights = nats, judge.network.get_weights()
            worst = min(accuracy, key=accuracy.get)
            text = f"held out: worst factor {worst} {100 * accuracy[worst]:.2f} %"
            if step == steps or looks >= PATIENCE or best < SOLVED:
                break
        report(step, functools.partial(_describe, loss, text))
    judge.network.set_weights(best_weights)
    return step


def _describe(loss, held_out):
    return f"loss {float(loss):.4f} {held_out}"


def _step(judge, steps):
    network = judge.network
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(network.LEARNING_RATE, steps))
    optimizer.build(network.trainable_variables)

    @tf.function
    def step(x, labels):
        with tf.GradientTape() as tape:
            logits = network(x, training=True)
            loss = tf.add_n([_cross_entropy(labels[factor], logits[factor]) for factor in logits])
        variables = network.trainable_variables
        optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
        return loss

    return step


def _cross_entropy(labels, logits):
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


def _measure(judge, batches):
    """Mean cross-entropy per factor, and accuracy of every factor."""
    nats, right, clips = 0.0, dict.fromkeys(judge.spec.factors, 0), 0
    for batch in batches:
        for factor, p in judge(batch["x"]).items():
            labels = np.asarray(batch["labels"][factor])
            nats -= np.log(np.maximum(p[np.arange(len(labels)), labels], 1e-12)).sum()
            right[factor] += (p.argmax(1) == labels).sum()
        clips += len(batch["x"])
    return nats / clips / len(right), {factor: count / clips for factor, count in right.items()}
