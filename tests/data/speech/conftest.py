"""A folder of recordings."""

import pytest
from speech_folders import write


@pytest.fixture
def folder(tmp_path):
    """Five speakers with two recordings each, of 48 frames: 0.5 s are 8000 samples, 1 + (8000 - 400) // 160."""
    for number, speaker in enumerate(["ann", "bob", "cid", "dan", "eve"]):
        for which in range(2):
            write(tmp_path / "voices", f"{speaker}/{which}.wav", start=2000 * number + 500 * which)
    return tmp_path / "voices"
