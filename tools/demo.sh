#!/usr/bin/env bash
# From a bare clone to a page on which a pretrained model swaps and draws clips. Nothing is trained:
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
  *) for folder in pretrained/*/; do models+=("--model=${folder%/}"); done ;;
esac
echo 'The page is at the address below once the models are loaded, which takes about a minute. Ctrl-C ends it.'
exec python -m rwae_tf.serve ${models[@]+"${models[@]}"} ${ARGS[@]+"${ARGS[@]}"}
