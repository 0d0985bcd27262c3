#!/bin/sh
# Installs Rust's wasm32-unknown-unknown target if it is missing.
set -eu

target=wasm32-unknown-unknown
if [ -d "$(rustc --print target-libdir --target $target)" ]; then
    exit 0
fi
if ! command -v rustup >/dev/null; then
    echo "the component needs Rust's target $target, and there is no rustup to install it" >&2
    exit 1
fi
rustup target add $target
