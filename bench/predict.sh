#!/usr/bin/env bash
# One command: measures `trainer predict` beside ONNX Runtime on the shipped package, on simulated fields.
# Arguments are pairs SIZE:FIELDS (512:24 128:200): the package is run at that size.
#
# CYTOLENS_BENCH  has make_onnx.py, which writes the package's weights as ONNX (../shared/bench)
# RUNS            measured runs a contender (3)
# TRAINER         a built trainer, with examples/speed beside it; without it both are built
set -euo pipefail

# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/setup.sh"
setup_rust

bench="${CYTOLENS_BENCH:-$ROOT/../shared/bench}"
[ -f "$bench/make_onnx.py" ] || die "no make_onnx.py in $bench: set CYTOLENS_BENCH"

work="$CACHE/bench-predict"
mkdir -p "$work"

trainer="${TRAINER:-$CARGO_TARGET_DIR/release/trainer}"
if [ -z "${TRAINER:-}" ]; then
  (cd "$ROOT" && cargo build --release --workspace --all-targets --locked)
fi

python="$work/venv/bin/python"
if ! cmp -s "$ROOT/bench/predict.requirements.txt" "$work/venv/requirements.txt"; then
  say "installing ONNX Runtime"
  python3 -m venv --clear "$work/venv" || die "python3 could not make a virtual environment"
  "$python" -m pip install --quiet --requirement "$ROOT/bench/predict.requirements.txt" ||
    die "pip could not install bench/predict.requirements.txt"
  cp "$ROOT/bench/predict.requirements.txt" "$work/venv/requirements.txt"
fi

# The script is for three planes; the package may have four.
planes="$("$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["network"]["planes"])' "$ROOT/www/model/manifest.json")"
sed "s/\"n\", 3/\"n\", $planes/" "$bench/make_onnx.py" >"$work/make_onnx.py"
"$python" "$work/make_onnx.py" "$ROOT/www/model/weights.safetensors" "$work/model.onnx"

peak="$("$(dirname "$trainer")/examples/speed" peak)"

[ $# -gt 0 ] || set -- 512:24 128:200
for pair in "$@"; do
  size="${pair%:*}"
  fields="${pair#*:}"
  package="$work/package-$size"
  set_folder="$work/fields-$size-$fields"
  rm -rf "$package"
  mkdir -p "$package"
  cp "$ROOT/www/model/weights.safetensors" "$package/"
  # The network's own size is the first that the manifest names.
  sed "0,/\"size\": [0-9]*/s//\"size\": $size/" "$ROOT/www/model/manifest.json" >"$package/manifest.json"
  if [ ! -f "$set_folder/train.csv" ]; then
    "$trainer" simulate --out "$set_folder" --count "$fields" --size "$size"
  fi
  say "$fields fields of $size px"
  "$python" "$ROOT/bench/predict.py" "$trainer" "$package" "$work/model.onnx" "$set_folder" "$work" "${RUNS:-3}" "$peak"
done
