#!/usr/bin/env bash
# Runs one of the long checks of what must not break, at its full length; docs/reliability.md has their figures.
#
# usage: scripts/endurance.sh NAME     monkey: an hour of a seeded monkey at the page (MINUTES, SEED)
#                                      gallery: 10,000 fields in the gallery, its frames (FIELDS)
#                                      predict: 100,000 fields and 100 kills (FIELDS, KILLS, SEED)
#                                      train: 50 kills (KILLS, EPOCHS, SEED)
#
# The variables make it shorter, or other. It needs what `scripts/build.sh` and `cargo build --release --workspace
# --all-targets` have made.
set -euo pipefail

# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
name="${1:-}"
[ -f "$ROOT/scripts/endurance/$name.mjs" ] && [ "$name" != support ] || {
  sed -n '/^# usage/,/^# The/p' "${BASH_SOURCE[0]}" | sed '$d; s/^# \{0,1\}//' >&2
  exit 2
}
setup_node
setup_browser

export DIST="${DIST:-$ROOT/dist}" TRAINER="${TRAINER:-$CARGO_TARGET_DIR/release/trainer}"
if [ -z "${FORMULA_PACKAGES:-}" ]; then
  FORMULA_PACKAGES="$(mktemp -d)"
  export FORMULA_PACKAGES
  trap 'rm -rf "$FORMULA_PACKAGES"' EXIT
  "$CARGO_TARGET_DIR/release/examples/formula_packages" "$FORMULA_PACKAGES"
fi
node "$ROOT/scripts/endurance/$name.mjs"
