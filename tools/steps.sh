# The steps from data to a trained, evaluated and exported model. Sourced, from the repository root, after
# tools/environment.sh; says of each step what is made and where, and at the end of a script which step failed it.

trap 'status=$?; [ $status -eq 0 ] || echo "error: $(basename "$0") ended at step \"$current\" (status $status)" >&2' EXIT

# step NAME WHERE COMMAND...: say what is made and where, then make it.
step() {
  current=$1
  printf '\n== %s -> %s\n' "$1" "$2"
  shift 2
  say_and_run "$@"
}

say_and_run() {
  printf '  %s\n' "$(printf ' %q' "$@")" >&2
  "$@"
}

# train_to_export RUN FLAGS...: everything of one run into its folder; the array `measure` has flags of evaluate.
train_to_export() {
  local run=$1
  shift
  step train "$run/" python -m rwae_tf.train "$@" --run_dir="$run"
  step evaluate "$run/evaluation/report.html" \
    python -m rwae_tf.evaluate --run_dir="$run" ${measure[@]+"${measure[@]}"}
  step swap "$run/figures/" python -m rwae_tf.generate --run_dir="$run" --mode=swap
  step generate "$run/figures/" python -m rwae_tf.generate --run_dir="$run" --mode=generate
  step export "$run/export/" python -m rwae_tf.export --run_dir="$run" --export_dir="$run/export"
  exported="$run/export/$(ls "$run/export" | grep -E '^[0-9]+$' | sort -n | tail -n 1)"
}
