"""docs/departures.md is what its command writes."""

import departures as tool
import pytest

from rwae_tf.errors import InputError


def test_the_page_is_current():
    assert tool.main(["departures.py", "--check"]) == 0


def test_a_page_that_is_not_current_is_refused_and_then_written(tmp_path, monkeypatch):
    page = tmp_path / "departures.md"
    page.write_text(f"before\n{tool.BEGIN}\nold\n{tool.END}\nafter\n")
    monkeypatch.setattr(tool, "PAGE", str(page))
    with pytest.raises(InputError, match="run it"):
        tool.main(["departures.py", "--check"])
    tool.main(["departures.py"])
    assert tool.main(["departures.py", "--check"]) == 0
    assert page.read_text().startswith("before\n") and page.read_text().endswith("\nafter\n")


def test_a_cell_is_empty_where_a_preset_does_as_the_paper():
    rows = {line.split(" | ")[0]: line for line in tool.table({"cpu_sprites_gan": "sprites_gan"}).splitlines()}
    assert rows["| `--size`"] == "| `--size` | `64` | `32` |"
    assert "| `--motion_size`" not in rows and "| `--content_divergence`" not in rows  # both as in the paper
