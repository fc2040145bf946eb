#!/bin/bash
# A bucket's objects, whatever their keys, are listed exactly; a second run sends what changed, and what is gone; a killed one goes on;
# what the store refuses is said plainly; GET /api/blobs pages through it all.
set -euo pipefail
. tests/lib/stack.sh
. tests/lib/path.sh
. tests/lib/store.sh

store_start
OBJECTS=${OBJECTS:-2000}
rows() { sql "SELECT file_path FROM $ODW_DATABASE.blobs WHERE bucket_name = 'things' ORDER BY file_path FORMAT JSONEachRow" | jq -r '.file_path | @json'; }

# Keys that break what is careless: each is listed as it is. (What the server itself changes is left out: a//b, a leading slash, control
# characters that XML hasn't.)
odd() {
    jq -cn '["a b", "a+b", "a%20b", "a%2Bb", "100%", "café/crème", "日本語/ファイル", "emoji😀", "it'"'"'s \"q\"", "new\nline", "tab\tx",
        "a&b<c>", "back\\slash", "star*", "[x]{y,z}", "q?a#b=c", ";:@=,$!()|^~`", "..x/y", ".hidden", "x/...", "-dash", "dir/é/ü.PDF", "ends space ",
        ("k" * 200 + "/" + "l" * 200 + "/" + "m" * 200 + "/" + "n" * 200 + "/" + "o" * 215 + "/pqrs")] | .[] | { key: ., body: ., type: "text/x-odd" }'
}
plain() { jq -cn --argjson n "$1" 'range($n) | { key: "many/\(. % 7)/object-\(.).txt", body: "\(.)" }'; }
s3 make things
{ odd && plain "$OBJECTS"; } | tee "$work/objects" | s3 put things
jq -r '.key | @json' "$work/objects" | LC_ALL=C sort >"$work/keys"
expect 'the longest key' 1024 "$(jq -r '.key | utf8bytelength' "$work/objects" | sort -n | tail -n 1)"

total=$(wc -l <"$work/keys")
expect 'the first run' "$total 0" "$(load blobs s3://things/ | counts)"
settle 60
rows | LC_ALL=C sort >"$work/got"
cmp "$work/keys" "$work/got" || stack_fail "$(diff "$work/keys" "$work/got" | head -n 5)"
expect 'sizes and ETags' "$(jq -cs '[.[].body | utf8bytelength] | add' "$work/objects") 1" \
    "$(sql "SELECT sum(file_size), countIf(etag = lower(hex(MD5('7')))) FROM $ODW_DATABASE.blobs FORMAT TSV" | tr '\t' ' ')"

# Nothing has changed; then one object is new, one has changed, one is gone.
expect 'a second run' '0 0' "$(load blobs s3://things/ | counts)"
expect 'what a second run passes over' "$total" "$(load blobs s3://things/ | jq .skipped)"
jq -cn '{ key: "many/new", body: "n" }, { key: "many/1/object-1.txt", body: "changed" }' | s3 put things
echo '{"key": "many/2/object-2.txt"}' | s3 delete things
expect 'a third run' '3 0' "$(load blobs s3://things/ | counts)"
settle 60
expect 'objects that are there' "$total" "$(rows | wc -l)"
expect 'versions' "$((total + 2))" "$(sql "SELECT count() FROM $ODW_DATABASE.blobs_rows FINAL")"
expect 'the changed one' 7 "$(sql "SELECT file_size FROM $ODW_DATABASE.blobs WHERE file_path = 'many/1/object-1.txt'")"
expect 'the one that is gone' 1 "$(sql "SELECT countIf(deleted_at IS NOT NULL) FROM $ODW_DATABASE.blobs_rows FINAL WHERE file_path = 'many/2/object-2.txt'")"
expect 'a fourth run' '0 0' "$(load blobs s3://things/ | counts)"

# Patterns; content types where they are asked for.
expect 'a pattern' 1 "$(odw load blobs 's3://things/{caf,dir}*/**/*.PDF' --print | wc -l)"
expect 'one object' '"a b"' "$(odw load blobs 's3://things/a b' --print | jq .file_path)"
expect 'content types' "$(odd | wc -l) text/x-odd" "$(odw load blobs 's3://things/' --head --print | jq -r .content_type | sort | uniq -c | awk '$2 == "text/x-odd" { print $1, $2 }')"

