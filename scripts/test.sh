#!/usr/bin/env bash
# Runs every check of the project, the quick ones first, and stops at the first step that fails.
# What CI runs is this file.
#
# Each step's whole output goes to test-artifacts/logs/; here appear the lines that count, the log's
# end when a step fails, and at the end a table of the steps with their times.
#
# CYTOLENS_DATA  the folder of real fields and ImageNet weights (../shared/data); tests that need it
#                are skipped where it is absent
set -euo pipefail

# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$ROOT"

# What a visitor downloads, gzipped, in bytes: before the page reacts, and before it can classify. The page itself, its
# words and its style, is seen before either.
PAGE_BUDGET=310000
ENGINE_BUDGET=3000000

export ARTEFACTS="$ROOT/test-artifacts"
export DIST="$ROOT/dist"
LOGS="$ARTEFACTS/logs"
rm -rf "$ARTEFACTS"
mkdir -p "$LOGS"

data="${CYTOLENS_DATA:-$ROOT/../shared/data}"
unset CYTOLENS_DATA
if [ -d "$data" ]; then
  CYTOLENS_DATA="$(cd "$data" && pwd)"
  export CYTOLENS_DATA
else
  echo "no test data at $data: the tests that need it are skipped"
fi

STEPS=()
started=$SECONDS

clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

table() {
  local line
  printf '\n%-46s %8s\n' step time
  for line in "${STEPS[@]}"; do printf '%-46s %8s\n' "${line%|*}" "${line##*|}"; done
  printf '%-46s %8s\n\n' total "$(clock $((SECONDS - started)))"
}

# step NAME SHOW COMMAND...: runs a command without input; lines matching SHOW appear at once.
step() {
  local name="$1" show="$2" begun=$SECONDS status log
  shift 2
  log="$LOGS/$(printf '%02d' $((${#STEPS[@]} + 1)))-${name// /-}.log"
  echo "== $name"
  # Not in an `if`: there a function would run on after an error.
  set +e
  (
    set -e
    "$@"
  ) </dev/null 2>&1 | tee "$log" | grep --line-buffered -E "$show"
  status=${PIPESTATUS[0]}
  set -e
  STEPS+=("$name|$(clock $((SECONDS - begun)))")
  [ "$status" = 0 ] && return
  printf '%s\n' "-- the end of $log:"
  tail -n 60 "$log"
  table
  echo "FAILED: $name (exit status $status)"
  exit 1
}

NOTHING='^$.'
CARGO=(--locked)
# One profile and one set of packages for everything native, so that burn is built once.
NATIVE=(--release --workspace --all-targets "${CARGO[@]}")
# As trunk builds the two programs, each with its profile.
WASM=(--target wasm32-unknown-unknown --no-default-features "${CARGO[@]}")

sizes() {
  local program budget size over=0
  for program in "page $PAGE_BUDGET" "worker $ENGINE_BUDGET"; do
    budget="${program#* }"
    program="${program% *}"
    size="$(gzip -9 -c "$DIST/${program}_bg.wasm" | wc -c | tr -d ' ')"
    echo "size: ${program}_bg.wasm $size bytes gzipped, budget $budget"
    [ "$size" -le "$budget" ] || over=1
  done
  [ "$over" = 0 ] || echo "size: over budget"
  return "$over"
}

# What the browser must equal: the trainer's own prediction of real fields, by the shipped package.
reference() {
  "$CARGO_TARGET_DIR/release/trainer" predict --model www/model --out "$REFERENCE_CSV" \
    --data "$CYTOLENS_DATA/hpa/images"
}

# A package of DenseNet-121 with its ImageNet weights, whose outputs are known from elsewhere.
imagenet_package() {
  "$CARGO_TARGET_DIR/release/examples/imagenet_package" \
    "$CYTOLENS_DATA/imagenet/densenet121.safetensors" "$IMAGENET_PACKAGE"
}

# A package of every architecture and head, and their exports in ONNX Runtime.
exports() {
  "$CARGO_TARGET_DIR/release/examples/formula_packages" "$FORMULA_PACKAGES"
  node --test --test-concurrency=1 --test-reporter=spec tests/export/*.test.mjs
}

browser_tests() {
  # One file at a time: each has a browser that computes on every core there is.
  node --test --test-concurrency=1 --test-reporter=spec tests/e2e/*.test.mjs
  rm -rf "$FORMULA_PACKAGES" # some 400 MB
}

step 'setup' '^setup:' setup_test
setup_test >/dev/null # again, in this shell: for the variables and PATH
export CYTOLENS_TEST_GPU=1

step 'format' "$NOTHING" cargo fmt --all --check
step 'lint page program' '^(warning|error)' cargo clippy --profile page "${WASM[@]}" --features page --lib --bin page -- -D warnings
step 'lint native' '^(warning|error)' cargo clippy "${NATIVE[@]}" -- -D warnings
step 'lint worker program' '^(warning|error)' cargo clippy --profile web "${WASM[@]}" --features worker --lib --bin worker -- -D warnings
step 'build native' '^(warning|error)' cargo build "${NATIVE[@]}"
step 'test native' '^(     Running|   Doc-tests|test result:|test .* FAILED|skip)' \
  cargo test --release --workspace --no-fail-fast "${CARGO[@]}"
# The page's parts that need no browser; a build without burn.
step 'test page parts' '^(test result:|test .* FAILED)' \
  cargo test --release --no-default-features --features page --lib "${CARGO[@]}" page::
export TRAINER="$CARGO_TARGET_DIR/release/trainer"
export FORMULA_PACKAGES="$ARTEFACTS/formula-packages"
step 'test exports' '^ *(✔|✖|﹣|ℹ)' exports
step 'build browser application' '^(warning|error|build:)' scripts/build.sh
step 'wasm sizes' '^size:' sizes
if [ -n "${CYTOLENS_DATA:-}" ]; then
  export REFERENCE_CSV="$ARTEFACTS/reference.csv"
  export IMAGENET_PACKAGE="$ARTEFACTS/imagenet-package"
  step 'predict real fields' "$NOTHING" reference
  step 'package ImageNet weights' "$NOTHING" imagenet_package
fi
step 'test browser application' '^ *(✔|✖|﹣|ℹ)' browser_tests

# counts WORD: the sum, over cargo's and node's closing lines, of the tests that WORD names there.
counts() {
  cat "$LOGS"/*-test-*.log | awk -v cargo="$1" -v node="$2" '
    /^test result:/ { for (i = 2; i <= NF; i++) if ($i ~ "^" cargo) sum += $(i - 1) }
    $1 == "ℹ" && $2 == node { sum += $3 }
    END { print sum + 0 }'
}

table
echo "$(counts passed pass) passed, $(counts failed fail) failed, $(counts ignored skipped) skipped"
