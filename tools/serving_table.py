"""The tables of docs/serving.md, of the measurements in docs/results/serving.json.

python tools/serving_table.py            # writes them into the page
python tools/serving_table.py --check    # fails where the page is out of date
"""

import os
import textwrap

import marked_page
from bench import serving_lines

from rwae_tf import entry_point
from rwae_tf.utils import json_file

_DOCS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs")
PAGE, RESULT = os.path.join(_DOCS, "serving.md"), os.path.join(_DOCS, "results", "serving.json")
BEGIN, END = "<!-- serving: written by tools/serving_table.py -->", "<!-- end of serving -->"


def main(argv):
    """Write or check the page."""
    return marked_page.main(argv, PAGE, BEGIN, END, made(RESULT))


def made(path):
    """The lines of a file that tools/bench/serving_load.py wrote, a list item for each sentence."""
    result = json_file.read(path, "measurements", "tools/bench/serving_load.py")
    items = [line if line.startswith("|") or not line else _item(f"{line[0].upper()}{line[1:]}.")
             for line in serving_lines.lines(result)]
    return "\n" + "\n".join(items) + "\n"


def _item(sentence):
    """An item of a list, in lines that fit the page."""
    return textwrap.fill(sentence, 100, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)


if __name__ == "__main__":
    entry_point.run(main)
