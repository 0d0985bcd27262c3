#!/bin/sh
# Breaks the component's decision code in one place after another and runs its
# tests, which should fail each time. Which files: .cargo/mutants.toml; what came
# of it: docs/testing.md. Takes options of cargo-mutants:
#
#     sh scripts/mutants.sh                           # everything
#     sh scripts/mutants.sh --file '**/decide.rs'     # one file
#     sh scripts/mutants.sh --iterate                 # what was missed the last time
#
# The program is kept in the user's cache directory, the outcome in target/mutants.out.
set -eu
cd "$(dirname "$0")/.."

version=27.1.0
tools=${CHATGPT_OAUTH_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/chatgpt-oauth/tools}
mutants=$tools/cargo-mutants-$version

if [ ! -x "$mutants/bin/cargo-mutants" ]; then
    echo "installing cargo-mutants $version (some minutes)" >&2
    cargo install "cargo-mutants@$version" --locked --root "$mutants" >&2
fi

# It builds copies of the tree, each in a target directory of its own.
unset CARGO_TARGET_DIR
# A few random inputs for the parsers beside their seeds.
export PROPTEST_CASES=4
export CARGO_MUTANTS_JOBS="${CARGO_MUTANTS_JOBS:-2}"
exec nice "$mutants/bin/cargo-mutants" mutants --package chatgpt-oauth-component --output target "$@"
