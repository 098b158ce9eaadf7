#!/usr/bin/env bash
# Fuzzes the readers of foreign bytes: libFuzzer, which follows the compiler's coverage, on the pinned stable Rust.
#
# usage: scripts/fuzz.sh [SECONDS [TARGET...]]      60 seconds of each target, or so many of these
#
# Starts from the seeds that crates/fuzzing makes, the files of CYTOLENS_CORPUS (../shared/corpus, where it is there) and what
# earlier runs found worth keeping; all of it lies in CYTOLENS_FUZZ (~/.cache/cytolens/fuzz). Prints a line a target. An input
# that breaks a reader is written there too, ends that target's run, and makes the exit status 1; to read it again:
#
#   FUZZ_TARGET=<target> <program> <input>
set -euo pipefail

# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$ROOT"

seconds="${1:-60}"
shift || true
FUZZ="${CYTOLENS_FUZZ:-$CACHE/fuzz}"
corpus="${CYTOLENS_CORPUS:-$ROOT/../shared/corpus}"
# Larger files add time, and hardly ever a path.
LONGEST=65536
host="$(rustc -vV | sed -n 's/^host: //p')"

# What `cargo fuzz run --sanitizer none` asks of the compiler. Sanitizers would need a nightly one, and find what safe Rust has not.
coverage=(
  -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
  -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares
  -Cdebug-assertions -Coverflow-checks -Ccodegen-units=1 --cfg fuzzing
)
export CARGO_TARGET_DIR="$FUZZ/target"
# For a target of its own, so that build scripts and macros go without.
RUSTFLAGS="${coverage[*]}" cargo build --quiet --release --locked --package cytolens-fuzzing --bin fuzz --features libfuzzer \
  --target "$host"
program="$CARGO_TARGET_DIR/$host/release/fuzz"
targets="$(sed -n 's/^ *name: "\(.*\)",$/\1/p' crates/fuzzing/src/targets.rs)"
[ $# = 0 ] || targets="$*"

# files_of TARGET: the corpus's files of the target's formats.
files_of() {
  local names=()
  case "$1" in
    image) names=(-name '*.tif*' -o -name '*.png' -o -name '*.jp*g') ;;
    tiff) names=(-name '*.tif*') ;;
    table) names=(-name '*.csv' -o -name '*.tsv' -o -name '*.txt') ;;
    zip) names=(-name '*.zip') ;;
    *) return 0 ;;
  esac
  find "$corpus" -type f -size -$((LONGEST / 1024))k \( "${names[@]}" \) -print0
}

status=0
printf '%-12s %12s %8s %10s %8s  %s\n' target executions seconds edges inputs found
for target in $targets; do
  mkdir -p "$FUZZ"/{found,corpus,seeds,given}/"$target"
  if [ -d "$corpus" ]; then
    files_of "$target" | while IFS= read -r -d '' file; do
      sum="$(sha256sum <"$file")"
      # The first byte of a tiff's input chooses the order of channels.
      { [ "$target" != tiff ] || printf '\0'; cat "$file"; } >"$FUZZ/given/$target/${sum:0:16}"
    done
  fi
  log="$FUZZ/$target.log"
  begun=$SECONDS
  FUZZ_TARGET="$target" FUZZ_SEEDS="$FUZZ/seeds/$target" nice -n 19 "$program" "$FUZZ/corpus/$target" "$FUZZ/seeds/$target" "$FUZZ/given/$target" \
    -artifact_prefix="$FUZZ/found/$target/" -max_total_time="$seconds" -max_len=$LONGEST -timeout=20 -rss_limit_mb=2048 \
    -print_final_stats=1 >"$log" 2>&1 || status=1
  executions="$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
  edges="$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)"
  printf '%-12s %12s %8s %10s %8s  %s\n' "$target" "${executions:-?}" $((SECONDS - begun)) "${edges:-?}" \
    "$(find "$FUZZ/corpus/$target" -type f | wc -l)" "$(find "$FUZZ/found/$target" -type f | wc -l)"
done
exit "$status"
