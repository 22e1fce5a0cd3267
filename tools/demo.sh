#!/usr/bin/env bash
# From a bare clone to a page on which pretrained models swap and draw clips of videos and speech. Nothing is trained:
#
#   bash tools/demo.sh [--stack=2.17|2.21] [flags of rwae_tf.serve, such as --port=9000]
#
# Serves every model of pretrained/ until Ctrl-C. --model=pretrained/NAME or --model=runs/NAME serves that one instead.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/environment.sh "$@"

models=()
case " ${ARGS[*]-} " in
  *" --model"*) ;;
  *) for folder in pretrained/*/; do models=("--model=${folder%/}" ${models[@]+"${models[@]}"}); done ;;  # sprites first
esac
echo 'The page is at the address below once the models are loaded, which takes about a minute each the first time. Ctrl-C ends it.'
exec python -m rwae_tf.serve ${models[@]+"${models[@]}"} ${ARGS[@]+"${ARGS[@]}"}
