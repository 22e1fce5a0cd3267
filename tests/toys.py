"""Toy models whose codes are known, the clips that they are for, and a judge that reads those without fault."""

import numpy as np

from rwae_tf.metrics.interventions import ModelFunctions
from rwae_tf.types import Codes, SequenceSpec

FACTORS = {"colour": ("red", "green", "blue"), "trend": ("up", "down", "level")}
SPEC = SequenceSpec((2, 2, 3), 4, "video", FACTORS, ("colour",))
CLIPS = 207  # the last batch is short
LABELS = {"colour": np.arange(CLIPS) // 3 % 3, "trend": np.arange(CLIPS) % 3}


def light(trend, length=4):
    """Brightness of frames that get brighter, darker or stay, [B, length, 1]."""
    ramp = np.linspace(0.2, 0.8, length)
    return np.stack([ramp, ramp[::-1], np.full(length, 0.5)])[trend][..., None]


def draw(colour, light):
    """Clips [B, T, 2, 2, 3] of z_c = one-hot colour [B, 3] and z_m = light [B, T, 1]."""
    return (light[:, :, None, None] * colour[:, None, None, None]).astype(np.float32)


def read_colour(x):
    return x.mean((1, 2, 3)).argmax(1)


def read_trend(x):
    rise = x[:, -1].sum((1, 2, 3)) - x[:, 0].sum((1, 2, 3))
    return np.where(rise > 0.1, 0, np.where(rise < -0.1, 1, 2))


class Judge:
    """Reads toy clips without fault, and says so with p = 0.98."""

    def read(self, x):
        x = np.asarray(x)
        found = {"colour": read_colour(x), "trend": read_trend(x)}
        p = {factor: 0.01 + 0.97 * np.eye(3)[label] for factor, label in found.items()}
        return p, x.reshape(len(x), -1)[:, :5]

    def __call__(self, x):
        return self.read(x)[0]


def model_functions(model):
    """The `ModelFunctions` of a toy model, whose posterior is a point."""
    return ModelFunctions(model.encode, lambda x, seed: model.encode(x), model.parameters, model.decode, model.generate,
                          model.draw_codes)


def batches():
    """All clips in order, 60 at a time."""
    for start in range(0, CLIPS, 60):
        labels = {factor: label[start:start + 60] for factor, label in LABELS.items()}
        yield {"x": draw(np.eye(3)[labels["colour"]], light(labels["trend"])), "labels": labels}


class Perfect:
    """z_c is the colour, z_m the light."""

    def encode(self, x):
        return Codes(np.eye(3)[read_colour(x)], light(read_trend(x)))

    def decode(self, codes):
        return draw(np.asarray(codes.z_c), np.asarray(codes.z_m))

    def draw_codes(self, num, length, seed):
        draws = np.array([np.random.default_rng(int(one)).integers(0, 3, 2) for one in seed])
        return Codes(np.eye(3)[draws[:, 0]], light(draws[:, 1], length))

    def generate(self, num, length, seed, z_c=None, z_m=None, action=None):
        assert len(seed) == num and action is None
        drawn = self.draw_codes(num, length, seed)
        return self.decode(Codes(drawn.z_c if z_c is None else z_c, drawn.z_m if z_m is None else z_m))

    def parameters(self, x):
        codes = self.encode(x)
        return {name: {"mean": code, "variance": np.full(code.shape, 1e-6), "prior_mean": 0.0, "prior_variance": 1.0}
                for name, code in (("z_c", codes.z_c), ("z_m", codes.z_m))}


class Hoarder(Perfect):
    """All in z_c: the colour, then the trend; z_m is noise that nobody looks at."""

    def encode(self, x):
        return Codes(np.concatenate([np.eye(3)[read_colour(x)], np.eye(3)[read_trend(x)]], 1),
                     np.zeros((len(x), x.shape[1], 1)))

    def decode(self, codes):
        z_c = np.asarray(codes.z_c)
        return draw(z_c[:, :3], light(z_c[:, 3:].argmax(1), codes.z_m.shape[1]))

    def draw_codes(self, num, length, seed):
        draws = np.array([np.random.default_rng(int(one)).integers(0, 3, 2) for one in seed])
        return Codes(np.concatenate([np.eye(3)[draws[:, 0]], np.eye(3)[draws[:, 1]]], 1), np.zeros((num, length, 1)))

    def parameters(self, x):
        found = super().parameters(x)
        found["z_m"] = {"mean": np.zeros((len(x), 4, 1)), "variance": np.ones((len(x), 4, 1)),
                        "prior_mean": 0.0, "prior_variance": 1.0}
        return found


class Mover(Perfect):
    """All in z_m: in every frame the light, then the colour."""

    def encode(self, x):
        colour = np.repeat(np.eye(3)[read_colour(x)][:, None], x.shape[1], 1)
        return Codes(np.zeros((len(x), 1)), np.concatenate([light(read_trend(x), x.shape[1]), colour], -1))

    def decode(self, codes):
        z_m = np.asarray(codes.z_m)
        return draw(z_m[:, 0, 1:], z_m[..., :1])

    def draw_codes(self, num, length, seed):
        draws = np.array([np.random.default_rng(int(one)).integers(0, 3, 2) for one in seed])
        colour = np.repeat(np.eye(3)[draws[:, 0]][:, None], length, 1)
        return Codes(np.zeros((num, 1)), np.concatenate([light(draws[:, 1], length), colour], -1))


class Collapsed(Perfect):
    """Keeps nothing: the same Gaussians for all clips, and a decoder that looks at no code."""

    def encode(self, x):
        return Codes(np.zeros((len(x), 3)), np.zeros((len(x), x.shape[1], 1)))

    def decode(self, codes):
        z_m = np.asarray(codes.z_m)
        return np.full((*z_m.shape[:2], 2, 2, 3), 0.5, np.float32)

    def parameters(self, x):
        codes = self.encode(x)
        return {name: {"mean": code, "variance": np.ones(code.shape), "prior_mean": 0.0, "prior_variance": 1.0}
                for name, code in (("z_c", codes.z_c), ("z_m", codes.z_m))}


class Forgetful(Perfect):
    """z_m loses whether the light stays: it takes "level" for "up"."""

    def encode(self, x):
        trend = read_trend(x)
        return super().encode(x)._replace(z_m=light(np.where(trend == 2, 0, trend)))


class Actor(Perfect):
    """The trend is in the action alone, z_m is nothing.

    Args:
      categories: the category that it infers for each trend.
      trends: the trend that it draws for each category.
    """

    def __init__(self, categories=(1, 2, 0), trends=(2, 0, 1)):
        self.categories, self.trends = np.array(categories), np.array(trends)

    def encode(self, x):
        action = np.eye(len(self.trends))[self.categories[read_trend(x)]]
        return Codes(np.eye(3)[read_colour(x)], np.zeros((len(x), x.shape[1], 1)), action)

    def decode(self, codes):
        trend = self.trends[np.asarray(codes.action).argmax(1)]
        return draw(np.asarray(codes.z_c), light(trend, codes.z_m.shape[1]))

    def generate(self, num=None, length=None, seed=0, z_c=None, z_m=None, action=None):
        draws = np.array([np.random.default_rng(int(one)).integers(0, (3, len(self.trends))) for one in seed])
        assert num in (None, len(draws))
        return self.decode(Codes(np.eye(3)[draws[:, 0]] if z_c is None else z_c,
                                 np.zeros((len(draws), length, 1)) if z_m is None else z_m,
                                 np.eye(len(self.trends))[draws[:, 1]] if action is None else action))
