"""Which action of a weakly supervised model is which, and how each looks; for `evaluate` and `generate`."""

import numpy as np

CLIPS = 10_000  # training clips, evenly spread, on which categories are matched to classes
_BATCH = 100


def matched(model, train):
    """What the training clips tell about the categories of a model: `metrics.actions.record`, and of which weights.

    Args:
      model: a loaded model with actions.
      train: the `Clips` that it was trained on.
    """
    from rwae_tf.metrics import actions

    spec, size = train.spec, model.config.model.action_size
    factor = actions.factor_of(spec, size)
    classes = spec.factors[factor] if factor else ()
    chosen = np.arange(0, len(train), -(-len(train) // CLIPS))
    batches = (train.batch(part) for part in np.array_split(chosen, -(-len(chosen) // _BATCH)))
    counts = actions.count(batches, model.encode, factor, (size, max(1, len(classes))))
    return {**actions.record(counts, factor, classes), "iterations": model.budget["iterations"]}


def table(model, columns, length, seed, found=None):
    """Clips of every action, in rows: in a column all have the same z_c and the same z_m, drawn from the priors.

    Args:
      model: a model with A actions.
      columns: N, identities.
      length: frames of a clip.
      seed: of the draws.
      found: result of `matched`; then rows are in the order of the classes. None for that of the categories.

    Returns:
      Clips [A, N, length, ...], and the names of the rows: classes, or "category 3" for what has none.
    """
    size = model.config.model.action_size
    names = found["matching"] if found else [None] * size
    order = sorted(range(size), key=lambda category: (
        names[category] is None, found["classes"].index(names[category]) if names[category] else category))
    seeds = (np.random.SeedSequence(seed).generate_state(columns) >> 1).astype(np.int32)
    action = np.eye(size, dtype=np.float32)[order].repeat(columns, 0)
    clips = np.asarray(model.generate(length=length, seed=np.tile(seeds, size), action=action))
    return clips.reshape(size, columns, *clips.shape[1:]), [names[k] or f"category {k}" for k in order]
