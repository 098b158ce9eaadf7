#!/usr/bin/env bash
# One command: measures training by `trainer train` beside PyTorch's, on the same machine, in turns: DenseNet-121 with 28
# classes from random weights, AdamW, binary cross-entropy. Arguments are pairs SIZE:BATCH (224:8).
#
# DEVICES  what the trainer computes on, and PyTorch, such as "flex cpu" (the default), "vulkan cuda" or "cuda cuda"
# RUNS     measured runs a contender (3)
# TRAINER  a built trainer, with examples/speed beside it; without it both are built
# PYTHON   a Python with torch and torchvision; without it they are installed
set -euo pipefail

# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/setup.sh"

read -r device peer <<<"${DEVICES:-flex cpu}"
work="$CACHE/bench-train"
mkdir -p "$work"

trainer="${TRAINER:-}"
if [ -z "$trainer" ]; then
  setup_rust
  trainer="$CARGO_TARGET_DIR/release/trainer"
  (cd "$ROOT" && cargo build --release --workspace --all-targets --locked)
fi

python="${PYTHON:-}"
if [ -z "$python" ]; then
  python="$work/venv/bin/python"
  if ! cmp -s "$ROOT/bench/train.requirements.txt" "$work/venv/requirements.txt"; then
    say "installing PyTorch"
    python3 -m venv --clear "$work/venv" || die "python3 could not make a virtual environment"
    "$python" -m pip install --quiet --requirement "$ROOT/bench/train.requirements.txt" ||
      die "pip could not install bench/train.requirements.txt"
    cp "$ROOT/bench/train.requirements.txt" "$work/venv/requirements.txt"
  fi
fi

peak="$("$(dirname "$trainer")/examples/speed" peak)"

[ $# -gt 0 ] || set -- 224:8
for pair in "$@"; do
  say "${pair%:*} px, batches of ${pair#*:}: the trainer on $device, PyTorch on $peer"
  "$python" "$ROOT/bench/train.py" "$trainer" "$device" "$peer" "${pair%:*}" "${pair#*:}" "$work" "${RUNS:-3}" "$peak"
done
