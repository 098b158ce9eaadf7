#!/usr/bin/env bash
# Runs the project's checks, the quick ones first, and stops at the first step that fails. CI runs this file.
#
# usage: scripts/test.sh [STEP...]
#
#   (none)           everything
#   quick            format and floors: all that needs no burn
#
#   format           rustfmt
#   floors           lints and tests of the crates without burn, the page's among them
#   native[:FILTER]  lints, builds and tests the whole workspace; only the tests whose names contain FILTER
#   web              builds the browser application and weighs its programs
#   exports          ONNX exports of every network, in ONNX Runtime
#   browser[:NAME]   the application in Chromium, on the CPU and on WebGPU, and its main flows in Firefox and WebKit; only
#                    tests/e2e/NAME.test.mjs
#
# Each step's whole output goes to test-artifacts/logs/; the lines that count appear here, the log's end when a step
# fails, and at the end a table of the steps with their times.
#
# CYTOLENS_DATA  the folder of real fields and ImageNet weights (../shared/data); tests that need it count as ignored or
#                skipped where it is absent
set -euo pipefail

# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$ROOT"

# What a visitor downloads, gzipped, in bytes: before the page reacts, and before it can classify on the CPU or on a GPU.
PAGE_BUDGET=528000
CPU_ENGINE_BUDGET=800000
GPU_ENGINE_BUDGET=3000000

# The crates that need no burn.
FLOORS=(
  cellsim cytolens-archive cytolens-cells cytolens-core cytolens-cpu-engine cytolens-data cytolens-download cytolens-field
  cytolens-fuzzing cytolens-kernels cytolens-package cytolens-page cytolens-protocol cytolens-report cytolens-similar
  cytolens-testing cytolens-worker
)

export ARTEFACTS="$ROOT/test-artifacts"
export DIST="$ROOT/dist"
LOGS="$ARTEFACTS/logs"

data="${CYTOLENS_DATA:-$ROOT/../shared/data}"
unset CYTOLENS_DATA
# Tests that need third-party data are marked as ignored.
IGNORED=()
if [ -d "$data" ]; then
  CYTOLENS_DATA="$(cd "$data" && pwd)"
  export CYTOLENS_DATA
  IGNORED=(--include-ignored)
else
  echo "no third-party data at $data: the tests that need it are left out"
fi

usage() {
  sed -n '/^# usage/,/^# Each/p' "${BASH_SOURCE[0]}" | sed '$d; s/^# \{0,1\}//' >&2
  exit 2
}

STEPS=()
started=$SECONDS

clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# computed: sets COMPUTED to the seconds of processor time, of all cores together, that went into what has ended.
computed() {
  # In this very shell: another has other children.
  times >"$LOGS/times"
  COMPUTED="$(awk 'NR == 2 { gsub(/[ms]/, " "); print int($1 * 60 + $2 + $3 * 60 + $4) }' "$LOGS/times")"
}

table() {
  local line name time processor
  printf '\n%-46s %8s %10s\n' step time processor
  for line in "${STEPS[@]}"; do
    IFS='|' read -r name time processor <<<"$line"
    printf '%-46s %8s %10s\n' "$name" "$time" "$processor"
  done
  computed
  printf '%-46s %8s %10s\n\n' "total, on $(getconf _NPROCESSORS_ONLN) cores" "$(clock $((SECONDS - started)))" "$(clock "$COMPUTED")"
}

# step NAME SHOW COMMAND...: runs a command without input; lines matching SHOW appear at once.
step() {
  local name="$1" show="$2" begun=$SECONDS before status log
  shift 2
  computed
  before=$COMPUTED
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
  computed
  STEPS+=("$name|$(clock $((SECONDS - begun)))|$(clock $((COMPUTED - before)))")
  [ "$status" = 0 ] && return
  printf '%s\n' "-- the end of $log:"
  tail -n 60 "$log"
  table
  echo "FAILED: $name (exit status $status)"
  exit 1
}

NOTHING='^$.'
COMPILED='^(warning|error)'
CARGO_TESTED='^(     Running|   Doc-tests|test result:|test .* FAILED|error)'
NODE_TESTED='^ *(✔|✖|﹣|ℹ)'

# linted COMMAND...: a cargo command by which every crate of ours is linted as it is compiled.
linted() { RUSTC_WORKSPACE_WRAPPER="$ROOT/scripts/lint-rustc.sh" "$@"; }

format() {
  step 'format' "$NOTHING" cargo fmt --all --check
}

floors() {
  local packages=() crate
  for crate in "${FLOORS[@]}"; do packages+=(--package "$crate"); done
  step 'build floors' "$COMPILED" linted cargo test --release --locked "${packages[@]}" --all-targets --no-run
  step 'test floors' "$CARGO_TESTED" linted cargo test --release --locked --no-fail-fast "${packages[@]}" -- "${IGNORED[@]}"
}

# One profile and one set of packages for everything native, so that burn is built once.
build_native() {
  [ -z "${BUILT_NATIVE:-}" ] || return 0
  BUILT_NATIVE=1
  step 'build native' "$COMPILED" linted cargo build --release --locked --workspace --all-targets
}

