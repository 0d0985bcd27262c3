#!/bin/sh
# Runs every test: installs what they need first.
set -eu
cd "$(dirname "$0")/.."

sh scripts/wasm-target.sh
tools=$(sh scripts/tools.sh)
eval "$tools"

# The tests run these two programs.
cargo build --locked --workspace --bins
cargo test --locked --workspace
