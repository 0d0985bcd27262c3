#!/bin/sh
# Signs a person in by a link in Debian's Chromium, over TLS, against the simulator:
# with scripts and without, with the keyboard alone, light and dark. axe-core looks at
# every state.
#
#     sh scripts/browser/run.sh [DIRECTORY]
#
# With a directory, pictures of every state are written to it. Builds the two programs
# unless CHATGPT_OAUTH_BIN and OPENAI_SIMULATOR_BIN name them. Nothing leaves this machine
# once the packages are installed.
set -eu
cd "$(dirname "$0")/../.."

need() {
    command -v "$1" >/dev/null || {
        echo "this needs $1: apt-get install $2" >&2
        exit 1
    }
}
need chromium chromium
need certutil libnss3-tools
need openssl openssl
need node nodejs

# Its copy of the lock marks a complete installation.
packages=${CHATGPT_OAUTH_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/chatgpt-oauth/tools}/browser
if ! cmp -s scripts/browser/package-lock.json "$packages/installed"; then
    mkdir -p "$packages"
    cp scripts/browser/package.json scripts/browser/package-lock.json "$packages"
    npm ci --silent --no-audit --no-fund --prefix "$packages" >&2
    cp scripts/browser/package-lock.json "$packages/installed"
fi

if [ -z "${CHATGPT_OAUTH_BIN:-}" ] || [ -z "${OPENAI_SIMULATOR_BIN:-}" ]; then
    cargo build --locked --quiet --package chatgpt-oauth --package openai-simulator
    CHATGPT_OAUTH_BIN=${CARGO_TARGET_DIR:-target}/debug/chatgpt-oauth
    OPENAI_SIMULATOR_BIN=${CARGO_TARGET_DIR:-target}/debug/openai-simulator
fi
export CHATGPT_OAUTH_BIN OPENAI_SIMULATOR_BIN
export BROWSER_NODE_MODULES="$packages/node_modules"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
node scripts/browser/main.mjs "$work" "${1:-}" || status=$?
exit "$status"
