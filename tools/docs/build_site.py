"""Stage the pages of the site and build it; called by tools/docs.sh.

The staged pages lie as in the repository, so that their links stay as they are. What a page links to and is no page,
such as a flagfile or a module, becomes a page below files/ that shows it.
"""

import base64
import importlib
import json
import os
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]
links = importlib.import_module("links")

SITE = ROOT / "site"
SOURCE = SITE / "source"
API = {  # a page -> its modules; * for all public modules of a package
    "rwae_tf": ["rwae_tf", "rwae_tf.runs.run_dir", "rwae_tf.types", "rwae_tf.config.schema", "rwae_tf.errors"],
    "data": ["rwae_tf.data", "rwae_tf.data.base", "rwae_tf.data.datasets.*", "rwae_tf.data.speech.spectra"],
    "models": ["rwae_tf.models.base", "rwae_tf.models", "rwae_tf.models.*", "rwae_tf.reconstruction"],
    "backbones": ["rwae_tf.backbones", "rwae_tf.backbones.*"],
    "inference": ["rwae_tf.inference.*"],
    "priors": ["rwae_tf.priors.*"],
    "regularizers": ["rwae_tf.regularizers", "rwae_tf.regularizers.*"],
    "metrics": ["rwae_tf.metrics.*"],
    "serving": ["rwae_tf.export", "rwae_tf.serving.*"],
}
TITLES = {"inference": "Posteriors, q", "priors": "Priors, p", "regularizers": "Regularizers, D"}
LANGUAGES = {".py": "python", ".sh": "bash", ".json": "json"}


def main():
    """Check the links, stage all pages and build the site; the exit status."""
    faults = links.faults()
    if faults:
        print("\n".join(faults), file=sys.stderr)
        return 1
    shutil.rmtree(SITE, ignore_errors=True)
    for page in links.pages(ROOT):
        stage(page)
    for folder in ("docs/figures", "docs/results"):
        shutil.copytree(ROOT / folder, SOURCE / folder, dirs_exist_ok=True)
    for name, modules in API.items():
        write(f"api/{name}.md", api_page(name, modules))
    write("api/options.md", options_page())

    import logging

    from mkdocs.commands import build
    from mkdocs.config import load_config
    from mkdocs.exceptions import Abort

    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING)
    try:
        build.build(load_config(str(ROOT / "tools/docs/mkdocs.yml"), strict=True))
    except Abort as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"site: {(SITE / 'html' / 'index.html').relative_to(ROOT)}")
    return 0


def stage(page):
    """Write a page for the site, with pages for the files that it links to."""
    name = str(page.relative_to(ROOT).with_suffix(".md"))
    text = notebook(page, name) if page.suffix == ".ipynb" else page.read_text(encoding="utf-8")

    def moved(match):
        target = match.group(1)
        path, hash_mark, anchor = target.partition("#")
        if not path or ":" in target:
            return match.group(0)
        return f"]({_staged(page, path)}{hash_mark}{anchor})"

    write(name, links.LINK.sub(moved, text))


def _staged(page, path):
    """Where a link of `page` leads on the site, relative to the page."""
    goal = (page.parent / path).resolve().relative_to(ROOT)
    if goal.suffix in (".png", ".json") and goal.parts[0] == "docs" or goal.suffix == ".md":
        return path
    if goal.suffix == ".ipynb":
        new = goal.with_suffix(".md")
    else:
        new = pathlib.Path("files", f"{goal}.md" if (ROOT / goal).is_file() else f"{goal}/index.md")
        write(new, file_page(goal))
    return os.path.relpath(new, page.parent.relative_to(ROOT))


def file_page(path):
    """A page that shows a file of the repository, or names what a folder contains."""
    whole = ROOT / path
    if whole.is_dir():
        names = sorted(f"{child.name}/" if child.is_dir() else child.name for child in whole.iterdir())
        return f"# `{path}/`\n\n" + "\n".join(f"- `{name}`" for name in names if not name.startswith(("_", ".")))
    text = whole.read_text(encoding="utf-8")
    return f"# `{path}`\n\n````{LANGUAGES.get(path.suffix, 'text')}\n{text.rstrip()}\n````\n"


def notebook(page, name):
    """The Markdown of a notebook and its outputs; its pictures are written beside it."""
    parts = []
    for number, cell in enumerate(json.loads(page.read_text(encoding="utf-8"))["cells"]):
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
        for place, output in enumerate(cell.get("outputs", [])):
            if "text" in output:
                parts.append(f"```text\n{''.join(output['text']).rstrip()}\n```")
            picture = output.get("data", {}).get("image/png")
            if picture:
                file = SOURCE / name.removesuffix(".md") / f"{number}_{place}.png"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(base64.b64decode("".join(picture)))
                parts.append(f'<img alt="output {place} of cell {number}" src="{file.parent.name}/{file.name}">')
    return "\n\n".join(parts)


def api_page(name, modules):
    """A page of docstrings: a section for each module."""
    found = []
    for module in modules:
        found += _public(module.removesuffix(".*")) if module.endswith(".*") else [module]
    title = TITLES.get(name, name if name == "rwae_tf" else name.capitalize())
    return "\n\n".join([f"# {title}", *(f"::: {module}" for module in dict.fromkeys(found))]) + "\n"


def _public(package):
    """The dotted names of the modules of a package that do not begin with an underscore."""
    folder = ROOT / package.replace(".", "/")
    return [f"{package}.{path.stem}" for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]


def options_page():
    """Every option of `python -m rwae_tf.train`, a table for each section of the configuration."""
    import dataclasses

    from rwae_tf.config import fields, schema

    lines = ["# Options", "", "The options of `python -m rwae_tf.train`, from `rwae_tf/config/schema.py`.", ""]
    for section, kind in schema.SECTIONS.items():
        lines += [f"## {section}", "", kind.__doc__.strip(), "", "| option | default | meaning |", "|---|---|---|"]
        for field in dataclasses.fields(kind):
            default, help = fields.as_text(field.default), field.metadata["help"]
            if field.metadata["choices"]:
                help += f" One of {', '.join(f'`{choice}`' for choice in field.metadata['choices'])}."
            lines.append(f"| `--{field.name}` | {f'`{default}`' if default else ''} | {help} |")
        lines.append("")
    return "\n".join(lines)


def write(name, text):
    """Write a staged page."""
    path = SOURCE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
