#!/usr/bin/env bash
# What this package is built on, for whoever has to vouch for it.
#
#   bash tools/supply_chain.sh lock [--stack=2.17|2.21]       write tools/supply_chain/stack-*.txt anew
#   bash tools/supply_chain.sh licences [--stack=2.17|2.21]   the licence of each installed package
#   bash tools/supply_chain.sh audit [--stack=2.17|2.21]      known vulnerabilities of the locked packages
#   bash tools/supply_chain.sh sbom [--stack=2.17|2.21]       bill of materials (CycloneDX, JSON) on standard output
#
# `lock` and `audit` ask the package index; `licences` reads the environment of tools/test.sh. The programs themselves
# live in .venv/supply_chain (100 MB, no TensorFlow).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { echo "error: $*" >&2; exit 2; }

verb="${1:-}" stack=2.17
case "${2:-}" in
  "") ;;
  --stack=2.17 | --stack=2.21) stack="${2#--stack=}" ;;
  *) fail "$2: --stack=2.17 or --stack=2.21" ;;
esac
locked="tools/supply_chain/stack-$stack.txt"

venv="$PWD/.venv/supply_chain" requirements=tools/supply_chain/requirements.txt
prepare() {
  cmp -s "$requirements" "$venv/requirements.txt" && return
  echo "supply chain: installing the packages of $requirements into $venv" >&2
  "${PYTHON:-python3}" -m venv "$venv"
  "$venv/bin/python" -m pip install -qq --disable-pip-version-check -r "$requirements" </dev/null
  cp "$requirements" "$venv/requirements.txt"
}

lock() {
  # Stack 2.17 resolves alike on both of its versions of Python; 2.21 leaves tensorflow-io out on 3.13.
  local for_python=(--python-version=3.11 --python-platform=x86_64-manylinux_2_28)
  [ "$stack" = 2.17 ] || for_python=(--python-version=3.11 --universal)
  {
    echo "# Every package of tools/test.sh's environment on Linux, with the hashes of its files:"
    echo "#   pip install --require-hashes -r $locked && pip install --no-deps -e ."
    echo "# Written by: bash tools/supply_chain.sh lock --stack=$stack"
    "$venv/bin/uv" pip compile --quiet setup.py --extra=dev --constraint="constraints/stack-$stack.txt" \
      "${for_python[@]}" --generate-hashes --no-header --no-annotate
  } > "$locked.part"
  mv "$locked.part" "$locked"
  echo "$locked: $(grep -c == "$locked") packages"
}

case "$verb" in
  lock) prepare; lock ;;
  licences)
    python="${RWAE_VENV:-$PWD/.venv/$stack}/bin/python"
    [ -x "$python" ] || fail "$python: no environment of stack $stack; bash tools/test.sh --stack=$stack makes it"
    prepare; "$venv/bin/pip-licenses" --python="$python" --with-urls --format=markdown ;;
  audit) prepare; "$venv/bin/pip-audit" --requirement="$locked" --no-deps --disable-pip ;;
  sbom) prepare; "$venv/bin/cyclonedx-py" requirements "$locked" ;;
  *) fail "${verb:-no command}: lock, licences, audit or sbom" ;;
esac
