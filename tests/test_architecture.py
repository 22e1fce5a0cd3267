"""The walls of the package, read off its source: layers, circles, third-party libraries, sizes."""

import pytest
from walls import PACKAGE, ROOT, circles, library_violations, size_violations, tensorflow_in_data, wall_violations


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
