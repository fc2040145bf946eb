# Each folder here lays its files over base/, a small tree of declarations that is well, and puts one mistake into it: `odw check` must
# say what `expected` says, with file and line, exit with 1, and leave nothing on the server. The engine's own wording is left out ("…"),
# its error's name is kept. UPDATE=1 rewrites what is expected.
# shellcheck shell=bash
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../lib/stack.sh"
stack_start clickhouse
tree=$STACK_DIR/tree
wrong=0
for case in "$here"/[0-9]*/; do
    name=$(basename "$case")
    rm -rf "$tree"
    cp -r "$here/base" "$tree"
    cp -r "$case"/* "$tree"
    code=0
    (cd "$tree" && "$ODW_BUILD/bin/odw" check) >"$STACK_DIR/said" 2>&1 || code=$?
    sed -E 's/^([^ :]+:[0-9]+: ).*( \([A-Z_0-9]+\))$/\1…\2/' "$STACK_DIR/said" >"$STACK_DIR/got"
    echo "exit code $code" >>"$STACK_DIR/got"
    if [ -n "${UPDATE:-}" ]; then
        cp "$STACK_DIR/got" "$case/expected"
    elif ! diff -u "$case/expected" "$STACK_DIR/got"; then
        echo "FAILED: $name; said:" && cat "$STACK_DIR/said"
        wrong=$((wrong + 1))
    fi
done
left=$(sql "SELECT groupArray(name) FROM (SELECT name FROM system.databases UNION ALL SELECT name FROM system.functions) WHERE name LIKE 'odw_check%'")
[ "$left" = '[]' ] || stack_fail "left behind: $left"

# A server that isn't there: one line says so.
code=0
(cd "$here/base" && ODW_CLICKHOUSE_URL=http://127.0.0.1:1 "$ODW_BUILD/bin/odw" check) >"$STACK_DIR/said" 2>&1 || code=$?
[ "$code" = 1 ] && [ "$(wc -l <"$STACK_DIR/said")" = 1 ] && grep -q '^ClickHouse at 127.0.0.1:1: ' "$STACK_DIR/said" ||
    stack_fail "expected one line about the server, got: $(cat "$STACK_DIR/said")"

# Stopped in the middle: the scratch database goes all the same.
rm -rf "$tree"
cp -r "$here/base" "$tree"
for n in $(seq 300); do
    sed "s/VIEW IF NOT EXISTS things /VIEW IF NOT EXISTS things_$n /" "$here/base/sql/things.sql" >"$tree/sql/things_$n.sql"
done
(cd "$tree" && exec "$ODW_BUILD/bin/odw" check) >"$STACK_DIR/said" 2>&1 &
pid=$!
scratch_exists() {
    [ "$(sql "SELECT count() FROM system.tables WHERE database = 'odw_check_$pid'")" -gt 2 ]
}
wait_until 20 scratch_exists
kill -INT "$pid"
code=0
wait "$pid" || code=$?
[ "$code" = 1 ] || stack_fail "expected exit code 1 after SIGINT, got $code: $(cat "$STACK_DIR/said")"
grep -q 'stopped by signal 2' "$STACK_DIR/said" || stack_fail "expected to hear of the signal: $(cat "$STACK_DIR/said")"
left=$(sql "SELECT count() FROM system.databases WHERE name LIKE 'odw_check%'")
[ "$left" = 0 ] || stack_fail "the scratch database is left behind after SIGINT"
[ "$wrong" = 0 ] || stack_fail "$wrong cases"
