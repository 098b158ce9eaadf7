#!/usr/bin/env bash
# Builds the browser application into dist/: the wasm programs, their JavaScript and the files of
# www/. demo.sh, test.sh and bench/browser.sh all build through here.
set -euo pipefail

# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
setup_build

cd "$ROOT"
[ -d "$CARGO_TARGET_DIR/wasm32-unknown-unknown/web" ] ||
  echo "build: the first build takes some 15 minutes on two cores, later ones a minute or two"

# trunk runs offline, or it would fetch tools of its own; so the crates have to be there already.
cargo fetch --locked --quiet
# trunk 0.21 stops at NO_COLOR=1.
env -u NO_COLOR TRUNK_SKIP_VERSION_CHECK=true trunk build --offline
echo "build: dist/ is complete"
