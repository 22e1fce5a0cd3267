"""Two-dimensional embeddings of codes, for figures."""

import numpy as np
import numpy.typing as npt

ITERATIONS = 500  # half for the coarse, half for the fine arrangement
PERPLEXITY = 30  # neighbours that count; the middle of the range of van der Maaten and Hinton (2008)


def tsne(codes: npt.ArrayLike, seed: int = 0) -> np.ndarray:
    """Compute a t-SNE of codes.

    Args:
      codes: [N, D]; a single one is at the origin.
      seed: of its start, where that is drawn.

    Returns:
      float32 [N, 2]; only neighbourhoods are meaningful.
    """
    import threadpoolctl
    from sklearn.manifold import TSNE

    codes = np.asarray(codes, np.float64)
    if len(codes) < 2:
        return np.zeros((len(codes), 2), np.float32)
    # Starting from principal components keeps the coarse arrangement; they need two directions to be found in.
    start = "pca" if np.linalg.matrix_rank(codes - codes.mean(0)) > 1 else "random"
    perplexity = min(PERPLEXITY, (len(codes) - 1) / 3)
    # One thread is faster than several for so few points.
    with threadpoolctl.threadpool_limits(1):
        return TSNE(perplexity=perplexity, init=start, max_iter=ITERATIONS, random_state=seed).fit_transform(codes)
