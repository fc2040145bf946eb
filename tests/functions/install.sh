#!/usr/bin/env bash
# Functions only: a server with a configuration and data of its own, without Kafka and without anything of odw's. Installed while it runs;
# every function's examples hold; an upgrade under queries fails none of them; errors say what to do; uninstall
# is refused while a view calls a function.
set -euo pipefail
. tests/lib/stack.sh
odw=$ODW_BUILD/bin/odw
for name in $(compgen -e ODW_); do
    case $name in ODW_BUILD | ODW_DEPS) ;; *) unset "$name" ;; esac
done
export ODW_STATE_DIR=/nonexistent
work=$(mktemp -d "${TMPDIR:-/tmp}/odw-test.XXXXXX")
server=
finish() {
    local status=$? died=
    [ "$status" -eq 0 ] || tail -n 20 "$work/log" >&2
    touch "$work/enough"
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || died=yes
        wait "$server" || died=${died:+exit code $?}
    fi
    rm -rf "$work"
    # The engine itself has ended here without a word, about once in twenty runs, where functions were loaded anew under queries. That
    # is said, and tried again once; a query that fails while the server lives is ours.
    if [ "$status" -ne 0 ] && [ -n "$died" ] && [ -z "${AGAIN:-}" ]; then
        echo "the server ended by itself ($died): once again" >&2
        trap - EXIT
        AGAIN=1 exec bash "$self"
    fi
    exit "$status"
}
self=tests/functions/install.sh
trap finish EXIT

mkdir -p "$work/etc/config.d" "$work/data" "$work/next/bin"
cat >"$work/etc/config.xml" <<XML
<clickhouse>
    <users_config>users.xml</users_config>
    <path>$work/data/</path>
    <user_defined_executable_functions_config>*_function.*ml</user_defined_executable_functions_config>
</clickhouse>
XML
echo "<clickhouse><user_scripts_path>$work/scripts/</user_scripts_path></clickhouse>" >"$work/etc/config.d/scripts.xml"
cat >"$work/etc/users.xml" <<XML
<clickhouse>
    <profiles><default/></profiles><quotas><default/></quotas>
    <users><default><password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
</clickhouse>
XML
answers() { curl -sf -o /dev/null "$ODW_CLICKHOUSE_URL/ping"; }
for attempt in 1 2 3; do
    port=$((20000 + RANDOM % 10000))
    export ODW_CLICKHOUSE_URL=http://127.0.0.1:$port
    ODW_CHDB_LIBRARY=${ODW_DEPS:-.deps}/clickhouse/libchdb.so "$ODW_BUILD/bin/odw-clickhouse" --config-file "$work/etc/config.xml" --path "$work/data" \
        --log-level warning --listen_host 127.0.0.1 --http_port "$port" --tcp_port $((port + 1)) >"$work/log" 2>&1 &
    server=$!
    for _ in $(seq 300); do
        { ! kill -0 "$server" 2>/dev/null || answers; } && break
        sleep 0.1
    done
    answers && kill -0 "$server" 2>/dev/null && break
    [ "$attempt" -lt 3 ] || stack_fail 'the server did not come up'
done
sql "CREATE TABLE logs (at DateTime, message String) ENGINE = MergeTree ORDER BY at AS
    SELECT now() - number, 'user ada' || number || '@example.com logged in' FROM numbers(100000)"

# Nothing is there yet: said, function by function.
"$odw" functions list >"$work/out" && stack_fail 'a server without functions is as here'
grep -q 'piiRedact .*MISSING' "$work/out" || stack_fail "list: $(cat "$work/out")"
"$odw" functions test piiRedact >"$work/out" 2>&1 && stack_fail 'a test without the function succeeded'
grep -q 'Code: 46' "$work/out" || stack_fail "test: $(cat "$work/out")"

"$odw" functions install --dir "$work/etc"
[ "$(sql 'SELECT message FROM logs WHERE piiRedact(message) != message' | wc -l)" = 100000 ] || stack_fail 'not every line was redacted'
[ "$(sql 'SELECT DISTINCT piiRedact(message) FROM logs')" = 'user [EMAIL] logged in' ] || stack_fail 'lines were redacted in another way'
"$odw" functions list | tee "$work/out" | tail -n 1
grep -q ' FAILED\|MISSING' "$work/out" && stack_fail "list: $(cat "$work/out")"
"$odw" functions list --json | jq -es 'length > 3 and all(.[]; .status == "loaded" and (.release | startswith("odw-udf-")))' >/dev/null ||
    stack_fail "list --json: $("$odw" functions list --json)"

