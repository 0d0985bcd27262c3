#!/bin/sh
# Records which code `serve` runs most, for the optimizer: builds the static program with
# counters, lets scripts/train.py use it, and writes deploy/serve.profdata.xz, which
# deploy/image.sh builds with:
#
#     sh deploy/profile.sh
#
# Code that the training runs is optimized for speed, and code that it does not reach for size.
# Code that has changed since is optimized as without a profile, so an old profile costs speed
# and nothing else. Record another one when the toolchain or the way of a model call has changed.
# Needs musl-tools, wrk, openssl and xz-utils of Debian, and Python.
set -eu
cd "$(dirname "$0")/.."

target="$(uname -m)-unknown-linux-musl"
mkdir -p "${CARGO_TARGET_DIR:-target}"
build=$(realpath "${CARGO_TARGET_DIR:-target}")
program="$build/profile/$target/release/chatgpt-oauth-serve"
for tool in musl-gcc wrk openssl xz python3; do
    command -v "$tool" >/dev/null || {
        echo "$tool is missing: apt-get install musl-tools wrk openssl xz-utils python3" >&2
        exit 1
    }
done

rustup component add llvm-tools
rustup target list --installed | grep -qx "$target" || rustup target add "$target"
cargo build --locked --release --package openai-simulator
CARGO_ENCODED_RUSTFLAGS="-Cprofile-generate" \
    cargo build --locked --release --package chatgpt-oauth --bin chatgpt-oauth-serve --target "$target" \
    --target-dir "$build/profile"

counts=$(mktemp -d)
trap 'rm -rf "$counts"' EXIT
LLVM_PROFILE_FILE="$counts/%p.profraw" CHATGPT_OAUTH_BIN="$program" \
    OPENAI_SIMULATOR_BIN="$build/release/openai-simulator" python3 scripts/train.py

host=$(rustc -vV | sed -n 's/^host: //p')
"$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-profdata" merge --sparse \
    --output "$counts/serve.profdata" "$counts"/*.profraw
xz --compress "$counts/serve.profdata"
mv "$counts/serve.profdata.xz" deploy/
ls -l deploy/serve.profdata.xz
