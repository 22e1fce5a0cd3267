#!/usr/bin/env bash
# The documentation as a site, in site/html: the pages of docs/ and one for each part of the public API.
#
#   bash tools/docs.sh
#
# Fails where a link leads nowhere, a page is missing from the menu or a docstring cannot be read. Its environment,
# .venv/docs (about 100 MB), needs no TensorFlow; RWAE_DOCS_VENV names another folder, PYTHON the interpreter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv="${RWAE_DOCS_VENV:-$PWD/.venv/docs}"
requirements=tools/docs/requirements.txt
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
  echo "docs: installing the packages of $requirements into $venv"
  "${PYTHON:-python3}" -m venv "$venv"
  "$venv/bin/python" -m pip install -qq --disable-pip-version-check -r "$requirements" </dev/null
  cp "$requirements" "$venv/requirements.txt"
fi
exec "$venv/bin/python" tools/docs/build_site.py
