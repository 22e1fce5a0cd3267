"""What an LSTM does from frame to frame, and its gradients, with the products that need not wait out of the loop.

    i, f, g, o = the four parts of the gates x_t K + h_t-1 R + b
    c_t = sigma(f) c_t-1 + sigma(i) tanh(g),  h_t = sigma(o) tanh(c_t)

Differentiated as it stands, the loop would add to the gradient of R in every step; the gradients written here keep what
reaches the gates of each step, and get that of a weight from one product over all frames afterwards. Everything is
time-major, [T, B, ...].
"""

import tensorflow as tf

from rwae_tf import distributions
from rwae_tf.kernels import matmul

_UNROLLED = 64
"""Up to so many frames the steps are written out: the loop of TensorFlow costs more than their tracing.

It also hides how many products a step takes, which the benchmark counts.
"""


def time_major(x):
    """[B, T, D] -> [T, B, D], and back."""
    return tf.transpose(x, [1, 0, 2])


def run(gates, recurrent, precision="float32"):
    """The recurrence, from zeros.

    Args:
      gates: x K + b, [T, B, 4 H].
      recurrent: R, [H, 4 H].
      precision: what the products with R are taken in, "float32" or "bfloat16".

    Returns:
      h [T, B, H].
    """

    @tf.custom_gradient
    def recurrence(gates, recurrent):
        zeros = tf.zeros_like(gates[0])
        nothing = zeros[:, : recurrent.shape[0]]
        to_h = _transposed(matmul.rounded(recurrent, precision))

        def step(state, gates):
            h, c, _ = state
            gates += matmul.times_transposed(h, to_h)
            return *_forward(gates, c), gates

        h, c, gates = scan(step, (nothing, nothing, zeros), gates)

        def gradient(dh):
            def step(state, row):
                d_gates, dc = state
                dh, slopes = row
                return _backward(dh + matmul.times(d_gates, to_h), dc, slopes)

            d_gates, _ = scan(step, (zeros, nothing), (dh, _slopes(gates, c)), reverse=True)
            return d_gates, _product(_before(h), d_gates, to_h.dtype)

        return h, gradient

    return recurrence(gates, recurrent)


def run_sampled(gates, noise, recurrent, heads_kernel, heads_bias, precision="float32"):
    """The recurrence with a sample fed back, z_t = loc_t + scale_t noise_t, from zeros.

    Args:
      gates: what reaches the gates from outside, [T, B, 4 H].
      noise: standard normal, [T, B, D].
      recurrent: from [h_t-1, z_t-1] to the gates, [H + D, 4 H].
      heads_kernel, heads_bias: from h_t to [loc_t, raw scale_t], [H, 2 D] and [2 D].
      precision: what the products with `recurrent` are taken in, "float32" or "bfloat16".

    Returns:
      z, loc and scale, each [T, B, D].
    """

    @tf.custom_gradient
    def recurrence(gates, noise, recurrent, heads_kernel, heads_bias):
        zeros, still = tf.zeros_like(gates[0]), tf.zeros_like(noise[0])
        nothing = zeros[:, : heads_kernel.shape[0]]
        to_state = _transposed(matmul.rounded(recurrent, precision))

        def step(state, row):
            h, c, z, *_ = state
            gates, noise = row
            gates += matmul.times_transposed(tf.concat([h, z], -1), to_state)
            h, c = _forward(gates, c)
            heads = h @ heads_kernel + heads_bias
            loc, raw = tf.split(heads, 2, -1)
            return h, c, loc + distributions.scale(raw) * noise, gates, heads

        h, c, z, gates, heads = scan(
            step, (nothing, nothing, still, zeros, tf.concat([still, still], -1)), (gates, noise))
        loc, raw = tf.split(heads, 2, -1)
        scale = distributions.scale(raw)

        def gradient(*d_outputs):
            return _sampled_gradient(d_outputs, (h, c, z, gates, raw, scale, noise), to_state, heads_kernel)

        return (z, loc, scale), gradient

    return recurrence(gates, noise, recurrent, heads_kernel, heads_bias)


