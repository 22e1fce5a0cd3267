"""Broken videos: each ends the work with one line, and is left out, counted and named, where that is asked for."""

import films
import pytest
from broken_videos import GOOD


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The frames of five good videos."""
    return films.noise(GOOD, 4)


@pytest.fixture
def folder(tmp_path, good):
    """A folder of five good GIFs, and a name that is not easy."""
    for number, video in enumerate(good):
        films.write_gif(tmp_path / "Märchen 2" / f"good {number}.gif", video)
    return tmp_path / "Märchen 2"
