#!/bin/sh
# Installs the programs that the tests pin, then runs every test.
set -eu
cd "$(dirname "$0")/.."

# Debian keeps PgBouncer outside of the path of users.
PATH=$PATH:/usr/sbin
export PATH

sh scripts/wasm-target.sh
tools=$(sh scripts/tools.sh)
eval "$tools"

cargo test --locked --workspace --all-features

bin=${CARGO_TARGET_DIR:-target}/debug
export CHATGPT_OAUTH_BIN=$bin/chatgpt-oauth OPENAI_SIMULATOR_BIN=$bin/openai-simulator

# Only python3, as a platform runs the skill.
python3 -m unittest discover -s tests/skill

# What a person sees, on terminals of tmux.
[ "$(uname -s)" != Linux ] || python3 scripts/terminal.py

# The connect page, in a browser.
[ "$(uname -s)" != Linux ] || sh scripts/browser/run.sh
