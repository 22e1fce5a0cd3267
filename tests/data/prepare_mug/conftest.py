"""Recordings in every layout of MUG, sound ones."""

import pytest
from mug_frames import draw


@pytest.fixture(scope="module")
def layouts(tmp_path_factory):
    """All layouts, in a folder with a space and letters outside ASCII in its name."""
    folder = tmp_path_factory.mktemp("MUG copié à la main")
    root = folder / "subjects3"
    draw(root / "001" / "anger" / "take000", range(3, 11), (1, 0))  # 8 frames, the first has number 3
    draw(root / "001" / "anger" / "take001", range(1))  # short
    draw(root / "001" / "neutral" / "take000", range(8))
    draw(root / "001" / "neutral" / "take001", range(8))
    draw(root / "002" / "session0" / "fear" / "take000", range(6), (2, 0))
    draw(root / "002" / "session1" / "fear" / "take000", range(6), (2, 1))
    draw(root / "002" / "session1" / "Neutral", range(6))
    draw(root / "003" / "003" / "SURPRISE" / "take007", range(7), (3, 0))
    draw(root / "Zoë É" / "happiness", range(8, 14), (4, 0), name="frame {}.png")  # of which 10 is before 8 by name
    draw(root / "Zoë É" / "happiness" / "prise deux", range(5), (4, 1))  # short where every other frame is used
    draw(root / "Zoë É" / ".thumbnails" / "take000", range(6))
    (root / "001" / "anger" / "take000" / "Thumbs.db").write_bytes(b"not a frame")
    (root / "001" / "anger" / "take000" / "._img_0003.png").write_bytes(b"nor this")
    (root / "readme.txt").write_text("nor a subject")
    return folder


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Two subjects with two takes each."""
    folder = tmp_path_factory.mktemp("sound")
    for subject in ("001", "002"):
        for expression in ("anger", "fear"):
            draw(folder / subject / expression / "take000", range(4), (int(subject), 0), name="img_{:04d}.jpg")
    return folder
