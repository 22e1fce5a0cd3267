#!/usr/bin/env bash
# From a bare clone to a trained, evaluated and exported model, on synthetic clips. It ends with a table of the factors
# in each code:
#
#   bash tools/quickstart.sh [--stack=2.17|2.21] [flags of rwae_tf.train, such as --max_minutes=3]
#
# Under a quarter of an hour on two cores once the packages are installed. The same command resumes
# from the checkpoint and rewrites all other files; the export becomes a new version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/environment.sh "$@"

run=runs/quickstart
started=$SECONDS
source tools/steps.sh

judge="$run/judge"
step judge "$judge/" python -m rwae_tf.judge --dataset=moving_shapes --size=32 --length=16 --architecture=ridge \
  --judge_dir="$judge"
measure=(--judge_dir="$judge" --repeats=1)
train_to_export "$run" --flagfile=tools/quickstart.flags ${ARGS[@]+"${ARGS[@]}"}

# The exported model without our package: TensorFlow's own commands show it and generate four clips with it.
served="$run/served"
mkdir -p "$served"
step 'saved_model_cli show' "the terminal" \
  saved_model_cli show --dir "$exported" --tag_set serve --signature_def generate

current='saved_model_cli run'
printf '\n== %s -> %s\n' "$current" "$served/video.npy, $served/output.txt"
python -c "
import numpy as np
np.save('$served/seed.npy', np.arange(4, dtype=np.int32))
np.save('$served/length.npy', np.full(4, 32, np.int32))"
say_and_run saved_model_cli run --dir "$exported" --tag_set serve --signature_def generate \
  --inputs "seed=$served/seed.npy;length=$served/length.npy" --outdir "$served" --overwrite \
  > "$served/output.txt"
sed -n '1,4p' "$served/output.txt"
python -c "
import numpy as np
video = np.load('$served/video.npy')
assert video.shape[:2] == (4, 32) and np.isfinite(video).all(), video.shape
print(f'video {video.shape}, from {video.min():.3f} to {video.max():.3f}')"

current=summary
cat <<EOF

Done in $((SECONDS - started)) s after the environment.

run, checkpoints   $run/  (tensorboard --logdir $run)
measurements       $run/evaluation/metrics.json, as a page $run/evaluation/report.html
swap grid          $run/figures/swap.png
generated clips    $run/figures/generate.gif
SavedModel         $exported/
served clips       $served/video.npy, output of saved_model_cli in $served/output.txt
EOF
# Clips that share z_c should share static factors, and clips that share z_m dynamic factors.
python - "$run/evaluation/metrics.json" <<'EOF'
import json, sys
measured = json.load(open(sys.argv[1]))
print(f"squared error      {measured['squared_error_per_sequence']:.1f} per sequence, "
      f"{measured['baselines']['mean_image']:.1f} for the mean image\n")
print(f"{'preserved in clips that share':29}{'z_c':>8}{'z_m':>8}{'chance':>8}")
for kind, own in (("static", "z_c"), ("dynamic", "z_m")):
    for factor, kept in measured[kind + "_kept"]["per_factor"].items():
        leaked = measured["leakage"][factor]
        found = {own: kept["accuracy"], leaked["code"]: leaked["accuracy"]}
        print(f"{kind + ' ' + factor:29}" + "".join(f"{100 * value:6.1f} %" for value in
                                                   (found["z_c"], found["z_m"], kept["chance"])))
print("\nverdict: " + "; ".join(measured["verdicts"] or ["each code contains what it should"]))
EOF