# Killed in the middle, it goes on there: every object comes, few come twice.
s3 make more
plain "$OBJECTS" | s3 put more
"$ODW_BUILD/bin/odw" load blobs s3://more/ --rate 400 --json >/dev/null 2>&1 &
load=$!
within() { grep -aqs '^listing ' "$STACK_DIR"/load/blobs-*.position; }
wait_until 60 within
kill -9 "$load"
wait "$load" 2>/dev/null || true
load blobs s3://more/ >"$work/resumed"
settle 60
expect 'objects after a kill' "$OBJECTS" "$(sql "SELECT uniqExact(file_path) FROM $ODW_DATABASE.blobs WHERE bucket_name = 'more'")"
[ "$(jq .acknowledged "$work/resumed")" -lt "$OBJECTS" ] || stack_fail 'the load that was killed began again from the start'
expect 'after that' '0 0' "$(load blobs s3://more/ | counts)"

# Every page of the endpoint, and its filters.
pages() {
    local cursor='' page
    while :; do
        page=$(curl -sS --fail-with-body "$ODW_SHIM_URL/api/blobs?limit=700&$1${cursor:+&cursor=$cursor}") || stack_fail "$page"
        jq -c '.items[]' <<<"$page"
        cursor=$(jq -r '.next // empty' <<<"$page")
        [ -n "$cursor" ] || break
    done
}
pages 'bucket=things' | jq -r 'select(.deleted_at == null) | .file_path | @json' | LC_ALL=C sort -u >"$work/paged"
rows | LC_ALL=C sort >"$work/got"
cmp "$work/got" "$work/paged" || stack_fail "the pages differ from the view: $(diff "$work/got" "$work/paged" | head -n 5)"
expect 'a prefix' "$(rows | grep -c '^"many/3/')" "$(pages 'bucket=things&prefix=many/3/' | wc -l)"
expect 'a size' 1 "$(pages 'min_size=1024&max_size=1024' | wc -l)"
expect 'a time' 0 "$(pages 'bucket=more&to=2020-01-01' | wc -l)"
expect 'listed from' "$OBJECTS" "$(pages 'bucket=more&ingested_from=2020-01-01' | wc -l)"

# What is refused is said, with what to do, and never with a key.
said() { # NAME COMMAND…: exit code and message, without what differs from run to run
    local status=0
    "${@:2}" >"$work/out" 2>&1 || status=$?
    { cat "$work/out" && echo "exit $status"; } | sed "s/127.0.0.1:[0-9]*/HOST/; s/[0-9]* s \(ahead of\|behind\)/N s \1/" >"$work/$1"
}
echo nonsense >"$work/secret"
chmod 600 "$work/secret"
at=(--s3-url "$ODW_S3_URL" --print)
said key odw load blobs s3://things/ "${at[@]}" --s3-access-key nobody --s3-secret-key-file "$work/secret"
said secret odw load blobs s3://things/ "${at[@]}" --s3-access-key "$ODW_S3_ACCESS_KEY" --s3-secret-key-file "$work/secret"
said bucket odw load blobs s3://nothing-here/ --print
said anonymous odw load blobs s3://things/ "${at[@]}" --s3-anonymous
said region odw load blobs s3://things/ "${at[@]}" --s3-region eu-west-1 --s3-access-key "$ODW_S3_ACCESS_KEY" --s3-secret-key-file "$ODW_S3_SECRET_KEY_FILE"
said pattern odw load blobs 's3://things/{' --print
diff -u tests/e2e/blobs.said <(tail -n +1 "$work"/{key,secret,bucket,anonymous,region,pattern} | sed "s|$work/||") || {
    [ -n "${UPDATE:-}" ] || stack_fail 'what is said has changed (UPDATE=1 rewrites blobs.said)'
    tail -n +1 "$work"/{key,secret,bucket,anonymous,region,pattern} | sed "s|$work/||" >tests/e2e/blobs.said
}

# Generated: a fifth fails in the stream, marked.
expect 'generated' '1000 0' "$(load blobs --count 1000 --seed 4 --fail-percentage 20 --until 2026-11-20 | counts)"
settle 60
failed=$(sql "SELECT count() FROM $ODW_DATABASE.dead_letters WHERE source = 'blobs'")
[ "$failed" -gt 140 ] && [ "$failed" -lt 260 ] || stack_fail "expected about 200 of 1,000 to fail, got $failed"
odw audit >"$work/audit" || stack_fail "$(cat "$work/audit")"
echo ok
