#!/usr/bin/env bash
# The functions for personal data through a real ClickHouse: columns, constants, Nullable, LowCardinality, large chunks; policies and
# keys that are there, missing, broken, changed.
set -euo pipefail
. tests/lib/stack.sh
. tests/lib/functions.sh
stack_start clickhouse
functions_install
policies=$ODW_USER_SCRIPTS/odw/policies
mkdir -m 700 "$policies/keys"
(umask 077 && echo 0123456789abcdef0123456789abcdef >"$policies/keys/analytics")

ask() { curl -sS "$ODW_CLICKHOUSE_URL/" --data-binary "$1"; }
# fails WHAT QUERY MESSAGE: the query fails, and says why.
fails() {
    local answer
    answer=$(ask "$2")
    case $answer in
    *DB::Exception*"$3"*) ;;
    *) stack_fail "$1: expected an exception with \"$3\", got $answer" ;;
    esac
}

# Constants.
expect piiDetect "[('EMAIL',5,15,0.95),('PHONE',29,15,0.9)]" "$(sql "SELECT piiDetect('mail ada@example.com or call +1 415 555 0132')")"
expect 'piiDetect: names' "$(printf 'EMAIL\tada@example.com')" \
    "$(sql "SELECT s.type, substring(t, s.start + 1, s.length) FROM (SELECT 'é ada@example.com' AS t, piiDetect(t)[1] AS s)")"
expect piiContains "$(printf 'true\tfalse')" "$(sql "SELECT piiContains('ada@example.com'), piiContains('nothing')")"
expect piiRedactWith '**** **** **** 1111' "$(sql "SELECT piiRedactWith('support', '4111 1111 1111 1111')")"
expect piiRedactJSONWith '{"pin": "[SECRET]", "to": "a**@*******.com"}' \
    "$(sql "SELECT piiRedactJSONWith('support', '{\"pin\": 12, \"to\": \"ada@example.com\"}') FORMAT TSVRaw")"
expect ipAnonymiseWith "$(printf '203.0.0.0\t203.0.113.0\t')" \
    "$(sql "SELECT ipAnonymiseWith('strict', '203.0.113.7'), ipAnonymiseWith('default', '203.0.113.7'), ipAnonymiseWith('strict', 'x')")"
# printf 'EMAIL\0ada@example.com' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
expect piiTokenize '[EMAIL:1395565b6bee68eaf0d49221b52cc139]' "$(sql "SELECT piiTokenize('analytics', 'ada@Example.com')")"
expect 'piiTokenizeValue joins it' 1 "$(sql "SELECT piiTokenizeValue('analytics', 'ada@EXAMPLE.com') = piiTokenize('analytics', 'ada@example.com')")"

# A table's columns: String, Nullable, LowCardinality; the policy as a column too.
sql "CREATE TABLE people (n UInt32, t String, maybe Nullable(String), low LowCardinality(String), policy String) ENGINE = MergeTree ORDER BY n"
sql "INSERT INTO people SELECT number AS n, if(n % 3 = 0, format('user{} wrote from user{}@example.com', n, n), format('took {} ms', n)) AS t,
    if(n % 7 = 0, NULL, t), ['ada@example.com', 'nothing'][1 + n % 2], ['default', 'support', 'strict'][1 + n % 3] FROM numbers(100000)"
expect 'a column' "$(printf '100000\t33334')" "$(sql "SELECT count(), countIf(piiRedact(t) LIKE '% wrote from [EMAIL]') FROM people")"
expect 'they agree' 0 "$(sql "SELECT countIf(piiContains(t) != (length(piiDetect(t)) > 0) OR piiContains(t) != (piiRedact(t) != t)
    OR piiRedactWith('default', t) != piiRedact(t) OR replaceRegexpAll(piiTokenize('analytics', t), ':[0-9a-f]{32}\\\\]', ']') != piiRedact(t)) FROM people")"
expect 'a policy per row' "$(printf '33334\t33334')" "$(sql "SELECT countIf(piiRedactWith(policy, t) LIKE '%[EMAIL]'), countIf(policy = 'default') FROM people")"
expect 'LowCardinality' "$(printf '[EMAIL]\t50000\nnothing\t50000')" "$(sql "SELECT piiRedact(low) AS r, count() FROM people GROUP BY r ORDER BY r")"
expect 'LowCardinality, with a policy' "$(printf 'a**@*******.com\t50000\nnothing\t50000')" \
    "$(sql "SELECT piiRedactWith('support', low) AS r, count() FROM people GROUP BY r ORDER BY r")"
expect 'Nullable, NULLs kept' "$(printf '14286\t28572')" \
    "$(sql "SELECT countIf(r IS NULL), countIf(r LIKE '%[EMAIL]') FROM (SELECT if(maybe IS NULL, NULL, piiRedactWith('default', assumeNotNull(maybe))) AS r FROM people)")"
code() { curl -sS -D - -o /dev/null "$ODW_CLICKHOUSE_URL/" --data-binary "$1" | tr -d '\r' | sed -n 's/^X-ClickHouse-Exception-Code: //p'; }
expect 'a NULL is refused' 349 "$(code "SELECT piiDetect(maybe) FROM people FORMAT Null")"
expect 'tokens join' 33334 "$(sql "SELECT count() FROM (SELECT piiTokenizeValue('analytics', format('user{}@EXAMPLE.com', n)) AS v FROM people WHERE n % 3 = 0) AS a
    JOIN (SELECT extract(piiTokenize('analytics', t), '\\\\[EMAIL:[0-9a-f]+\\\\]') AS v FROM people WHERE n % 3 = 0) AS b USING v")"

