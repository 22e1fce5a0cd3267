"""Check that every link in the Markdown pages leads to a file, folder or heading of the repository.

    python tools/links.py

Addresses of other hosts are not opened. Needs no package.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDERS = (".", "docs", "export")  # where the pages lie
LINK = re.compile(r"\]\(<?([^()\s>]*(?:\([^()]*\)[^()\s>]*)*)>?\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")


def pages(root):
    """The Markdown pages and notebooks of the repository `root`, sorted."""
    found = [page for folder in FOLDERS for kind in ("*.md", "*.ipynb") for page in (root / folder).glob(kind)]
    return sorted(found)


def markdown(page):
    """The Markdown of a page; of a notebook, that of its cells of text."""
    text = page.read_text(encoding="utf-8")
    if page.suffix != ".ipynb":
        return text
    return "\n\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown")


def anchors(text):
    """The names that links to a page may have after #, as GitHub makes them of headings."""
    names, prose = set(re.findall(r'<a (?:name|id)="([^"]+)"', text)), _FENCE.sub("", text)
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", prose, re.MULTILINE):
        base = name = re.sub(r"[^\w\- ]", "", LINK.sub("]", heading).lower()).replace(" ", "-")
        number = 0
        while name in names:  # a heading that comes again
            number += 1
            name = f"{base}-{number}"
        names.add(name)
    return names


def faults(root=ROOT):
    """One line for each link that leads nowhere.

    Args:
      root: folder of the repository.
    """
    lines = []
    for page in pages(root):
        text = markdown(page)
        for target in LINK.findall(_CODE.sub("``", _FENCE.sub("", text))):
            fault = None if re.match(r"[a-z]+:", target) else _fault(root, page, target)
            if fault:
                lines.append(f"{page.relative_to(root)}: {target}: {fault}")
    return lines


def _fault(root, page, target):
    """What is wrong with a link inside the repository; None if it leads somewhere."""
    path, _, anchor = target.partition("#")
    goal = (page.parent / path).resolve() if path else page
    if not goal.is_relative_to(root.resolve()):
        return "outside of the repository"
    if not goal.exists():
        return "no such file"
    if anchor and goal.suffix not in (".md", ".ipynb"):
        return "only pages have headings"
    if anchor and anchor not in anchors(markdown(goal)):
        return f"no such heading; there are {', '.join(sorted(anchors(markdown(goal))))}"
    return None


if __name__ == "__main__":
    found = faults()
    print("\n".join(found) or "every link leads somewhere")
    sys.exit(1 if found else 0)