native() {
  build_native
  case " ${WANTED[*]} " in *' web '*) begin_web ;; esac
  step 'test native' "$CARGO_TESTED" linted node scripts/native-tests.mjs --release --locked --workspace -- "${IGNORED[@]}" ${1:+"$1"}
}

weigh() {
  local program budget size over=0
  for program in "page $PAGE_BUDGET" "cpu_engine $CPU_ENGINE_BUDGET" "cpu_engine_relaxed $CPU_ENGINE_BUDGET" \
    "gpu_engine $GPU_ENGINE_BUDGET"; do
    budget="${program#* }"
    program="${program% *}"
    size="$(wc -c <"$DIST/${program}_bg.wasm.gz" | tr -d ' ')"
    echo "size: ${program}_bg.wasm.gz $size bytes, budget $budget"
    [ "$size" -le "$budget" ] || over=1
  done
  [ "$over" = 0 ] || echo "size: over budget"
  return "$over"
}

# begin_web: builds the browser application beside what follows. One core links its programs for minutes, which leaves the
# other to tests.
begin_web() {
  [ -z "${WEB_BUILD:-}" ] || return 0
  WEB_LOG="$LOGS/build-beside-tests.log"
  (
    status=0
    scripts/build.sh || status=$?
    echo "$status" >"$WEB_LOG.status"
  ) </dev/null >"$WEB_LOG" 2>&1 &
  WEB_BUILD=$!
  trap 'kill "$WEB_BUILD" 2>/dev/null || true' EXIT
}

# built_web: waits until it is built; prints what the build printed, and ends as it ended.
built_web() {
  while kill -0 "$WEB_BUILD" 2>/dev/null; do sleep 1; done
  cat "$WEB_LOG"
  return "$(cat "$WEB_LOG.status")"
}

web() {
  begin_web
  step 'build browser application' '^(warning|error|build:)' built_web
  step 'weigh browser application' '^size:' weigh
}

# A package of every architecture and head, whose weights a formula gives.
formula_packages() {
  export FORMULA_PACKAGES="$ARTEFACTS/formula-packages"
  [ -d "$FORMULA_PACKAGES" ] ||
    step 'package formula weights' "$NOTHING" "$CARGO_TARGET_DIR/release/examples/formula_packages" "$FORMULA_PACKAGES"
}

exports() {
  build_native
  formula_packages
  step 'test exports' "$NODE_TESTED" node --test --test-concurrency=1 --test-reporter=spec tests/export/*.test.mjs
}

browser() {
  build_native
  [ -d "$DIST" ] || web
  local newer
  newer="$(find crates src www index.html Trunk.toml Cargo.lock -type f -newer "$DIST/index.html" -print -quit)"
  [ -z "$newer" ] || echo "browser: dist/ is older than $newer; the step web builds it anew"
  formula_packages
  if [ -n "${CYTOLENS_DATA:-}" ]; then
    # The trainer's own prediction of real fields, which the browser must equal.
    export REFERENCE_CSV="$ARTEFACTS/reference.csv"
    step 'predict real fields' "$NOTHING" "$TRAINER" predict --model www/model --out "$REFERENCE_CSV" \
      --data "$CYTOLENS_DATA/hpa/images"
    # DenseNet-121 with its ImageNet weights, whose outputs are known from elsewhere.
    export IMAGENET_PACKAGE="$ARTEFACTS/imagenet-package"
    step 'package ImageNet weights' "$NOTHING" "$CARGO_TARGET_DIR/release/examples/imagenet_package" \
      "$CYTOLENS_DATA/imagenet/densenet121.safetensors" "$IMAGENET_PACKAGE"
  fi
  step 'test browser application' "$NODE_TESTED" node scripts/browser-tests.mjs "$@"
  rm -rf "$FORMULA_PACKAGES" # some 400 MB
}

# counts WORD: the sum, over cargo's and node's closing lines, of the tests that WORD names there.
counts() {
  cat "$LOGS"/*-test-*.log | awk -v cargo="$1" -v node="$2" '
    /^test result:/ { for (i = 2; i <= NF; i++) if ($i ~ "^" cargo) sum += $(i - 1) }
    $1 == "ℹ" && $2 == node { sum += $3 }
    END { print sum + 0 }'
}

[ $# -gt 0 ] || set -- format native web exports browser
[ "$*" != quick ] || set -- format floors
for name in "$@"; do
  case "$name" in
    format | floors | native | native:* | web | exports | browser | browser:*) ;;
    *) usage ;;
  esac
done

rm -rf "$ARTEFACTS"
mkdir -p "$LOGS"

# What the steps need, no more: the crates without burn want nothing but Rust.
case " $* " in
  *" native"* | *" web "* | *" exports "* | *" browser"*) prepare=setup_test ;;
  *) prepare=setup_rust ;;
esac
step 'setup' '^setup:' "$prepare"
"$prepare" >/dev/null # again, in this shell: for the variables and PATH
export TRAINER="$CARGO_TARGET_DIR/release/trainer"

WANTED=("$@")
for name in "$@"; do
  filter="${name#*:}"
  [ "$filter" != "$name" ] || filter=''
  "${name%%:*}" ${filter:+"$filter"}
done

table
if compgen -G "$LOGS/*-test-*.log" >/dev/null; then
  echo "$(counts passed pass) passed, $(counts failed fail) failed, $(counts ignored skipped) skipped"
fi
