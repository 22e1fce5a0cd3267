"""The notebook runs from its first cell to its last, and the page in the repository holds its outputs."""

import copy
import json

import notebook as tool
import numpy as np
import pytest

from rwae_tf import train


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("runs") / "tiny")
    assert train.main(["train", "--preset=quickstart", "--channels=4", "--feature_size=8", "--hidden_size=8",
                       "--max_minutes=0.01", f"--run_dir={folder}"]) == 0
    return folder


@pytest.mark.slow
def test_cells_run_and_the_kept_page_is_of_these_cells(run, capsys):
    with open(tool.NOTEBOOK, encoding="utf-8") as file:
        kept = json.load(file)
    ours = copy.deepcopy(kept)
    tool.run(ours, run)
    for cell, other in zip(ours["cells"], kept["cells"], strict=True):
        # The same kinds of outputs; what they hold depends on the model.
        assert [o["output_type"] for o in cell.get("outputs", [])] == [
            o["output_type"] for o in other.get("outputs", [])]
    printed = ["".join(o["text"]) for cell in ours["cells"] for o in cell.get("outputs", []) if "text" in o]
    assert "z_c (4, 16) z_m (4, 16, 2)" in printed[1]
    distances = np.array([line.split() for line in printed[2].splitlines()], float)
    np.testing.assert_array_equal(np.diag(distances), np.zeros(4))  # KL(q || q) = 0
    assert distances.min() >= 0
