#!/usr/bin/env bash
# Builds the application and serves it on this machine: one command, then open the printed address.
#
# PORT  the port to listen on (8080); the next free one is taken where it is in use
set -euo pipefail

scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
"$scripts/build.sh"
exec node "$scripts/serve.mjs" "$scripts/../dist" "${PORT:-8080}"
