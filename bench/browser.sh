#!/usr/bin/env bash
# One command: builds the application and measures its engine on the CPU device in Chromium beside
# ONNX Runtime Web, on the same DenseNet-121 ImageNet weights. Arguments are sizes in pixels (224 512).
#
# CYTOLENS_DATA   has imagenet/densenet121.safetensors (../shared/data)
# CYTOLENS_BENCH  has make_onnx.py, which writes those weights as ONNX (../shared/bench)
# RUNS            measured runs a contender and size (9)
# SKIP_BUILD=1    measure the dist/ and the example that are there
set -euo pipefail

# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/setup.sh"
setup_test

data="${CYTOLENS_DATA:-$ROOT/../shared/data}"
bench="${CYTOLENS_BENCH:-$ROOT/../shared/bench}"
weights="$data/imagenet/densenet121.safetensors"
[ -f "$weights" ] || die "no ImageNet weights at $weights: set CYTOLENS_DATA"
[ -f "$bench/make_onnx.py" ] || die "no make_onnx.py in $bench: set CYTOLENS_BENCH"

work="$CACHE/bench"
mkdir -p "$work"

if [ -z "${SKIP_BUILD:-}" ]; then
  "$ROOT/scripts/build.sh"
  (cd "$ROOT" && cargo build --release --workspace --all-targets --locked)
fi

python="$work/venv/bin/python"
if ! cmp -s "$ROOT/bench/requirements.txt" "$work/venv/requirements.txt"; then
  say "installing Python's onnx and numpy"
  python3 -m venv --clear "$work/venv" || die "python3 could not make a virtual environment"
  "$python" -m pip install --quiet --requirement "$ROOT/bench/requirements.txt" ||
    die "pip could not install bench/requirements.txt"
  cp "$ROOT/bench/requirements.txt" "$work/venv/"
fi

"$python" "$bench/make_onnx.py" "$weights" "$work/densenet121.onnx"
rm -rf "$work/package"
"$CARGO_TARGET_DIR/release/examples/imagenet_package" "$weights" "$work/package"

exec node "$ROOT/bench/browser.mjs" "$work/densenet121.onnx" "$work/package" "$@"
