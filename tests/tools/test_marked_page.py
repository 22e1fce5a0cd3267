"""A part of a page is written between its marks, and checked."""

import marked_page as tool
import pytest

from rwae_tf.errors import InputError

MARKS = ("<!-- begin -->", "<!-- end -->")


def main(path, *arguments, made="| a |"):
    return tool.main(["tools/some.py", *arguments], str(path), *MARKS, made)


def test_a_page_that_is_not_current_is_refused_and_then_written(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nafter\n")
    with pytest.raises(InputError, match="out of date; run python tools/some.py"):
        main(page, "--check")
    assert main(page) == main(page, "--check") == 0
    assert page.read_text() == f"before\n{MARKS[0]}\n| a |\n{MARKS[1]}\nafter\n"


def test_a_page_may_have_several_parts_that_end_alike(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"{MARKS[0]}\nold\n{MARKS[1]}\nbetween\n<!-- other -->\nkept\n{MARKS[1]}\nafter\n")
    main(page)
    assert page.read_text() == (
        f"{MARKS[0]}\n| a |\n{MARKS[1]}\nbetween\n<!-- other -->\nkept\n{MARKS[1]}\nafter\n")
    tool.main(["tools/some.py"], str(page), "<!-- other -->", MARKS[1], "new")
    assert "between\n<!-- other -->\nnew\n" in page.read_text()


@pytest.mark.parametrize("text", ["", MARKS[0], MARKS[1]])
def test_a_page_without_marks_is_left_alone(tmp_path, text):
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(InputError, match="page.md: must hold the lines"):
        main(page)
    assert page.read_text() == text


def test_other_arguments_are_refused(tmp_path):
    with pytest.raises(InputError, match="--chekc"):
        main(tmp_path / "page.md", "--chekc")
