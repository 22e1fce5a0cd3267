"""One page about several evaluated runs: their table, and the same pictures of each below one another."""

import os

from rwae_tf.evaluation import comparison, elements
from rwae_tf.utils import files

_PICTURES = {"generate.png": ("Samples", "Clips drawn from the priors: a row is a clip."),
             "swap.png": elements.SWAP,
             "actions.png": ("Actions", "A row is an action; in a column all clips differ in the action alone."),
             "reconstruct.png": elements.RECONSTRUCTION}


def page(groups):
    """HTML that needs nothing beside itself.

    Args:
      groups: a result of `comparison.read`; pictures are those of the first seed of each.
    """
    head, *rows = comparison.rows(groups)
    names = ", ".join(group.name for group in groups)
    about = "Mean ± standard deviation over seeds where there are several; -: not measured, or not to be measured."
    body = [f"<header>\n<h1>{elements.escape(names)}</h1>\n<p>{elements.escape(about)}</p>",
            elements.table(rows, head), "</header>"]
    for name, (title, text) in _PICTURES.items():
        pictures = [(group.name, os.path.join(group.folders[0], name)) for group in groups]
        pictures = [(run, path) for run, path in pictures if files.exists(path)]
        if pictures:
            body.append(elements.section(title, text, *(
                f"<h3>{elements.escape(run)}</h3>\n{elements.image(files.read(path), f'{title} of {run}')}"
                for run, path in pictures)))
    return elements.document(names, body)
