#!/usr/bin/env bash
# On a machine with an NVIDIA GPU and its driver: checks that the GPU computes what the CPU does, and measures. About ten
# minutes, and the time to install TensorFlow's CUDA packages.
#
#   bash tools/gpu.sh [--stack=2.17|2.21] [--dry_run]
#
# Writes gpu.json, the measurements of tools/benchmark.py. --dry_run does all of it without a GPU, with a small model.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/environment.sh "$@"

out=gpu.json
case "${ARGS[*]-}" in
  '')
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv || fail 'nvidia-smi found no GPU'
    python -m pip install -qq --disable-pip-version-check -c "$constraints" -e '.[cuda]'
    python tools/bench/same_numbers.py
    python tools/benchmark.py --suite=train,phases --presets=dcgan64,cpu_sprites --repeats=7 --calls=5 --out="$out"
    python tools/benchmark.py --suite=encode --repeats=7 --calls=10 --out="$out"
    ;;
  --dry_run)
    out="$(mktemp -d)/gpu.json"
    python tools/bench/same_numbers.py --dry_run
    python tools/benchmark.py --suite=train,phases --presets=quickstart --repeats=1 --calls=1 --out="$out"
    ;;
  *) fail "${ARGS[*]}: expected --dry_run, or nothing" ;;
esac
echo "measured: $out"
