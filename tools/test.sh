#!/usr/bin/env bash
# Environment, style check and test suite, complete from a bare clone:
#
#   bash tools/test.sh [--stack=2.17|2.21] [pytest arguments]
#
# Real data are looked for in the folder RWAE_DATA, else beside the clone (../shared/data); tests that
# need what is not there are skipped and say so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/environment.sh "$@"

ruff check --quiet --output-format=concise .

# TensorFlow takes seconds to import in every process, so there are few: one for each core, up to four,
# each on one thread, and a test file stays in one of them. Arguments of pytest's replace all this.
if [ ${#ARGS[@]} -eq 0 ]; then
  workers=$(python -c 'import os; print(min(4, len(os.sched_getaffinity(0))))')
  ARGS=(--numprocesses="$workers" --dist=loadfile)
  export TF_NUM_INTRAOP_THREADS=1 OMP_NUM_THREADS=1
fi
export TF_FORCE_GPU_ALLOW_GROWTH=true  # several processes may share one GPU
exec python -m pytest -rs --durations=10 "${ARGS[@]}"
