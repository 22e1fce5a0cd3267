#!/usr/bin/env bash
# From a folder of your own videos, or speakers, to a trained, evaluated and exported model, with figures:
#
#   bash tools/own_data.sh tools/own/folder.flags VIDEOS runs/mine [--stack=2.17|2.21] [flags of rwae_tf.train]
#   bash tools/own_data.sh tools/own/speakers.flags SPEAKERS runs/voices
#
# Two hours at most for videos, one for speech, on two cores; --max_minutes=20 for a first look. The same command
# resumes from the checkpoint and rewrites all other files; the export becomes a new version.
set -euo pipefail
if [ $# -lt 3 ] || [ ! -f "$1" ] || [ ! -e "$2" ]; then
  echo "error: usage: bash tools/own_data.sh FLAGFILE DATA RUN [flags]; FLAGFILE and DATA must exist" >&2
  exit 2
fi
flagfile="$(realpath "$1")" data="$(realpath "$2")" run="$(realpath -m "$3")"
shift 3
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/environment.sh "$@"
source tools/steps.sh

train_to_export "$run" --flagfile="$flagfile" --data_dir="$data" ${ARGS[@]+"${ARGS[@]}"}
cat <<EOF

run, checkpoints   $run/  (tensorboard --logdir $run)
measurements       $run/evaluation/metrics.json, as a page $run/evaluation/report.html
swaps, samples     $run/figures/
SavedModel         $exported/
EOF
