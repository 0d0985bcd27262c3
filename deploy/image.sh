#!/bin/sh
# Builds the static program, and an OCI image that holds it and nothing else. It is
# chatgpt-oauth-serve, which has every command, under the name of the other program:
#
#     sh deploy/image.sh DIRECTORY
#
# DIRECTORY becomes an OCI layout with the tag `latest`. Needs musl-tools, umoci and xz-utils of
# Debian.
set -eu
cd "$(dirname "$0")/.."

layout=${1:?"the directory of the image is missing"}
target="$(uname -m)-unknown-linux-musl"
program="${CARGO_TARGET_DIR:-target}/$target/release/chatgpt-oauth-serve"
for tool in musl-gcc umoci xz; do
    command -v "$tool" >/dev/null || {
        echo "$tool is missing: apt-get install musl-tools umoci xz-utils" >&2
        exit 1
    }
done

rustup target list --installed | grep -qx "$target" || rustup target add "$target"

# What deploy/profile.sh has recorded. The name of its copy has a hash of its content, so that
# cargo sees a change. The flags stand for all others that the environment names.
profile=deploy/serve.profdata.xz
mkdir -p "${CARGO_TARGET_DIR:-target}"
copy="$(realpath "${CARGO_TARGET_DIR:-target}")/serve-$(sha256sum <"$profile" | cut -c1-16).profdata"
xz --decompress --stdout "$profile" >"$copy"
CARGO_ENCODED_RUSTFLAGS="-Cprofile-use=$copy" \
    cargo build --locked --release --package chatgpt-oauth --bin chatgpt-oauth-serve --target "$target"

# An image of the same commit has the same bytes, whenever it is made.
time=$(git log -1 --format=%cI)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
cp "$program" "$root/chatgpt-oauth"
mkdir -m 700 "$root/data" "$root/marks"
touch -d "$time" "$root"/*
chmod 755 "$root/chatgpt-oauth"
chown 65532:65532 "$root/data" "$root/marks"

image="$layout:latest"
umoci init --layout "$layout"
umoci new --image "$image"
for name in chatgpt-oauth data marks; do
    umoci insert --image "$image" --history.created "$time" "$root/$name" "/$name"
done
umoci config --image "$image" --no-history --created "$time" \
    --config.user 65532:65532 \
    --config.env XDG_DATA_HOME=/data --config.env XDG_STATE_HOME=/marks \
    --config.volume /data --config.volume /marks \
    --config.entrypoint /chatgpt-oauth --config.cmd serve \
    --config.label org.opencontainers.image.title=chatgpt-oauth \
    --config.label "org.opencontainers.image.revision=$(git rev-parse HEAD)"
umoci gc --layout "$layout"
