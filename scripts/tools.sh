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
codex_version=0.169.0
tools=${CHATGPT_OAUTH_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/chatgpt-oauth/tools}

need() {
    command -v "$1" >/dev/null || {
        echo "the tests need $1: install it first" >&2
        exit 1
    }
}

need python3
need npm
python3 -c 'import pip' || {
    echo "the tests need pip for python3: install it first" >&2
    exit 1
}
need node
# The tests of power losses and of own networks run on Linux only.
if [ "$(uname -s)" = Linux ]; then
    need strace
    need ip
    need unshare
fi

wasmtime=$tools/wasmtime-$wasmtime_version/bin/wasmtime
if [ ! -x "$wasmtime" ]; then
    echo "installing the wasmtime CLI $wasmtime_version (some minutes)" >&2
    cargo install "wasmtime-cli@$wasmtime_version" --locked --root "$tools/wasmtime-$wasmtime_version" \
        --no-default-features --features run,cranelift,component-model,wasi-http,wasi-keyvalue >&2
fi

# The native program inside the package; the launcher beside it needs Node.
codex() {
    find "$tools/codex-$codex_version" -path '*/vendor/*/bin/codex' -type f 2>/dev/null | head -n 1
}
if [ -z "$(codex)" ]; then
    echo "installing the Codex CLI $codex_version" >&2
    mkdir -p "$tools/codex-$codex_version"
    npm install --silent --no-audit --no-fund --prefix "$tools/codex-$codex_version" "@openai/codex@$codex_version" >&2
fi

# The versions that the examples pin. The copy marks a complete installation.
jco=$tools/jco
if ! cmp -s examples/node/package-lock.json "$jco/installed"; then
    echo "installing jco" >&2
    mkdir -p "$jco"
    cp examples/node/package.json examples/node/package-lock.json "$jco"
    npm ci --silent --no-audit --no-fund --prefix "$jco" >&2
    cp examples/node/package-lock.json "$jco/installed"
fi
wasmtime_python=$tools/wasmtime-python
if ! cmp -s examples/python/requirements.txt "$wasmtime_python/installed"; then
    echo "installing wasmtime for Python" >&2
    rm -rf "$wasmtime_python"
    PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check \
        --target "$wasmtime_python" --requirement examples/python/requirements.txt >&2
    cp examples/python/requirements.txt "$wasmtime_python/installed"
fi

# OpenAI's SDKs, as the tests of the gateway pin them.
clients=host/gateway/tests/clients
openai_node=$tools/openai-node
if ! cmp -s $clients/package-lock.json "$openai_node/installed"; then
    echo "installing OpenAI's SDK for Node" >&2
    mkdir -p "$openai_node"
    cp $clients/package.json $clients/package-lock.json "$openai_node"
    npm ci --silent --no-audit --no-fund --prefix "$openai_node" >&2
    cp $clients/package-lock.json "$openai_node/installed"
fi
# It has machine code for one version of Python. The list is complete.
openai_python=$tools/openai-python-$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if ! cmp -s $clients/requirements.txt "$openai_python/installed"; then
    echo "installing OpenAI's SDK for Python" >&2
    rm -rf "$openai_python"
    PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check \
        --no-deps --target "$openai_python" --requirement $clients/requirements.txt >&2
    cp $clients/requirements.txt "$openai_python/installed"
fi

echo "export WASMTIME_BIN='$wasmtime'"
echo "export CODEX_BIN='$(codex)'"
echo "export JCO_NODE_MODULES='$jco/node_modules'"
echo "export WASMTIME_PYTHON='$wasmtime_python'"
echo "export OPENAI_NODE_MODULES='$openai_node/node_modules'"
echo "export OPENAI_PYTHON='$openai_python'"
