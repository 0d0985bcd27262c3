#!/bin/sh
# Sets the machine's clock at random moments of 20,000 calls by six processes at a
# time, and counts the effects: the long form of host/tests/clock_steps.rs.
#
#   sh scripts/clock-steps.sh [CALLS [SEED]]
set -eu
cd "$(dirname "$0")/.."

export CHATGPT_OAUTH_CLOCK_STEPS_CALLS="${1:-20000}"
[ -z "${2:-}" ] || export CHATGPT_OAUTH_CLOCK_STEPS_SEED="$2"
sh scripts/wasm-target.sh
cargo test --locked --package chatgpt-oauth --all-features --test clock_steps -- --nocapture
