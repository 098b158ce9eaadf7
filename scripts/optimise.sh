#!/usr/bin/env bash
# Makes the wasm programs of a release build smaller with wasm-opt; trunk calls it (Trunk.toml) before
# it puts a new dist/ in place. wasm-opt takes minutes for the engine, so what it made of a program is
# kept in the cache under the program's hash: an unchanged program costs nothing.
set -euo pipefail

[ "${TRUNK_PROFILE:-release}" = release ] || exit 0
cd "${TRUNK_STAGING_DIR:?trunk sets it}"

# -O1: the higher levels take three times as long and come out larger once gzipped.
# What the targets in use may contain; nothing that a browser with WebAssembly SIMD lacks, but where the program is for those with more.
OPTIONS=(
  -O1 --strip-debug --strip-producers
  --enable-simd --enable-bulk-memory --enable-bulk-memory-opt --enable-nontrapping-float-to-int
  --enable-sign-ext --enable-mutable-globals --enable-reference-types --enable-multivalue
)
cache="${CYTOLENS_CACHE:-$HOME/.cache/cytolens}/wasm-opt"
mkdir -p "$cache"

for program in *_bg.wasm; do
  options=("${OPTIONS[@]}")
  [[ "$program" != *_relaxed_* ]] || options+=(--enable-relaxed-simd)
  key="$({ wasm-opt --version; printf '%s\n' "${options[@]}"; cat "$program"; } | { sha256sum 2>/dev/null || shasum -a 256; } | cut -d ' ' -f 1)"
  kept="$cache/$key.wasm"
  if [ ! -f "$kept" ]; then
    echo "build: optimising $program"
    wasm-opt "${options[@]}" "$program" -o "$kept.$$"
    mv "$kept.$$" "$kept"
  fi
  cp "$kept" "$program"
done
# Programs of other days are not asked for again.
find "$cache" -name '*.wasm*' -mtime +30 -delete
