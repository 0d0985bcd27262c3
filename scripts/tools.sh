#!/bin/sh
# Installs the foreign programs that some tests run, at fixed versions, and prints
# their paths as shell assignments:
#
#     eval "$(sh scripts/tools.sh)"
#
# They stay in the user's cache directory; a second run finds them there.
set -eu
cd "$(dirname "$0")/.."

wasmtime_version=48.0.8
# `compile` is not among the features of a CLI that only runs components.
wasmtime_features=run,compile,cranelift,component-model,wasi-http,wasi-keyvalue
wasmtime_python_newest=50.0.1
act_version=0.14.6
codex_version=0.169.0
tools=${CHATGPT_OAUTH_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/chatgpt-oauth/tools}

need() {
    command -v "$1" >/dev/null || {
        echo "the tests need $1: install it first" >&2
        exit 1
    }
}

# Debian keeps PgBouncer outside of the path of users.
PATH=$PATH:/usr/sbin

need python3
need npm
python3 -c 'import pip' || {
    echo "the tests need pip for python3: install it first" >&2
    exit 1
}
need node
# These tests run on Linux only: power losses, own networks, publishing, the unit of systemd.
if [ "$(uname -s)" = Linux ]; then
    need strace
    need ip
    need unshare
    need docker-registry
    need pgbouncer
    need systemd-analyze
    need tmux
    need chromium
    need certutil
fi
# Debian keeps the server's binaries outside of the path.
set -- "${POSTGRES_BIN:-}"/initdb /usr/lib/postgresql/*/bin/initdb
for initdb; do
    [ ! -x "$initdb" ] || break
done
[ -x "$initdb" ] || {
    echo "the tests need PostgreSQL 14 or newer: install postgresql, or set POSTGRES_BIN" >&2
    exit 1
}

# A registry may be away for a minute.
retry() {
    for pause in 10 30 60; do
        "$@" && return
        echo "that failed; again in $pause s" >&2
        sleep "$pause"
    done
    "$@"
}

# The list of features marks a complete installation.
wasmtime=$tools/wasmtime-$wasmtime_version
if [ "$(cat "$wasmtime/installed" 2>/dev/null)" != "$wasmtime_features" ]; then
    echo "installing the wasmtime CLI $wasmtime_version (some minutes)" >&2
    retry cargo install "wasmtime-cli@$wasmtime_version" --locked --root "$wasmtime" \
        --no-default-features --features "$wasmtime_features" >&2
    echo "$wasmtime_features" >"$wasmtime/installed"
fi

# The native program inside the package; the launcher beside it needs Node.
codex() {
    find "$tools/codex-$codex_version" -path '*/vendor/*/bin/codex' -type f 2>/dev/null | head -n 1
}
# npm succeeds without the native program, which is an optional package.
install_codex() {
    rm -rf "$tools/codex-$codex_version"
    mkdir -p "$tools/codex-$codex_version"
    npm install --silent --no-audit --no-fund --prefix "$tools/codex-$codex_version" "@openai/codex@$codex_version" >&2 &&
        [ -n "$(codex)" ]
}
if [ -z "$(codex)" ]; then
    echo "installing the Codex CLI $codex_version" >&2
    retry install_codex
fi

# What a package-lock.json pins. Its copy marks a complete installation.
npm_packages() {
    directory=$tools/$1
    if ! cmp -s "$2/package-lock.json" "$directory/installed"; then
        echo "installing $1" >&2
        mkdir -p "$directory"
        cp "$2/package.json" "$2/package-lock.json" "$directory"
        retry npm ci --silent --no-audit --no-fund --prefix "$directory" >&2
        cp "$2/package-lock.json" "$directory/installed"
    fi
}
npm_packages jco examples/node
npm_packages openai-node host/gateway/tests/clients
npm_packages http-examples examples/http
npm_packages mcp-typescript host/mcp/tests/clients
npm_packages browser scripts/browser

# Packages of Python in a directory of their own. Their list marks a complete installation.
python_packages() {
    directory=$tools/$1
    shift
    if [ "$(cat "$directory/installed" 2>/dev/null)" != "$*" ]; then
        echo "installing $*" >&2
        rm -rf "$directory"
        retry env PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check \
            --target "$directory" "$@" >&2
        echo "$*" >"$directory/installed"
    fi
}
# What is listed without its dependencies has machine code for one version of Python.
python=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
listed() {
    sed '/^#/d' "$1"
}
python_packages wasmtime-python "$(listed examples/python/requirements.txt)"
python_packages wasmtime-python-newest "wasmtime==$wasmtime_python_newest"
python_packages componentize-py "$(listed examples/agent-python/requirements.txt)"
python_packages act "act-cli==$act_version" "act-build==$act_version"
# shellcheck disable=SC2046 # a list of packages
python_packages "openai-python-$python" --no-deps $(listed host/gateway/tests/clients/requirements.txt)
# shellcheck disable=SC2046 # a list of packages
python_packages "mcp-python-$python" --no-deps $(listed host/mcp/tests/clients/requirements.txt)

echo "export WASMTIME_BIN='$wasmtime/bin/wasmtime'"
echo "export CODEX_BIN='$(codex)'"
echo "export JCO_NODE_MODULES='$tools/jco/node_modules'"
echo "export HTTP_EXAMPLES_NODE_MODULES='$tools/http-examples/node_modules'"
echo "export WASMTIME_PYTHON='$tools/wasmtime-python'"
echo "export WASMTIME_PYTHON_NEWEST='$tools/wasmtime-python-newest'"
echo "export ACT_PACKAGES='$tools/act'"
echo "export OPENAI_NODE_MODULES='$tools/openai-node/node_modules'"
echo "export OPENAI_PYTHON='$tools/openai-python-$python'"
echo "export MCP_NODE_MODULES='$tools/mcp-typescript/node_modules'"
echo "export BROWSER_NODE_MODULES='$tools/browser/node_modules'"
echo "export MCP_PYTHON='$tools/mcp-python-$python'"
echo "export COMPONENTIZE_PY='$tools/componentize-py'"
