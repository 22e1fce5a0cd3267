"""The walls of the package, read off its source: layers, circles, third-party libraries, sizes."""

import ast
import pathlib
import sys
from typing import NamedTuple, Optional

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = "rwae_tf"

# Bottom to top; a component is a module or folder of the package, "" the package's own __init__.
# A component imports from its own layer and those below.
LAYERS = (
    {"types", "errors"},
    {"compat"},
    {"utils"},
    {"config", "distributions", "noise"},
    {"kernels"},
    {"layers"},
    {"backbones", "data"},
    {"inference", "priors", "regularizers", "reconstruction"},
    {"models"},
    {"metrics", "figures", "runs"},
    {"training", "judges"},
    {"evaluation", "serving"},
    {"generation"},
    {"", "entry_point", "train", "evaluate", "generate", "judge", "export", "compare", "serve", "pretrained"},
)
# Components that see less than the layers below them.
SEES_ONLY = {
    "data": {"types", "errors", "compat", "utils", "config", "noise"},
    "metrics": {"types", "errors", "compat"},  # arrays and callables
    "figures": {"types", "errors", "utils"},
}
# Third-party libraries: in how many files of the package each may be imported, None for any number.
# One that is not here is no dependency.
LIBRARIES = {
    "numpy": None, "tensorflow": None, "keras": None, "absl": None, "PIL": 4, "imageio_ffmpeg": 2,
    "tensorflow_probability": None, "tensorflow_gan": 1, "tensorflow_io": 1, "soundfile": 1, "cv2": 1, "sklearn": 4,
    "threadpoolctl": 2, "matplotlib": 1, "scipy": 2,
    "starlette": 1, "uvicorn": 1, "orjson": 2, "prometheus_client": 1, "google": 2, "tf2onnx": 1,
}
# Modules of data that need TensorFlow: what streams batches, what varies them there, and what writes TFRecords.
STREAMS = ("pipeline", "augmentation", "prepare.mug.tfrecord")
FILE_LINES, FUNCTION_LINES = 250, 50
# Entry points: they parse, call and report; none imports another.
ENTRY_POINTS = ("train", "evaluate", "generate", "judge", "export", "compare", "serve", "pretrained")
ENTRY_POINT_LINES = 80


class Import(NamedTuple):
    """One import: who, whom (dotted; None where a computed name hides it), on which line."""

    importer: str
    imported: Optional[str]
    line: int


