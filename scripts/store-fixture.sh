#!/bin/sh
# Makes the store of host/tests/fixtures with the programs of one commit, so that
# tests can open it with later versions:
#
#   git worktree add /tmp/then COMMIT && cd /tmp/then
#   cargo build --package chatgpt-oauth --package openai-simulator --features chatgpt-oauth/test-clock
#   cd - && sh scripts/store-fixture.sh /tmp/then/target/debug host/tests/fixtures/store-COMMIT
#
# ada is signed in, with models and usage; bob's login is pending; carol has logged out.
# The tokens are the simulator's and open nothing; refresh-token is ada's.
set -eu
bin=$(realpath "$1")
mkdir -p "$2"
fixture=$(realpath "$2")

work=$(mktemp -d)
simulator=
finish() {
    [ -z "$simulator" ] || kill "$simulator" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT INT TERM

# The time at which every test of the host begins: support::BEGINNING.
echo 1800000000 >"$work/clock"
"$bin/openai-simulator" --json --ca "$work/ca.pem" --interval 1 --access-token-lifetime 3600 --clock "$work/clock" \
    >"$work/addresses" &
simulator=$!
until [ -s "$work/addresses" ]; do
    kill -0 "$simulator" || exit 1
    sleep 0.1
done
http=$(sed -n 's/.*"http":"\([^"]*\)".*/\1/p' "$work/addresses")
address=$(sed -n 's/.*"https":"https:\/\/\([^"]*\)".*/\1/p' "$work/addresses")

ask() {
    CHATGPT_OAUTH_TEST_CLOCK="$work/clock" XDG_STATE_HOME="$work/state" "$bin/chatgpt-oauth" --json \
        --store "sqlite:$work/store/test.db" --cacert "$work/ca.pem" \
        --connect-to "auth.openai.com:443:$address" --connect-to "chatgpt.com:443:$address" "$@"
    echo
}

approve() {
    code=$(sed -n 's/.*"user_code": *"\([^"]*\)".*/\1/p')
    curl --fail --silent --data "{\"user_code\": \"$code\"}" "$http/_simulator/approve"
}

ask --profile ada start | approve
ask --profile ada poll
ask --profile ada models
ask --profile ada usage
ask --profile carol start | approve
ask --profile carol poll
ask --profile carol logout
ask --profile bob start

# Leave one file, with nothing in a write-ahead log.
python3 - "$work/store/test.db" <<'END'
import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("pragma wal_checkpoint(truncate)").fetchall())
END
cp "$work/store/test.db" "$work/store/test.db.key" "$fixture/"
curl --fail --silent "$http/_simulator/secrets" |
    grep -o '"kind":"refresh_token","value":"[^"]*' | head -n 1 | cut -d \" -f 8 >"$fixture/refresh-token"
