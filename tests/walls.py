"""The walls of the package: the lists of its layers and libraries, and checks that read its source."""

import ast
import pathlib
import sys
from typing import NamedTuple, Optional

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
