"""The table of docs/packages.md: the files that import each package.

python tools/packages.py            # writes the table into the page
python tools/packages.py --check    # fails where the page is out of date
"""

import ast
import os
import pathlib

import marked_page

from rwae_tf import entry_point

_ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = os.path.join(_ROOT, "docs", "packages.md")
BEGIN, END = "<!-- table: written by tools/packages.py -->", "<!-- end of table -->"
PACKAGES = ("tensorflow", "keras", "tensorflow_probability", "tensorflow_gan", "tensorflow_io", "absl", "numpy")
_MOST = 12  # files of a package that are named; more are counted by folder


def main(argv):
    """Write or check the page."""
    return marked_page.main(argv, PAGE, BEGIN, END, f"\n{table()}\n")


def table():
    """The table in Markdown: of each package, the files that import it."""
    lines = ["| package | imported by |", "|---|---|"]
    for package, paths in users().items():
        lines.append(f"| `{package}` | {_named(paths) if len(paths) <= _MOST else _counted(paths)} |")
    return "\n".join(lines)


def users():
    """Package -> paths of the files below rwae_tf/ that import it, sorted."""
    found = {package: [] for package in PACKAGES}
    for path in sorted((_ROOT / "rwae_tf").rglob("*.py")):
        for package in _imported(ast.parse(path.read_text())) & set(PACKAGES):
            found[package].append(path.relative_to(_ROOT / "rwae_tf").as_posix())
    return found


def _imported(tree):
    """Names of the top packages that a module imports, those inside functions included."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.split(".")[0])
    return names


def _named(paths):
    return ", ".join(f"[{path}](../rwae_tf/{path})" for path in paths)


def _counted(paths):
    """How many files of which folder."""
    folders = [path.split("/")[0] if "/" in path else "" for path in paths]
    counts = {folder: folders.count(folder) for folder in sorted(set(folders))}
    return f"{len(paths)} files: " + ", ".join(
        f"{count} of [{folder or 'rwae_tf'}/](../rwae_tf/{folder})" for folder, count in counts.items())


if __name__ == "__main__":
    entry_point.run(main)
