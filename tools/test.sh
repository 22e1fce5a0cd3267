#!/usr/bin/env bash
# Environment, checks of style and types, and the test suite, complete from a bare clone:
#
#   bash tools/test.sh [--stack=2.17|2.21] [--fast | --all] [pytest arguments]
#
# Tests marked exhaustive run with --all (or named), so that the rest ends within 25 minutes on two cores. --fast leaves
# out the tests marked slow; the goal is four minutes. Tests on real data look in the folder RWAE_DATA, else beside the
# clone (../shared/data), and are skipped, with a line, where it is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/environment.sh "$@"

chosen=(-m "not exhaustive") asked=
for index in "${!ARGS[@]}"; do
  case "${ARGS[index]}" in
    --fast) chosen=(-m "not slow and not exhaustive") asked=1 ;;
    --all) chosen=() asked=1 ;;
    *) [ -n "$asked" ] || chosen=(); continue ;;  # arguments of pytest choose the tests themselves
  esac
  unset "ARGS[index]"
done

ruff check --quiet --output-format=concise .
python -m mypy --no-error-summary

# TensorFlow takes seconds to import in every process, so there are few: one for each core, up to four,
# each on one thread, and a test file stays in one of them. Arguments of pytest's replace all this.
if [ ${#ARGS[@]} -eq 0 ]; then
  workers=$(python -c 'import os; print(min(4, len(os.sched_getaffinity(0))))')
  ARGS=(--numprocesses="$workers" --dist=loadfile)
  export TF_NUM_INTRAOP_THREADS=1 OMP_NUM_THREADS=1
fi
export TF_FORCE_GPU_ALLOW_GROWTH=true  # several processes may share one GPU
exec python -m pytest -rs --durations=10 "${chosen[@]}" "${ARGS[@]}"