# Every example of every function, through this server.
"$odw" functions test

# Another release, while queries run: none of them fails, and later on one program is left.
cp "$odw" "$work/next/bin/"
{ cat "$ODW_BUILD/bin/odw-udf" && echo; } >"$work/next/bin/odw-udf"
chmod 755 "$work/next/bin/odw-udf"
cp -r "$ODW_BUILD/share" "$work/next/"
load() {
    while [ ! -e "$work/enough" ]; do
        [ "$(sql 'SELECT countIf(piiRedact(message) = message) FROM logs')" = 0 ] || return 1
        echo >>"$work/queries"
    done
}
: >"$work/queries"
load &
loads=$!
load &
loads="$loads $!"
some_more() { [ "$(wc -l <"$work/queries")" -gt "$1" ]; }
wait_until 60 some_more 4
"$work/next/bin/odw" functions install --dir "$work/etc"
at=$(wc -l <"$work/queries")
wait_until 60 some_more $((at + 4))
"$odw" functions install --dir "$work/etc" >/dev/null # and back again
for _ in 1 2 3; do # within a second, by which a server tells files apart
    "$work/next/bin/odw" functions install --dir "$work/etc" >/dev/null
    "$odw" functions install --dir "$work/etc" >/dev/null
done
at=$(wc -l <"$work/queries")
wait_until 60 some_more $((at + 4))
touch "$work/enough"
for pid in $loads; do wait "$pid" || stack_fail 'a query failed while functions were replaced'; done
programs() { find "$work/scripts" -maxdepth 1 -name 'odw-udf-[0-9]*' | wc -l; }
[ "$(programs)" = 2 ] || stack_fail "queries that began with a release may need it: $(ls "$work/scripts")"
touch -d '11 minutes ago' "$work"/etc/odw*_function.xml
"$odw" functions install --dir "$work/etc" >/dev/null
[ "$(programs)" = 1 ] || stack_fail "old programs are left: $(ls "$work/scripts")"
"$odw" functions list >/dev/null || stack_fail 'the server has not what was installed last'
"$work/next/bin/odw" functions list >"$work/out" && stack_fail 'another release is as here'
grep -q 'ANOTHER RELEASE' "$work/out" || stack_fail "list: $(cat "$work/out")"

# A program that is gone is named with its function; installing puts it back.
rm "$work"/scripts/odw-udf-*
sql 'SYSTEM RELOAD FUNCTIONS' || true
"$odw" functions test piiRedact >"$work/out" 2>&1 && stack_fail 'a function without its program answered'
"$odw" functions install --dir "$work/etc" >/dev/null
"$odw" functions test piiRedact

# Another server than the one that answers: nothing is asked of it, and that is said.
mkdir -p "$work/other"
sed "s|$work/data/|$work/other/data/|" "$work/etc/config.xml" >"$work/other/config.xml"
"$odw" functions install --dir "$work/other" >"$work/out"
grep -q 'is another one: its user_scripts_path is' "$work/out" || stack_fail "another server: $(cat "$work/out")"

# Uninstall: not while a view calls one; then whatever was there before works on.
sql 'CREATE VIEW clean AS SELECT at, piiRedact(message) AS message FROM logs'
"$odw" functions uninstall --dir "$work/etc" >"$work/out" 2>&1 && stack_fail 'uninstalled under a view'
grep -q 'default.clean calls them' "$work/out" || stack_fail "uninstall: $(cat "$work/out")"
sql 'DROP VIEW clean'
"$odw" functions uninstall --dir "$work/etc" >/dev/null
[ -z "$(ls "$work/scripts")" ] && [ "$(ls "$work/etc")" = $'config.d\nconfig.xml\nusers.xml' ] || stack_fail "uninstall left something: $(ls -R "$work/scripts" "$work/etc")"
gone() { [ "$(sql "SELECT count() FROM system.functions WHERE name = 'piiRedact'")" = 0 ]; }
wait_until 20 gone
[ "$(sql 'SELECT count() FROM logs')" = 100000 ] || stack_fail 'the data is not what it was'
