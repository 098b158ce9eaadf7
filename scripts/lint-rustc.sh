#!/usr/bin/env bash
# A compiler that lints first. With RUSTC_WORKSPACE_WRAPPER naming this file, cargo calls it for the workspace's own
# crates, and a warning ends the build.
#
# `cargo clippy` checks every dependency apart from its build, which takes many minutes for burn. Here clippy reads the
# libraries that the build has made.
set -euo pipefail

lint() {
  local rustc="$1" arguments=() scratch status=0
  shift
  scratch="$(mktemp -d)"
  while [ $# -gt 0 ]; do
    case "$1" in
      --emit=*) arguments+=(--emit=metadata) ;;
      # Cargo would take clippy's artefacts for the compiler's.
      --json=*) arguments+=(--json=diagnostic-rendered-ansi) ;;
      --out-dir)
        arguments+=(--out-dir "$scratch")
        shift
        ;;
      *) arguments+=("$1") ;;
    esac
    shift
  done
  "$(dirname "$rustc")/clippy-driver" "$rustc" "${arguments[@]}" --deny=warnings || status=$?
  rm -rf "$scratch"
  return "$status"
}

case " $* " in
  # Cargo's questions about the compiler have no output to emit.
  *" --emit="*) lint "$@" ;;
esac
exec "$@"
