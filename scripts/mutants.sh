#!/bin/sh
# Breaks the component's decision code in one place at a time and runs its tests,
# which should fail each time. .cargo/mutants.toml lists the files, docs/testing.md
# has the results. Takes options of cargo-mutants:
#
#     sh scripts/mutants.sh                           # everything
#     sh scripts/mutants.sh --file '**/decide.rs'     # one file
#     sh scripts/mutants.sh --iterate                 # what was missed last time
#
# Installs cargo-mutants into the user's cache directory; results are in
# target/mutants.out. Fails if a mutant is missed.
set -eu
cd "$(dirname "$0")/.."

version=27.1.0
tools=${CHATGPT_OAUTH_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/chatgpt-oauth/tools}
mutants=$tools/cargo-mutants-$version

if [ ! -x "$mutants/bin/cargo-mutants" ]; then
    echo "installing cargo-mutants $version (some minutes)" >&2
    cargo install "cargo-mutants@$version" --locked --root "$mutants" >&2
fi

# It builds copies of the tree, each with its own target directory.
unset CARGO_TARGET_DIR
# Few random inputs besides the seeds, so that chance catches nothing.
export PROPTEST_CASES=4
export CARGO_MUTANTS_JOBS="${CARGO_MUTANTS_JOBS:-2}"
exec nice "$mutants/bin/cargo-mutants" mutants --package chatgpt-oauth-component --output target "$@"
