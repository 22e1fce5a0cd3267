"""docs/departures.md is what its command writes."""

import departures as tool


def test_the_page_is_current():
    assert tool.main(["departures.py", "--check"]) == 0


def test_a_cell_is_empty_where_a_preset_does_as_the_paper():
    rows = {line.split(" | ")[0]: line for line in tool.table({"cpu/sprites_gan": "sprites_gan"}).splitlines()}
    assert rows["| `--size`"] == "| `--size` | `64` | `32` |"
    assert "| `--motion_size`" not in rows and "| `--content_divergence`" not in rows  # both as in the paper
