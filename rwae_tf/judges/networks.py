"""Judges: networks that classify clips, a classifier per factor, by which a model's clips are measured."""

import keras
import tensorflow as tf
from keras import layers

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
    """Mean places of answers [N, S, S, D] under their softmax: y, then x, from -1 to 1, [N, 2 D].

    Numerators and denominator of all means are one matrix product, which is faster than a softmax and its means.
    """
    side, detectors = answers.shape[2:]
    answers = tf.reshape(answers, [-1, side * side, detectors])
    weights = tf.exp(answers - tf.stop_gradient(tf.reduce_max(answers, 1, keepdims=True)))
    line = tf.linspace(-1.0, 1.0, side)
    y, x = tf.repeat(line, side), tf.tile(line, [side])
    moments = tf.broadcast_to(tf.stack([tf.ones_like(y), y, x]), [tf.shape(answers)[0], 3, side * side]) @ weights
    total, along_y, along_x = tf.unstack(moments, axis=1)
    return tf.concat([along_y / total, along_x / total], -1)


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


ARCHITECTURES = {"convolutional": Convolutional, "changes": Changes, "linear": Linear}


class Judge:
    """Reads the factors off clips of one kind of data.

    Args:
      architecture: a name of `ARCHITECTURES`.
      spec: `SequenceSpec` of the clips.
      seed: of the initial weights.
    """

    def __init__(self, architecture, spec, seed=0):
        keras.utils.set_random_seed(seed)
        self.spec, self.network = spec, ARCHITECTURES[architecture](spec)
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
