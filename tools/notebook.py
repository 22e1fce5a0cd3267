"""Run the cells of docs/tour.ipynb and store their outputs.

    python tools/notebook.py [--run_dir=runs/quickstart] [--out=docs/tour.ipynb]

`bash tools/quickstart.sh` makes the run. Cells run in this process, in order, without Jupyter.
"""

import base64
import contextlib
import io
import json
import os

from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import flags

NOTEBOOK = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "tour.ipynb")


def main(argv):
    """Run the notebook and write it with its outputs."""
    values = flags.new()
    absl_flags.DEFINE_string("run_dir", "runs/quickstart", "Folder of the run that it loads.", flag_values=values)
    absl_flags.DEFINE_string("out", NOTEBOOK, "Where the notebook with its outputs goes.", flag_values=values)
    if not flags.parse(values, argv, __doc__):
        return 0
    with open(NOTEBOOK, encoding="utf-8") as file:
        notebook = json.load(file)
    run(notebook, values.run_dir)
    with open(values.out, "w", encoding="utf-8") as file:
        json.dump(notebook, file, indent=1, ensure_ascii=False)
        file.write("\n")
    return 0


def run(notebook, run_dir):
    """Run the code cells of a notebook, a dictionary, in order, and set their outputs.

    Args:
      notebook: of format 4.
      run_dir: what its variable RUN is set to.
    """
    import matplotlib

    matplotlib.use("Agg")
    names = {"RUN": run_dir}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(cells, 1):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
        text = [{"output_type": "stream", "name": "stdout", "text": said.getvalue().splitlines(keepends=True)}]
        cell.update(execution_count=number, outputs=(text if said.getvalue() else []) + _figures())


def _figures():
    """The open figures of matplotlib as outputs of a cell; they are closed."""
    from matplotlib import pyplot

    outputs = []
    for number in pyplot.get_fignums():
        picture = io.BytesIO()
        pyplot.figure(number).savefig(picture, format="png", dpi=72, bbox_inches="tight")
        data = {"image/png": base64.b64encode(picture.getvalue()).decode(), "text/plain": ["<Figure>"]}
        outputs.append({"output_type": "display_data", "metadata": {}, "data": data})
    pyplot.close("all")
    return outputs


if __name__ == "__main__":
    entry_point.run(main)
