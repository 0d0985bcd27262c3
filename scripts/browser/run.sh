#!/bin/sh
# Signs people in by links in Debian's Chromium, over TLS, against the simulator: with
# scripts and without, with the keyboard alone, light and dark. axe-core looks at every
# state.
#
#     sh scripts/browser/run.sh [DIRECTORY]
#
# With a directory, pictures of every state are written to it. Builds the two programs
# unless CHATGPT_OAUTH_BIN, with the feature test-clock, and OPENAI_SIMULATOR_BIN name them.
# Nothing leaves this machine once the packages are installed.
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

[ -n "${BROWSER_NODE_MODULES:-}" ] || {
    tools=$(sh scripts/tools.sh)
    eval "$tools"
}

if [ -z "${CHATGPT_OAUTH_BIN:-}" ] || [ -z "${OPENAI_SIMULATOR_BIN:-}" ]; then
    cargo build --locked --quiet --package chatgpt-oauth --package openai-simulator \
        --features chatgpt-oauth/test-clock
    CHATGPT_OAUTH_BIN=${CARGO_TARGET_DIR:-target}/debug/chatgpt-oauth
    OPENAI_SIMULATOR_BIN=${CARGO_TARGET_DIR:-target}/debug/openai-simulator
fi
export CHATGPT_OAUTH_BIN OPENAI_SIMULATOR_BIN

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
node scripts/browser/main.mjs "$work" "${1:-}" || status=$?
exit "$status"
