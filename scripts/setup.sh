#!/usr/bin/env bash
# Brings the tools that building and testing need, and puts them on PATH: the Rust toolchain, trunk,
# wasm-bindgen, wasm-opt and, for tests, a browser and a software GPU.
#
# Sourced by the other scripts: `setup_build` is enough for the application, `setup_test` adds what
# tests need. Run by itself it does `setup_test`, or `setup_build` with the argument `build`.
# Every step is quick when there is nothing to do, and says what is missing when it cannot do it.
#
# CYTOLENS_CACHE    where tools and build outputs are kept (~/.cache/cytolens), so that several
#                   clones share one warm build
# CARGO_TARGET_DIR  cargo's outputs (the cache's `target`)
# CHROMIUM, FIREFOX the browsers for tests, when they are not on PATH
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
CACHE="${CYTOLENS_CACHE:-$HOME/.cache/cytolens}"
TOOLS="$CACHE/tools"
TRUNK_VERSION=0.21.14
NODE_MAJOR=20

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$CACHE/target}"
# Tools of the right version first: a distribution's wasm-opt, for example, is years old.
export PATH="$ROOT/node_modules/.bin:$TOOLS/bin:${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"

say() { printf '%s\n' "setup: $*"; }
die() {
  printf '%s\n' "setup: $*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# as_root COMMAND...: as it is for root, through sudo otherwise.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif ! have sudo; then
    return 1
  elif [ -t 0 ]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

# apt_install PACKAGE...: fails, without a word, where there is no apt or no right to use it.
apt_install() {
  have apt-get || return 1
  say "installing $* with apt-get"
  as_root apt-get update -qq >/dev/null || return 1
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The pinned toolchain with the wasm target, asked for explicitly: rustup may be set not to install
# what rust-toolchain.toml names.
setup_rust() {
  have rustup || die "rustup is missing: install Rust from https://rustup.rs and run this again"
  have cc || apt_install gcc libc6-dev || die "a C compiler (cc) is missing: Rust links with it"
  local channel
  channel="$(sed -n 's/^channel *= *"\(.*\)"/\1/p' "$ROOT/rust-toolchain.toml")"
  if ! rustup toolchain list | grep "^$channel-" >/dev/null; then
    say "installing Rust $channel"
    rustup toolchain install "$channel" --profile minimal --no-self-update ||
      die "rustup could not install Rust $channel"
  fi
  if ! rustup target list --installed --toolchain "$channel" | grep -x wasm32-unknown-unknown >/dev/null; then
    say "adding the target wasm32-unknown-unknown to Rust $channel"
    rustup target add wasm32-unknown-unknown --toolchain "$channel" ||
      die "rustup could not add the target wasm32-unknown-unknown"
  fi
  local component
  for component in clippy rustfmt; do
    if ! rustup component list --installed --toolchain "$channel" | grep "^$component" >/dev/null; then
      say "adding $component to Rust $channel"
      rustup component add "$component" --toolchain "$channel" || die "rustup could not add $component"
    fi
  done
}

# version_of PROGRAM: the second word of what `PROGRAM --version` prints, if it is there and runs.
version_of() { { "$1" --version 2>/dev/null || true; } | awk 'NR == 1 { print $2 }'; }

# install_crate PROGRAM CRATE VERSION: from source, unless PATH has just this version.
install_crate() {
  local program="$1" crate="$2" version="$3" log="$CACHE/install-$2.log"
  [ "$(version_of "$program")" = "$version" ] && return
  say "building $crate $version (some 2 to 4 minutes on two cores)"
  mkdir -p "$CACHE"
  # Its own target directory: the tools' dependencies do not belong among the project's.
  local install=(env -u CARGO_TARGET_DIR cargo install "$crate" --version "=$version" --root "$TOOLS" --force)
  # Once more without the crate's lock file: it can name a version that its registry has withdrawn.
  (cd "$ROOT" && { "${install[@]}" --locked || "${install[@]}"; }) >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    die "could not build $crate $version; the whole log: $log"
  }
}

# wasm-bindgen's program must be of the very version of the crate in Cargo.lock.
setup_wasm_tools() {
  local bindgen
  bindgen="$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/"/, "", $3); print $3; exit }' "$ROOT/Cargo.lock")"
  [ -n "$bindgen" ] || die "Cargo.lock names no version of wasm-bindgen"
  install_crate wasm-bindgen wasm-bindgen-cli "$bindgen"
  install_crate trunk trunk "$TRUNK_VERSION"
}

node_is_recent() { have node && have npm && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge "$NODE_MAJOR" ]; }

