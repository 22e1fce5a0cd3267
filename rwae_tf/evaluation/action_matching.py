"""Which action of a weakly supervised model is which, and how each looks; for `evaluate` and `generate`."""

import numpy as np

from rwae_tf.metrics import actions

CLIPS = 10_000  # training clips, evenly spread, on which categories are matched to classes
_BATCH = 100


def match_actions(run, train):
    """Match the categories of a model to classes on its training clips.

    Args:
      run: a `Run` of a model with actions.
      train: the `Clips` that it was trained on.

    Returns:
      `metrics.actions.record`, and the "iterations" of the weights that it belongs to.
    """
    spec, size = train.spec, run.model.config.model.action_size
    factor = actions.choose_factor(spec, size)
    classes = spec.factors[factor] if factor else ()
    chosen = np.arange(0, len(train), -(-len(train) // CLIPS))
    batches = (train.batch(part) for part in np.array_split(chosen, -(-len(chosen) // _BATCH)))
    counts = actions.count(batches, run.model.encode, factor, (size, max(1, len(classes))))
    return {**actions.record(counts, factor, classes), "iterations": run.budget["iterations"]}


def draw_table(model, columns, length, seed, matching=None):
    """Draw clips of every action, in rows: in a column all have the same z_c and z_m, drawn from the priors.

    Args:
      model: a model with A actions.
      columns: N, identities.
      length: frames of a clip.
      seed: of the draws.
      matching: result of `match_actions`; then rows are in the order of the classes. None for that of the categories.

    Returns:
      Clips [A, N, length, ...], and the names of the rows: classes, or "category 3" for what has none.
    """
    size = model.config.model.action_size
    names = matching["matching"] if matching else [None] * size
    order = sorted(range(size), key=lambda category: (
        names[category] is None, matching["classes"].index(names[category]) if names[category] else category))
    seeds = (np.random.SeedSequence(seed).generate_state(columns) >> 1).astype(np.int32)
    action = np.eye(size, dtype=np.float32)[order].repeat(columns, 0)
    clips = np.asarray(model.generate(length=length, seed=np.tile(seeds, size), action=action))
    return clips.reshape(size, columns, *clips.shape[1:]), [names[k] or f"category {k}" for k in order]
