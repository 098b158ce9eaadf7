#!/usr/bin/env bash
# The steps that scripts share which make sets, trainings and scores in one folder. Sourced by them. What is there is used again.

# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

# begin_recipe [DIR]: finds the third-party data (`data`) and a trainer (`trainer`, built where TRAINER names none), and goes into the
# one folder that its caller was given.
begin_recipe() {
  [ $# = 1 ] || die "usage: $0 DIR"
  data="$(cd "${CYTOLENS_DATA:-$ROOT/../shared/data}" && pwd)" || die "no third-party data: set CYTOLENS_DATA"
  trainer="${TRAINER:-$CARGO_TARGET_DIR/release/trainer}"
  if [ -z "${TRAINER:-}" ]; then
    setup_rust
    (cd "$ROOT" && cargo build --release --locked --workspace --all-targets)
  fi
  mkdir -p "$1"
  cd "$1"
}

# real_fields: prints the ids of the real fields that have every channel, in the order in which they are halved.
real_fields() { find "$data/hpa/images" -name '*_green.png' -printf '%f\n' | sed 's/_green.png$//' | LC_ALL=C sort; }

# real_halves: all.txt, odd.txt and even.txt, the ids of all those, of every second one and of the others; and of each the fields with
# their labels as a set: real-all, real-odd and real-even.
real_halves() {
  real_fields >all.txt
  awk 'NR % 2 == 1' all.txt >odd.txt
  awk 'NR % 2 == 0' all.txt >even.txt
  local part
  for part in all odd even; do
    mkdir -p "real-$part"
    ln -sfn "$data/hpa/images" "real-$part/images"
    awk -F , 'NR == FNR { wanted[$1]; next } FNR == 1 || $1 in wanted' "$part.txt" "$data/hpa/train.csv" >"real-$part/train.csv"
  done
}

# simulated NAME SIZE COUNT SEED ARGUMENTS...: a set of so many fields of so many pixels a side; one that was broken off goes on.
simulated() {
  local name="$1" size="$2" count="$3" seed="$4"
  shift 4
  [ -f "$name/train.csv" ] || "$trainer" simulate --out "$name" --count "$count" --size "$size" --seed "$seed" "$@"
}

# report NAME ARGUMENTS...: a report by `trainer evaluate`, unless it is there; one that was broken off is made anew.
report() {
  local name="$1"
  shift
  # Of its files the last that is written.
  [ ! -f "$name/index.html" ] || return 0
  rm -rf "${name:?}"
  "$trainer" evaluate --out "$name" "$@"
}

# scored ROW NAME SET: ROW/NAME, the scores of the run ROW/run on a set.
scored() { report "$1/$2" --run "$1/run" --data "$3" --part all; }
