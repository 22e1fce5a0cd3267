"""The suite itself: what `bash tools/test.sh --fast` leaves of it, and the sizes of its files and of tools."""

import ast
import pathlib

import pytest
from walls import FILE_LINES, FUNCTION_LINES

TESTS = pathlib.Path(__file__).resolve().parent
ROOT = TESTS.parent
# Files whose tests are all slow, and the file whose fast tests cover the same modules.
SLOW = {
    "serving/test_conformance.py": "serving/test_server.py",
    "serving/page/test_page.py": "serving/test_server.py",
    "serving/page/test_page_of_speech.py": "serving/test_server.py",
    "serving/test_saved_model.py": "serving/test_signatures.py",
    "test_wheel.py": "config/test_presets.py",
    "tools/test_notebook.py": "tools/test_links.py",
    "training/test_gradients.py": "training/test_trainer.py",
    "training/test_order.py": "training/test_trainer.py",
    "training/test_resume.py": "training/test_window.py",
}


def fast_tests(source):
    """Names of the tests of a module that neither they nor the module mark as slow or exhaustive."""
    tree = ast.parse(source)
    whole = [node.value for node in tree.body
             if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"]
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
            and not any(word in ast.unparse(mark) for mark in [*whole, *node.decorator_list]
                        for word in ("mark.slow", "mark.exhaustive"))]


def test_slow_tests_are_seen():
    source = "@pytest.mark.slow\ndef test_a(): ...\n@pytest.mark.exhaustive\ndef test_b(): ...\ndef test_c(): ...\n"
    assert fast_tests(source) == ["test_c"] and fast_tests(f"pytestmark = [pytest.mark.slow]\n{source}") == []


def test_every_file_has_a_fast_test():
    files = {path.relative_to(TESTS).as_posix(): fast_tests(path.read_text()) for path in TESTS.rglob("test_*.py")}
    assert {name for name, fast in files.items() if not fast} <= set(SLOW)
    assert all(files[other] for other in SLOW.values())


def test_every_folder_of_the_package_has_fast_tests():
    folders = {path.parent.relative_to(ROOT / "rwae_tf").parts[0] for path in (ROOT / "rwae_tf").glob("*/*.py")}
    elsewhere = {"export": "commands", "generation": "commands"}
    for folder in folders:
        paths = (TESTS / elsewhere.get(folder, folder)).glob("test_*.py")
        assert any(fast_tests(path.read_text()) for path in paths), folder


@pytest.mark.parametrize("folder", ["export", "tests", "tools"])  # test_architecture.py has the package
def test_files_and_functions_are_short(folder):
    for path in (ROOT / folder).rglob("*.py"):
        text = path.read_text()
        assert len(text.splitlines()) <= FILE_LINES, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < FUNCTION_LINES, (path, node.name)
