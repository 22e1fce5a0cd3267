"""The public API carries type annotations; `mypy`, which tools/test.sh runs, checks that they hold."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent / "rwae_tf"
FOLDERS = ("layers", "backbones", "inference", "priors", "regularizers", "metrics", "figures", "data/datasets",
           "data/synthetic")
MODULES = [ROOT / "distributions.py", ROOT / "reconstruction.py", ROOT / "data" / "__init__.py",
           ROOT / "serving" / "saved_model.py",
           *(path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))]
NAMED = {"models/base.py": {"posterior", "prior", "likelihood", "encode", "decode", "reconstruct", "generate", "swap"},
         "data/base.py": {"frames", "labels", "batch", "batches"}, "runs/run_dir.py": {"load"},
         "export/__init__.py": {"export"}}


def bare(source, names=None):
    """The public functions, or the methods and functions called `names`, that lack an annotation.

    Args:
      source: of a module.
      names: which, of any class; None for all functions of the module that are not private.
    """
    tree = ast.parse(source)
    nodes = ast.walk(tree) if names else tree.body
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)
                 and (node.name in names if names else not node.name.startswith("_"))]
    return [node.name for node in functions if node.returns is None or any(
        argument.annotation is None for argument in node.args.args + node.args.kwonlyargs if argument.arg != "self")]


def test_bare_functions_are_seen():
    source = "def a(x: int) -> int: ...\ndef b(x) -> int: ...\ndef c(x: int): ...\ndef _d(x): ...\n"
    assert bare(source) == ["b", "c"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_public_functions_are_annotated(path):
    assert bare(path.read_text()) == []


@pytest.mark.parametrize("name", NAMED)
def test_verbs_are_annotated(name):
    source = (ROOT / name).read_text()
    assert bare(source, NAMED[name]) == []
    assert all(f"def {verb}(" in source for verb in NAMED[name])
