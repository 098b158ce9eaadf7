#!/usr/bin/env bash
# One command: builds the application and measures the page in Chromium: how soon it is usable, how soon it
# answers, whether it stays responsive, what maps cost and what many fields leave in memory. Each figure is
# printed beside its target.
#
# FIELDS        memory is read after each of these numbers of fields (50 1000: some 25 minutes of one core)
# MODEL         a model package that takes the place of the shipped one, to measure memory with a smaller network
# THROTTLE      how many times slower the page's main thread is made where that is said (2): workers are not slowed
# RUNS          measured runs of each start; the median is printed (5)
# ONLY          some of: usable first line responsive maps memory (all)
# SKIP_BUILD=1  measure the dist/ that is there, or the one that DIST names
set -euo pipefail

# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/setup.sh"
setup_node
setup_browser

if [ -z "${SKIP_BUILD:-}" ]; then
  "$ROOT/scripts/build.sh"
fi
exec node "$ROOT/bench/page.mjs"
