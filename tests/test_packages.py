"""docs/packages.md is what its command writes, from the imports as they are."""

import packages as tool
import pytest

from rwae_tf.errors import InputError


def test_the_page_is_current():
    assert tool.main(["packages.py", "--check"]) == 0


def test_every_package_is_at_work_where_the_page_says():
    found = tool.users()
    assert all(found.values())
    assert found["tensorflow_gan"] == ["tfgan.py"] and found["tensorflow_io"] == ["files.py"]
    at = {path.split("/")[0] for path in found["tensorflow_probability"]}
    assert at == {"distributions.py", "inference", "models", "priors", "reconstruction.py", "regularizers"}


def test_a_page_that_is_not_current_is_refused_and_then_written(tmp_path, monkeypatch):
    page = tmp_path / "packages.md"
    page.write_text(f"before\n{tool.BEGIN}\nold\n{tool.END}\nafter\n")
    monkeypatch.setattr(tool, "PAGE", str(page))
    with pytest.raises(InputError, match="run it"):
        tool.main(["packages.py", "--check"])
    tool.main(["packages.py"])
    assert tool.main(["packages.py", "--check"]) == 0
    assert page.read_text().startswith("before\n") and page.read_text().endswith("\nafter\n")
