"""Judges: classifiers of clips, one per factor, by which a model's clips are measured.

A judge is trained on real clips at the size and length that are judged, and tested on clips it never saw.
"""

import functools

import keras
import numpy as np
import tensorflow as tf
from keras import layers

STEP_FRAMES = 512  # frames that a training step sees
CHECKS, PATIENCE = 20, 6  # looks at the held-out clips in the whole training, and without a gain before its end
SOLVED = 1e-3  # nats per factor on held-out clips, below which there is nothing left to learn
_GLANCES = 4  # frames of a training clip that are looked at where time does not matter
_DETECTORS = 128
_CHANGES_GAIN = 4.0  # brings changes of a face to the size of its contrasts


class Convolutional(keras.Model):
    """Convolutional detectors that all factors share, and a linear classifier per factor.

    In every frame, the greatest answer of a detector says what is there, wherever it is, and the mean place of its
    answers, weighted by their softmax, says where it is. Static factors are read off what there is, on average over
    the frames, so that neither order nor place matters; the others off convolutions over time of what and where,
    which see the order. The detectors are shared because all factors lie in the same few pixels: each classifier is
    held to its own threshold all the same.

    Args:
      spec: `SequenceSpec` of the clips; frames are squares of 16, 32, 64, ... pixels.
    """

    LEARNING_RATE = 2e-3

    def __init__(self, spec):
        super().__init__(name="judge")
        halvings = (spec.frame_shape[0] // 8).bit_length() - 1  # down to 8x8
        self._frame = keras.Sequential()
        for left in range(halvings, -1, -1):
            width, kernel = min(64, max(16, 128 >> left)), 5 if left == halvings else 3
            self._frame.add(layers.Conv2D(width, kernel, strides=2 if left else 1, padding="same", use_bias=False))
            self._frame.add(layers.BatchNormalization(momentum=0.9))
            self._frame.add(layers.ReLU())
        self._frame.add(layers.Conv2D(_DETECTORS, 1))
        self._what = layers.Dense(_DETECTORS, activation="relu")
        self._moving = set(spec.factors) - set(spec.static)
        # Normalized first: places hardly differ before the detectors have found something.
        over_time = [layers.BatchNormalization(momentum=0.9)]
        for _ in range(2):
            over_time += [layers.Conv1D(64, 3, padding="same", use_bias=False),
                          layers.BatchNormalization(momentum=0.9), layers.ReLU()]
        # After the mean a hidden layer: whether a heading is diagonal is no linear function of its parts.
        over_time += [layers.GlobalAveragePooling1D(), layers.Dense(64, activation="relu")]
        self._time = keras.Sequential(over_time) if self._moving else None
        self._heads = {factor: layers.Dense(len(classes)) for factor, classes in spec.factors.items()}

    def frames_seen(self, length):
        """Frames of a clip of `length` that a training step looks at: a few where time does not matter."""
        return length if self._moving else min(length, _GLANCES)

    def features(self, x, training=False):
        """Clips [B, T, H, W, C] -> features [B, 128 or 192], static ones first."""
        batch, length = tf.unstack(tf.shape(x)[:2])
        answers = self._frame(tf.reshape(x, [-1, *x.shape[2:]]), training=training)
        what = tf.reshape(tf.reduce_max(answers, [1, 2]), [batch, length, _DETECTORS])
        static = tf.reduce_mean(self._what(what), 1)
        if not self._moving:
            return static
        places = tf.reshape(_places(answers), [batch, length, 2 * _DETECTORS])
        return tf.concat([static, self._time(tf.concat([what, places], -1), training=training)], -1)

    def classify(self, features):
        """Features -> {factor: logits [B, K]}."""
        static, moving = features[:, :_DETECTORS], features[:, _DETECTORS:]
        return {factor: head(moving if factor in self._moving else static) for factor, head in self._heads.items()}

    def call(self, x, training=False):
        """Clips [B, T, H, W, C] -> {factor: logits [B, K]}."""
        if training and not self._moving:
            chosen = tf.random.shuffle(tf.range(tf.shape(x)[1]))[:_GLANCES]
            x = tf.gather(x, chosen, axis=1)
        return self.classify(self.features(x, training))


def _places(answers):
    """Mean places of answers [N, S, S, D] under their softmax: y, then x, from -1 to 1, [N, 2 D]."""
    side, detectors = answers.shape[2:]
    weights = tf.nn.softmax(tf.reshape(answers, [-1, side * side, detectors]), 1)
    weights = tf.reshape(weights, [-1, side, side, detectors])
    line = tf.linspace(-1.0, 1.0, side)
    return tf.concat([tf.einsum("nyxd,y->nd", weights, line), tf.einsum("nyxd,x->nd", weights, line)], -1)


class Changes(Convolutional):
    """Sees beside every frame how it differs from the mean of its clip: small movements of what else stays the same.

    Few faces teach an expression no better than their owners, unless what all faces share, the change, is seen apart.

    Args:
      spec: as for `Convolutional`.
    """

    def features(self, x, training=False):
        changes = x - tf.reduce_mean(x, 1, keepdims=True)
        return super().features(tf.concat([x, _CHANGES_GAIN * changes], -1), training)


class Linear(keras.Model):
    """A linear classifier per factor of all pixels of a clip, pooled 4x4: quick, and enough for simple data.

    Args:
      spec: `SequenceSpec` of the clips.
    """

    LEARNING_RATE = 1e-2

    def __init__(self, spec):
        super().__init__(name="judge")
        self._heads = {factor: layers.Dense(len(classes)) for factor, classes in spec.factors.items()}

    def frames_seen(self, length):
        """All frames of a clip."""
        return length

    def features(self, x):
        """Clips [B, T, H, W, C] -> the logits of all factors, [B, sum of K]."""
        _, length, height, width, channels = x.shape
        x = tf.reshape(x, [-1, length, height // 4, 4, width // 4, 4, channels])
        x = tf.reshape(tf.reduce_mean(x, [3, 5]), [-1, length * (height // 4) * (width // 4) * channels])
        return tf.concat([head(x) for head in self._heads.values()], -1)

    def classify(self, features):
        """Features -> {factor: logits [B, K]}."""
        parts = tf.split(features, [head.units for head in self._heads.values()], axis=-1)
        return dict(zip(self._heads, parts, strict=True))

    def call(self, x, training=False):
        """Clips [B, T, H, W, C] -> {factor: logits [B, K]}."""
        return self.classify(self.features(x))


KINDS = {"convolutional": Convolutional, "changes": Changes, "linear": Linear}


class Judge:
    """Reads the factors off clips of one kind of data.

    Args:
      kind: "convolutional", "changes" or "linear".
      spec: `SequenceSpec` of the clips.
      seed: of the initial weights.
    """

    def __init__(self, kind, spec, seed=0):
        keras.utils.set_random_seed(seed)
        self.spec, self.network = spec, KINDS[kind](spec)
        clips = tf.TensorSpec([None, spec.length, *spec.frame_shape], tf.float32)
        self.network(tf.zeros([1, *clips.shape[1:]]))
        self._read = tf.function(self._probabilities_and_features, input_signature=[clips])

    def _probabilities_and_features(self, x):
        features = self.network.features(x)
        return {factor: tf.nn.softmax(p) for factor, p in self.network.classify(features).items()}, features

    def read(self, x):
        """Clips [B, T, H, W, C] -> {factor: p(y|x) [B, K]} and features [B, D], as NumPy arrays."""
        probabilities, features = self._read(tf.convert_to_tensor(x, tf.float32))
        return {factor: p.numpy() for factor, p in probabilities.items()}, features.numpy()

    def __call__(self, x):
        """Clips [B, T, H, W, C] -> {factor: p(y|x) [B, K]}."""
        return self.read(x)[0]

    def weights(self):
        """Its weights by number, fit for `np.savez`."""
        return {f"w{number:02d}": weight for number, weight in enumerate(self.network.get_weights())}

    def set_weights(self, weights):
        """Take the weights that `weights` gave; ValueError if they are those of another network."""
        own = self.weights()
        if {name: w.shape for name, w in weights.items()} != {name: w.shape for name, w in own.items()}:
            raise ValueError("weights of another network")
        self.network.set_weights([weights[name] for name in own])


def clips_per_step(judge):
    """Clips in a training batch: about as much work for every kind of data."""
    return max(8, STEP_FRAMES // judge.network.frames_seen(judge.spec.length))


def fit(judge, batches, held_out, steps, report=lambda step, describe: None):
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
    best, kept, looks, said = np.inf, judge.network.get_weights(), 0, ""
    for step, batch in enumerate(batches, 1):
        loss = step_once(batch["x"], batch["labels"])
        if step % check_every == 0 or step == steps:
            found, accuracy = _held_out(judge, held_out())
            looks = 0 if found < best else looks + 1
            if found < best:
                best, kept = found, judge.network.get_weights()
            worst = min(accuracy, key=accuracy.get)
            said = f"held out: worst factor {worst} {100 * accuracy[worst]:.2f} %"
            if step == steps or looks >= PATIENCE or best < SOLVED:
                break
        report(step, functools.partial(_describe, loss, said))
    judge.network.set_weights(kept)
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


def _held_out(judge, batches):
    """Mean cross-entropy per factor, and accuracy of every factor."""
    nats, right, clips = 0.0, dict.fromkeys(judge.spec.factors, 0), 0
    for batch in batches:
        for factor, p in judge(batch["x"]).items():
            labels = np.asarray(batch["labels"][factor])
            nats -= np.log(np.maximum(p[np.arange(len(labels)), labels], 1e-12)).sum()
            right[factor] += (p.argmax(1) == labels).sum()
        clips += len(batch["x"])
    return nats / clips / len(right), {factor: count / clips for factor, count in right.items()}


def confusion(judge, batches):
    """How often a judge takes each class for each other.

    Args:
      judge: function x -> {factor: p(y|x) [B, K]}.
      batches: iterable of {"x", "labels": {factor: int class [B]}}.

    Returns:
      {factor: int [K, K]}; rows are true classes, columns the judge's.
    """
    counts = {}
    for batch in batches:
        for factor, p in judge(batch["x"]).items():
            table = counts.setdefault(factor, np.zeros((p.shape[1], p.shape[1]), int))
            np.add.at(table, (np.asarray(batch["labels"][factor]), p.argmax(1)), 1)
    return counts


def accuracies(counts):
    """The share of right answers, {factor: float}, in the tables of `confusion`."""
    return {factor: float(np.trace(table) / table.sum()) for factor, table in counts.items()}