def _sampled_gradient(d_outputs, states, to_state, heads_kernel):
    """What `run_sampled` hands back to its arguments.

    Args:
      d_outputs: what reaches z, loc and scale, each [T, B, D].
      states: h, c, z, gates, raw scale, scale and noise of all steps.
      to_state: `recurrent` transposed, as it was multiplied by.
      heads_kernel: as of `run_sampled`.
    """
    (dz, d_loc, d_scale), (h, c, z, gates, raw, scale, noise) = d_outputs, states
    zeros = tf.zeros_like(gates[0])
    nothing = zeros[:, : heads_kernel.shape[0]]
    slope = distributions.scale_slope(raw)
    per_z = slope * noise  # d raw scale for each dz; d loc is dz itself
    to_h = _transposed(heads_kernel)

    def step(state, row):
        d_gates, dc, _ = state
        d_heads, per_z, slopes = row
        back = matmul.times(d_gates, to_state)
        dh, dz = back[:, : nothing.shape[-1]], back[:, nothing.shape[-1] :]
        d_heads += tf.concat([dz, dz * per_z], -1)
        dh += d_heads @ to_h
        return *_backward(dh, dc, slopes), d_heads

    d_heads = tf.concat([d_loc + dz, d_scale * slope + dz * per_z], -1)
    d_gates, _, d_heads = scan(
        step, (zeros, nothing, tf.zeros_like(d_heads[0])), (d_heads, per_z, _slopes(gates, c)), reverse=True)
    d_noise = (d_heads[..., : noise.shape[-1]] - d_loc) * scale
    return (d_gates, d_noise, _product(_before(tf.concat([h, z], -1)), d_gates, to_state.dtype),
            _product(h, d_heads, h.dtype), tf.reduce_sum(d_heads, [0, 1]))


def _forward(gates, c):
    """One step: gates [B, 4 H] and c [B, H] -> h, c."""
    i, f, g, o = tf.split(gates, 4, -1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
    return tf.sigmoid(o) * tf.tanh(c), c


def _slopes(gates, c):
    """What `_backward` needs of every step, from all gates [T, B, 4 H] and c [T, B, H].

    The slopes of h_t in c_t, of c_t in the gates i, f and g, of h_t in the gate o, and of c_t in c_t-1.
    """
    i, f, g, o = tf.split(gates, 4, -1)
    i, f, g, o, h = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o), tf.tanh(c)
    return (o * (1 - h * h), g * i * (1 - i), _before(c) * f * (1 - f), i * (1 - g * g), h * o * (1 - o), f)


def _backward(dh, dc, slopes):
    """One step: what reaches h_t, and c_t from the step after, [B, H] -> gradient of the gates, and of c_t-1."""
    h_c, c_i, c_f, c_g, h_o, c_c = slopes
    dc += dh * h_c
    return tf.concat([dc * c_i, dc * c_f, dc * c_g, dh * h_o], -1), dc * c_c


def _transposed(kernel):
    """[m, n] -> [n, m], once, not in every step: TensorFlow would fold a plain transpose into each product again.

    Both directions multiply by it: rows of the gates' width are often a multiple of 4 KB apart, so that the numbers of
    a column fall on the same few lines of a cache; these rows are as wide as the state.
    """
    return tf.reshape(tf.transpose(kernel[None], [0, 2, 1]), kernel.shape[::-1])


def _before(x):
    """x_t-1 for x_t [T, B, D], zeros first."""
    return tf.pad(x[:-1], [[1, 0], [0, 0], [0, 0]])


def _product(x, y, precision):
    """Sum over frames and rows of x^T y: [T, B, m], [T, B, n] -> [m, n]."""
    a, b = (tf.cast(tf.reshape(array, [-1, array.shape[-1]]), precision) for array in (x, y))
    return tf.cast(matmul.transposed_times(a, b), x.dtype)


def scan(step, state, rows, reverse=False):
    """All states of step(state, row) -> state, stacked: T leads in `rows`, an array or a nest, and in the result."""
    arrays = tf.nest.flatten(rows)
    length, order = arrays[0].shape[0], -1 if reverse else 1
    if length is None or length > _UNROLLED:
        return tf.scan(step, rows, state, reverse=reverse)
    states = []
    for values in list(zip(*map(tf.unstack, arrays), strict=True))[::order]:
        state = step(state, tf.nest.pack_sequence_as(rows, values))
        states.append(state)
    return [tf.stack(values) for values in zip(*states[::order], strict=True)]
