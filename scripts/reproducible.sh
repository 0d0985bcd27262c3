#!/usr/bin/env bash
# Builds every world twice, in other directories, for other homes and with other
# cargo homes, and compares the files byte for byte. Also searches the files for
# paths of these places.
#
#     scripts/reproducible.sh          two builds from scratch
#     scripts/reproducible.sh DIST     one build, compared with the files in DIST
set -euo pipefail

given=${1:+$(cd "$1" && pwd)}
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Cargo's settings, such as its registry, are the user's.
settings=${CARGO_HOME:-$HOME/.cargo}/config.toml

# Downloaded once: neither build needs the network.
cargo fetch --locked --quiet
registry=${CARGO_HOME:-$HOME/.cargo}/registry

# The files that git tracks, with local changes and without build output.
sources() {
    git ls-files -z --cached --others --exclude-standard | tar -c --null --files-from=- | tar -x -C "$1"
}

# Builds in $scratch/$1, with the home directory there; the result is in its dist.
build() {
    local place=$scratch/$1
    mkdir -p "$place/home/cargo/registry" "$place/sources" "$place/dist"
    for part in index cache; do
        # A vendored source has none.
        [ ! -d "$registry/$part" ] || cp -r "$registry/$part" "$place/home/cargo/registry/"
    done
    sources "$place/sources"
    [ ! -f "$settings" ] || cp "$settings" "$place/home/cargo/config.toml"
    # Settings that a user may have for other builds.
    mkdir "$place/.cargo"
    cat >"$place/.cargo/config.toml" <<'END'
[env]
CHATGPT_OAUTH_TEST_ORIGIN = { value = "http://127.0.0.1:1", force = true }
[build]
rustflags = ["-Copt-level=1"]
[profile.component]
opt-level = 1
strip = false
END
    (
        cd "$place/sources"
        env RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}" HOME="$place/home" CARGO_HOME="$place/home/cargo" \
            CARGO_TARGET_DIR="$place/target" CARGO_INCREMENTAL=0 CARGO_NET_OFFLINE=true \
            cargo run --quiet --locked --package chatgpt-oauth-packaging --features dist -- "$place/dist"
    ) >&2
}

build a-place-with-a-longer-name
second=$scratch/a-place-with-a-longer-name/dist
first=$given
if [ -z "$first" ]; then
    build one
    first=$scratch/one/dist
fi

diff -r "$first" "$second"
(cd "$second" && sha256sum --check --quiet SHA256SUMS)
for place in "$scratch" "$PWD" "${HOME%/}/" /registry/ /.cargo/; do
    [ "$place" != / ] || continue
    # 1: not found; any other status is a failure.
    found=0
    grep --recursive --text --files-with-matches --fixed-strings "$place" "$first" "$second" || found=$?
    if [ "$found" -ne 1 ]; then
        echo "these files hold $place" >&2
        exit 1
    fi
done
cat "$second/SHA256SUMS"
echo "the same bytes from both builds"