# A million rows in one chunk.
million="numbers(1000000) SETTINGS max_block_size = 1000000, max_threads = 1"
expect 'piiDetect of a million' 500000 "$(sql "SELECT sum(length(piiDetect(if(number % 2 = 0, 'ada@example.com', 'nothing')))) FROM $million")"
expect 'piiContains of a million' 500000 "$(sql "SELECT countIf(piiContains(if(number % 2 = 0, 'ada@example.com', 'nothing'))) FROM $million")"
expect 'piiRedactWith of a million' 500000 "$(sql "SELECT countIf(piiRedactWith('support', if(number % 2 = 0, 'ada@example.com', 'nothing')) = 'a**@*******.com') FROM $million")"
expect 'piiTokenize of a million' 1000 "$(sql "SELECT uniqExact(piiTokenize('analytics', format('user{}@example.com', number % 1000))) FROM $million")"
expect 'ipAnonymiseWith of a million' 1000000 "$(sql "SELECT uniqExact(ipAnonymiseWith('analytics', IPv4NumToString(toUInt32(number * 4000)))) FROM $million")"

# What the call asks for and isn't there fails the query, and says what there is; other policies go on.
fails 'an unknown policy' "SELECT piiRedactWith('nosuch', 'x')" '(analytics, default, strict, support), got "nosuch"'
fails 'an unknown policy in one row of many' "SELECT count() FROM numbers(100000) WHERE piiRedactWith(if(number = 70000, 'nosuch', 'default'), 'x') = 'y'" 'got "nosuch"'
fails 'an unknown key' "SELECT piiTokenize('nosuch', 'x')" 'expected the id of a key in'
fails 'no way out of the folder' "SELECT piiRedactWith('../policies/default', 'x')" 'expected the name of a policy'
expect 'the query after it' '[EMAIL]' "$(sql "SELECT piiRedactWith('default', 'ada@example.com')")"

# Policies are read once per process; SYSTEM RELOAD FUNCTIONS starts new ones.
cat >"$policies/own.json" <<'POLICY'
{ "default": "keep",
  "patterns": [ { "name": "EMPLOYEE", "pattern": "EMP-\\d{6}", "action": { "action": "mask", "keep_last": 2 } } ] }
POLICY
sql 'SYSTEM RELOAD FUNCTIONS'
fails 'a broken policy' "SELECT piiRedactWith('own', 'EMP-123456')" 'own.json: #/patterns/0: expected token, mask, hash, tokenise, drop or keep'
expect 'another beside it' '[EMAIL]' "$(sql "SELECT piiRedactWith('default', 'ada@example.com')")"
sed -i 's/"action": { "action": "mask", "keep_last": 2 }/"action": "mask", "keep_last": 2/' "$policies/own.json"
sql 'SYSTEM RELOAD FUNCTIONS'
expect 'once it is mended' '***-****56 ada@example.com' "$(sql "SELECT piiRedactWith('own', 'EMP-123456 ada@example.com')")"
cat >"$policies/slow.json" <<'POLICY'
{ "patterns": [ { "name": "SLOW", "pattern": "(a+)+b" } ] }
POLICY
# A contract names them: its record function hands fields out so cleaned.
mkdir "$STACK_DIR/contracts"
cat >"$STACK_DIR/contracts/people.schema.json" <<'CONTRACT'
{ "type": "object", "properties": { "user": { "type": "string", "x-pii": { "tokenise": "analytics" } },
  "note": { "type": "string", "x-pii": { "redact": "support" } } } }
CONTRACT
record=$("$ODW_BUILD/bin/odw-udf" --list --contracts "$STACK_DIR/contracts" | sed -n 's/^\(peopleRecord_[0-9a-f]*\)(.*/\1/p')
cp "$STACK_DIR/contracts/people.schema.json" "$ODW_USER_SCRIPTS/odw/contracts/people.${record##*_}.schema.json"
"$ODW_USER_SCRIPTS/odw-udf" --xml >"$ODW_FUNCTIONS_CONFIG/odw_function.xml"
message="toDateTime64('2026-11-20 10:00:01', 3, 'UTC'), '{\"user\": \"ada@Example.com\", \"note\": \"card 4111 1111 1111 1111\"}'"
sql 'SYSTEM RELOAD FUNCTIONS'
expect 'a record with a key and a policy' "$(printf 'ok\t[EMAIL:1395565b6bee68eaf0d49221b52cc139]\tcard **** **** **** 1111')" \
    "$(sql "SELECT r.verdict, r.user, r.note FROM (SELECT $record($message) AS r)")"
chmod 644 "$policies/keys/analytics"
sql 'SYSTEM RELOAD FUNCTIONS'
expect 'a pattern without end costs its row' "$(printf '1\t9999')" \
    "$(sql "SELECT countIf(r = ''), countIf(r = 'fine') FROM (SELECT piiRedactWith('slow', if(number = 5000, repeat('a', 5000) || 'cb', 'fine')) AS r FROM numbers(10000))")"
fails 'a key that others may read' "SELECT piiTokenize('analytics', 'x')" 'expected a file that only its owner may read (chmod 600), got mode 644'
fails 'a record with such a key' "SELECT $record($message)" 'contract people: x-pii: '
fails 'a policy with such a key' "SELECT piiRedactWith('analytics', 'x')" 'analytics.json: #/default/key:'
# No message has a key in it, and none has what was to be redacted.
! grep -rqF -e 0123456789abcdef0123456789abcdef -e user3@example.com "$STACK_DIR/log" || stack_fail 'a key or a payload is in a log'
