"""One page about several evaluated runs: their table, and the same pictures of each below one another."""

import html
import os

from rwae_tf.evaluation import comparison, elements
from rwae_tf.utils import files

_PICTURES = {"generate.png": ("Samples", "Clips drawn from the priors: a row is a clip."),
             "swap.png": ("Swap", "The first column gives the content z_c, the first row the motion z_m; between them, "
                          "both."),
             "actions.png": ("Actions", "A row is an action; in a column all clips differ in the action alone."),
             "reconstruct.png": ("Reconstruction", "Each clip, and beside it what the decoder makes of its codes.")}


def page(groups):
    """HTML that needs nothing beside itself.

    Args:
      groups: a result of `comparison.read`; pictures are those of the first seed of each.
    """
    head, *rows = comparison.rows(groups)
    cells = [f"<tr>{''.join(f'<th>{html.escape(cell)}</th>' for cell in head)}</tr>"]
    cells += [f"<tr><th>{html.escape(title)}</th>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>"
              for title, *row in rows]
    names = ", ".join(group.name for group in groups)
    about = "Mean ± standard deviation over seeds where there are several; -: not measured, or not to be measured."
    body = [f"<header>\n<h1>{html.escape(names)}</h1>\n<p>{html.escape(about)}</p>\n<table>{''.join(cells)}</table>",
            "</header>"]
    for name, (title, text) in _PICTURES.items():
        shown = [(group.name, os.path.join(group.folders[0], name)) for group in groups]
        shown = [(run, path) for run, path in shown if files.exists(path)]
        if shown:
            body.append(elements.section(title, text, *(
                f"<h3>{html.escape(run)}</h3>\n{elements.image(files.read(path), f'{title} of {run}')}"
                for run, path in shown)))
    return elements.document(names, body)