def modules(root):
    """Dotted name -> path of every module of the package in the folder `root`."""
    found = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name, path, known):
    """Every import of a module, those inside functions and by importlib included."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (Import(name, alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join(above + ([node.module] if node.module else []))
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield Import(name, whole if whole in known else base, node.lineno)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield Import(name, _literal_start(node.args[0], package), node.lineno)


def _literal_start(argument, package):
    """The dotted name that an importlib argument is sure to begin with, None where it has none."""
    start = ""
    for part in argument.values if isinstance(argument, ast.JoinedStr) else [argument]:
        if isinstance(part, ast.Constant):
            start += str(part.value)
        elif isinstance(part, ast.FormattedValue) and ast.unparse(part.value) in ("__name__", "__package__"):
            start += package
        else:
            break
    return (package * start.startswith(".") + start).rstrip(".") or None


def component(module):
    """The part of the package that a module belongs to."""
    return (module.split(".") + [""])[1]


def layer(name):
    """Height of a component, None for one without a place."""
    return next((height for height, names in enumerate(LAYERS) if name in names), None)


def wall_violations(root):
    """Imports upwards, into what a component must not see, or under a computed name."""
    known, found = modules(root), []
    for name, path in known.items():
        here = component(name)
        if layer(here) is None:
            found.append(f"{name} has no place in LAYERS")
            continue
        for entry in imports(name, path, known):
            where = f"{name}:{entry.line}"
            if entry.imported is None:
                if layer(here) < len(LAYERS) - 1:
                    found.append(f"{where} imports under a name that only running it tells")
            elif entry.imported.split(".")[0] == PACKAGE and component(entry.imported) != here:
                there = component(entry.imported)
                if here in ENTRY_POINTS and there in ENTRY_POINTS:
                    found.append(f"{where} imports {entry.imported}, another entry point")
                if layer(there) is None or layer(there) > layer(here):
                    found.append(f"{where} imports {entry.imported}, which lies above")
                elif here in SEES_ONLY and there not in SEES_ONLY[here]:
                    found.append(f"{where} imports {entry.imported}, which {here} must not see")
    return found


def circles(root):
    """Circular imports, between modules and between components, each as "a -> b -> a"."""
    known = modules(root)
    edges, parts = {}, {}
    for name, path in known.items():
        edges[name] = {entry.imported for entry in imports(name, path, known)} & set(known) - {name}
        parts.setdefault(component(name), set()).update(map(component, edges[name]))
    parts = {name: targets - {name} for name, targets in parts.items()}
    return [circle for graph in (edges, parts) for circle in _circles(graph)]


def _circles(graph):
    done, found = set(), []

    def visit(node, trail):
        if node in trail:
            found.append(" -> ".join([*trail[trail.index(node):], node]))
        elif node not in done:
            for target in sorted(graph.get(node, ())):
                visit(target, [*trail, node])
            done.add(node)

    for node in sorted(graph):
        visit(node, [])
    return found


def library_violations(root):
    """Libraries imported in more files than they may be, in any if they are no dependency."""
    known, users = modules(root), {}
    for name, path in known.items():
        for entry in imports(name, path, known):
            top = (entry.imported or PACKAGE).split(".")[0]
            if top != PACKAGE and top not in sys.stdlib_module_names:
                users.setdefault(top, set()).add(name)
    found = []
    for top, names in sorted(users.items()):
        limit = LIBRARIES.get(top, 0)
        if limit is not None and len(names) > limit:
            found.append(f"{top} may be imported in {limit} files, not in {', '.join(sorted(names))}")
    return found


def tensorflow_in_data(root):
    """Modules of the data layer that import TensorFlow or Keras, other than those of `STREAMS`."""
    known, found = modules(root), []
    for name, path in known.items():
        if component(name) == "data" and name.removeprefix(f"{PACKAGE}.data.") not in STREAMS:
            for entry in imports(name, path, known):
                if (entry.imported or "").split(".")[0] in ("tensorflow", "keras"):
                    found.append(f"{name}:{entry.line} imports {entry.imported}")
    return found


def size_violations(root):
    """Files and functions too long to be read at once."""
    found = []
    for name, path in modules(root).items():
        text = path.read_text()
        most = ENTRY_POINT_LINES if component(name) in ENTRY_POINTS else FILE_LINES
        if len(text.splitlines()) > most:
            found.append(f"{name} has {len(text.splitlines())} lines, more than {most}")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= FUNCTION_LINES:
                found.append(f"{name}:{node.lineno} {node.name} has more than {FUNCTION_LINES} lines")
    return found


def test_imports_point_down():
    assert wall_violations(ROOT) == []


def test_imports_make_no_circle():
    assert circles(ROOT) == []


def test_libraries_stay_in_their_files():
    assert library_violations(ROOT) == []


def test_data_needs_tensorflow_in_three_files_only():
    assert tensorflow_in_data(ROOT) == []


def test_files_and_functions_are_short():
    assert size_violations(ROOT) == []


# The checks themselves, on small trees with one fault each.


SOUND = {
    "__init__.py": "", "types.py": "", "data/__init__.py": "", "train.py": "from rwae_tf import models",
    "models/__init__.py": "from rwae_tf.models.rwae import RWAE", "models/base.py": "",
    "models/rwae.py": "from rwae_tf import types\nfrom . import base",
}


@pytest.fixture
def tree(tmp_path):
    """Writes {path in the package: source} and gives the folder; a sound package when empty."""

    def write(files):
        for path, source in {**SOUND, **files}.items():
            (tmp_path / PACKAGE / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / PACKAGE / path).write_text(source)
        return tmp_path

    return write


def test_sound_tree_passes(tree):
    root = tree({})
    assert wall_violations(root) == circles(root) == size_violations(root) == tensorflow_in_data(root) == []
    assert library_violations(root) == []


@pytest.mark.parametrize("source", [
    "from rwae_tf import models",
    "import rwae_tf.models.rwae",
    "from rwae_tf.models.rwae import RWAE",
    "from . import models",
    "from .models import rwae",
    "def late():\n    from rwae_tf.models import base",
    "if TYPE_CHECKING:\n    from rwae_tf import models",
    "import importlib\nimportlib.import_module('rwae_tf.models')",
    "from importlib import import_module\ndef late(name):\n    import_module(f'rwae_tf.models.{name}')",
    "import rwae_tf",  # the package's __init__ is the top of the house
])
def test_import_upwards_is_seen(tree, source):
    (message,) = wall_violations(tree({"types.py": source}))
    assert message.startswith("rwae_tf.types:") and message.endswith("lies above")


@pytest.mark.parametrize("path, source, message", [
    ("figures/grids.py", "from rwae_tf.models import base", "figures must not see"),
    ("metrics/scores.py", "def late():\n    from ..models import rwae", "metrics must not see"),
    ("data/sprites.py", "import rwae_tf.distributions", "data must not see"),
    ("helpers.py", "", "has no place in LAYERS"),
    ("generate.py", "def main(argv):\n    from rwae_tf import train", "another entry point"),
    ("data/registry.py", "import importlib\nimportlib.import_module(name)", "only running it tells"),
])
def test_other_breaches_of_a_wall_are_seen(tree, path, source, message):
    (found,) = wall_violations(tree({path: source}))
    assert message in found


def test_own_plugins_by_name_are_allowed(tree):
    source = "import importlib\ndef get(name):\n    return importlib.import_module(f'{__name__}.{name}')"
    assert wall_violations(tree({"data/__init__.py": source})) == []


def test_circle_between_modules_is_seen(tree):
    root = tree({"models/base.py": "def late():\n    from rwae_tf.models import rwae"})
    assert circles(root) == ["rwae_tf.models.rwae -> rwae_tf.models.base -> rwae_tf.models.rwae"]


def test_circle_between_components_of_a_layer_is_seen(tree):
    # No circle of modules: priors.a -> inference.a, inference.b -> priors.b.
    root = tree({"priors/a.py": "from rwae_tf.inference import a", "inference/a.py": "",
                 "inference/b.py": "from rwae_tf.priors import b", "priors/b.py": ""})
    assert circles(root) == ["inference -> priors -> inference"]


def test_library_breaches_are_seen(tree):
    root = tree({"models/a.py": "import torch.nn", "models/b.py": "import cv2",
                 "models/c.py": "def late():\n    from cv2 import resize"})
    assert library_violations(root) == [
        "cv2 may be imported in 1 files, not in rwae_tf.models.b, rwae_tf.models.c",
        "torch may be imported in 0 files, not in rwae_tf.models.a",
    ]


def test_tensorflow_outside_these_is_seen(tree):
    late = "def late():\n    import tensorflow as tf"
    files = dict.fromkeys(("data/pipeline.py", "data/prepare/mug/tfrecord.py", "data/base.py"), late)
    assert tensorflow_in_data(tree(files)) == ["rwae_tf.data.base:2 imports tensorflow"]


def test_length_is_seen(tree):
    body = "def long():\n" + "    pass\n" * 50  # 51 lines
    root = tree({"types.py": body, "errors.py": "\n" * 251, "train.py": "\n" * 81})
    assert size_violations(root) == [
        "rwae_tf.errors has 251 lines, more than 250", "rwae_tf.train has 81 lines, more than 80",
        "rwae_tf.types:1 long has more than 50 lines"]
