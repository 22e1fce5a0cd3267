"""docs/packages.md is what its command writes, from the imports as they are."""

import packages as tool


def test_the_page_is_current():
    assert tool.main(["packages.py", "--check"]) == 0


def test_every_package_is_at_work_where_the_page_says():
    found = tool.users()
    assert all(found.values())
    assert found["tensorflow_gan"] == ["compat/tfgan.py"] and found["tensorflow_io"] == ["compat/tfio.py"]
    at = {path.split("/")[0] for path in found["tensorflow_probability"]}
    assert at == {"distributions.py", "inference", "models", "priors", "reconstruction.py", "regularizers"}