# setup_node [NPM OPTION...]: wasm-opt and, unless --omit=dev is given, the browser's driver and ONNX
# Runtime.
setup_node() {
  node_is_recent || apt_install nodejs npm || true
  node_is_recent ||
    die "Node.js $NODE_MAJOR or later with npm is missing: wasm-opt and the browser tests run on it"
  # The versions in package.json are exact, so a tree that satisfies it is the right one.
  (cd "$ROOT" && npm ls "$@" >/dev/null 2>&1) && return
  say "installing the packages of package-lock.json"
  (cd "$ROOT" && npm ci "$@" --ignore-scripts --no-audit --no-fund --loglevel=error) ||
    die "npm could not install the packages of package-lock.json"
}

# first_of PROGRAM...: the path of the first that is there.
first_of() {
  local name
  for name in "$@"; do
    if [ -n "$name" ] && have "$name"; then
      command -v "$name"
      return
    fi
  done
  return 1
}

find_chromium() {
  first_of "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
}

find_firefox() { first_of "${FIREFOX:-}" firefox-esr firefox "/Applications/Firefox.app/Contents/MacOS/firefox"; }

# The smallest browser with WebKit; distributions put it beside the library.
find_minibrowser() { first_of "${WEBKIT_BROWSER:-}" /usr/lib/*/webkit2gtk-4.*/MiniBrowser /usr/libexec/webkit2gtk-4.*/MiniBrowser; }

has_webkit() { have WebKitWebDriver && have Xvfb && find_minibrowser >/dev/null; }

# The browser that every test needs, and the same without windows, which starts sooner: most tests run in it where it can be had.
setup_browser() {
  find_chromium >/dev/null || apt_install chromium || true
  CHROMIUM="$(find_chromium)" ||
    die "no Chromium or Chrome on PATH: install one (Debian: apt-get install chromium) or set CHROMIUM to it"
  export CHROMIUM
  have chromium-headless-shell || apt_install chromium-headless-shell || true
  CHROMIUM_SHELL="${CHROMIUM_SHELL:-$(command -v chromium-headless-shell || true)}"
  export CHROMIUM_SHELL
}

# Two more, which run the main flows: where one cannot be had, its tests are skipped.
setup_other_browsers() {
  find_firefox >/dev/null || apt_install firefox-esr || true
  FIREFOX="$(find_firefox)" || say "no Firefox: its tests will be skipped (Debian: apt-get install firefox-esr)"
  export FIREFOX

  has_webkit || apt_install webkit2gtk-driver xvfb || true
  WEBKIT_DRIVER=''
  WEBKIT_BROWSER=''
  if has_webkit; then
    WEBKIT_DRIVER="$(command -v WebKitWebDriver)"
    WEBKIT_BROWSER="$(find_minibrowser)"
  else
    say "no WebKitGTK with its driver: its tests will be skipped (Debian: apt-get install webkit2gtk-driver xvfb)"
  fi
  export WEBKIT_DRIVER WEBKIT_BROWSER
}

has_vulkan() { { ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | grep 'libvulkan\.so\.1' >/dev/null; }

# A GPU that every machine has: Chromium's package ships SwiftShader, a Vulkan driver in software.
# A driver that is already chosen is kept.
setup_gpu() {
  [ "$(uname)" = Linux ] || return 0
  has_vulkan || apt_install libvulkan1 || true
  has_vulkan || die "the Vulkan loader libvulkan.so.1 is missing (Debian: apt-get install libvulkan1)"
  if [ -z "${VK_DRIVER_FILES:-}" ]; then
    local folder
    for folder in "$(dirname "$(readlink -f "$CHROMIUM")")" /usr/lib/chromium /usr/lib/chromium-browser /opt/google/chrome; do
      if [ -f "$folder/vk_swiftshader_icd.json" ]; then
        export VK_DRIVER_FILES="$folder/vk_swiftshader_icd.json"
        break
      fi
    done
  fi
  [ -n "${VK_DRIVER_FILES:-}" ] ||
    die "no vk_swiftshader_icd.json beside $CHROMIUM: set VK_DRIVER_FILES to a Vulkan driver's file"
}

setup_build() {
  setup_rust
  setup_node --omit=dev
  setup_wasm_tools
}

setup_test() {
  setup_rust
  setup_node
  setup_wasm_tools
  setup_browser
  setup_other_browsers
  setup_gpu
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  case "${1:-test}" in
    build) setup_build ;;
    test) setup_test ;;
    *) die "usage: $0 [build|test]" ;;
  esac
  say "ready"
fi
