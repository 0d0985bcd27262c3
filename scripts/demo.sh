#!/bin/sh
# Starts the simulator of OpenAI's endpoints, logs in through the sandboxed
# component with the person's approval simulated, and shows what a user sees.
# Nothing leaves this machine. It builds both programs, or runs those that CHATGPT_OAUTH_BIN
# and OPENAI_SIMULATOR_BIN name.
set -eu
cd "$(dirname "$0")/.."

if [ -z "${CHATGPT_OAUTH_BIN:-}" ] || [ -z "${OPENAI_SIMULATOR_BIN:-}" ]; then
    sh scripts/wasm-target.sh
    cargo build --locked --package chatgpt-oauth --package openai-simulator
    CHATGPT_OAUTH_BIN=${CARGO_TARGET_DIR:-target}/debug/chatgpt-oauth
    OPENAI_SIMULATOR_BIN=${CARGO_TARGET_DIR:-target}/debug/openai-simulator
fi

work=$(mktemp -d)
simulator=
finish() {
    [ -z "$simulator" ] || kill "$simulator" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT INT TERM

"$OPENAI_SIMULATOR_BIN" --json --ca "$work/ca.pem" --interval 1 --auto-approve 2 >"$work/addresses" &
simulator=$!
until [ -s "$work/addresses" ]; do
    kill -0 "$simulator" || exit 1
    sleep 0.1
done
https=$(sed -n 's/.*"https":"\([^"]*\)".*/\1/p' "$work/addresses")
address=${https#https://}

ask() {
    printf '\n$ chatgpt-oauth %s\n' "$*"
    XDG_STATE_HOME="$work/state" "$CHATGPT_OAUTH_BIN" --store "sqlite:$work/store/test.db" --cacert "$work/ca.pem" \
        --connect-to "auth.openai.com:443:$address" --connect-to "chatgpt.com:443:$address" "$@"
}

echo "OpenAI's endpoints are simulated at $https; the simulator approves the code after two seconds."
ask status
ask login
ask status
ask models
ask usage
ask --json refresh
ask authorize
ask logout
