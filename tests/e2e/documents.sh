#!/bin/bash
# Files of every kind, in a store and in a folder, become rows with their text, or dead letters that say why, also where ClickHouse and the processes that
# read them are killed in the middle; what says the same as before isn't sent again; a watched folder's files come by themselves.
set -euo pipefail
. tests/lib/stack.sh
. tests/lib/path.sh
. tests/lib/store.sh

store_start
mkdir -p "$work/folder/deeper" "$work/inbox"
# What became of every file, as documents_check.py has it.
became() {
    sql "SELECT source_file_path AS file, method, pages, '' AS error, text FROM $ODW_DATABASE.documents FORMAT JSONEachRow"
    sql "SELECT JSONExtractString(payload, 'source_file_path') AS file, '' AS method, 0 AS pages, violations[1] AS error, '' AS text
        FROM $ODW_DATABASE.dead_letters WHERE source = 'documents' AND class = 'document' FORMAT JSONEachRow"
}

python3 tests/lib/documents.py "$work/all"
find "$work/all" -type f ! -name '*.expected' | sort | awk -v to="$work/all" '{ print > (to (NR % 2 ? ".store" : ".folder")) }'
s3 make memos
while read -r file; do
    jq -cn --arg file "$file" '{ key: "in/\($file | split("/") | last)", file: $file }'
done <"$work/all.store" | s3 put memos
while read -r file; do cp -p "$file" "$work/folder/deeper/"; done <"$work/all.folder"
stored=$(wc -l <"$work/all.store") filed=$(wc -l <"$work/all.folder")

# While they are read, ClickHouse is killed, and before that a process that reads a document.
expect 'from the store' "$stored 0" "$(load documents 's3://memos/in/**' --contract dental_appointment --instructions 'Dates are day first.' | counts)"
reads() { [ -n "$(readers)" ]; }
readers() { # the processes that read documents, below this stack's ClickHouse
    ps -eo pid=,ppid=,comm= | awk -v root="$(cat "$STACK_DIR/clickhouse.pid")" '
        { parent[$1] = $2; name[$1] = $3 }
        END { for (p in name) if (name[p] == "odw-document") { q = p; while (q in parent && q != root) q = parent[q]; if (q == root) print p } }'
}
wait_until 60 reads
readers | head -n 1 | xargs -r kill -9
wait_until 60 reads
kill -9 "$(cat "$STACK_DIR/clickhouse.pid")"
expect 'from the folder' "$filed 0" "$(load documents "$work/folder" --source-name inbox | counts)"
wait_until 60 sql 'SELECT 1' >/dev/null 2>&1
settle 400
became >"$work/became"
python3 tests/lib/documents_check.py "$work/all" <"$work/became" || stack_fail 'documents did not become what they say'
expect 'each once' "$((stored + filed))" "$(wc -l <"$work/became")"
expect 'the contract' "$(sql "SELECT count() FROM $ODW_DATABASE.documents WHERE startsWith(source_file_path, 's3://memos/in/')")" \
    "$(sql "SELECT countIf(contract = 'dental_appointment' AND instructions = 'Dates are day first.') FROM $ODW_DATABASE.documents")"
expect 'hashes' 1 "$(sql "SELECT count() FROM $ODW_DATABASE.documents WHERE source_file_path LIKE '%/plain.txt' AND sha256 = '$(sha256sum <"$work/all/plain.txt" | cut -d' ' -f1)'")"

# Again: nothing; what was only touched or written as it was: nothing; what has changed, once.
expect 'a second run' '0 0' "$(load documents 's3://memos/in/**' --contract dental_appointment --instructions 'Dates are day first.' | counts)"
first=$(head -n 1 "$work/all.store")
jq -cn --arg file "$first" '{ key: "in/\($file | split("/") | last)", file: $file }' | s3 put memos
expect 'written again as it was' '0 0' "$(load documents 's3://memos/in/**' --contract dental_appointment --instructions 'Dates are day first.' | counts)"
find "$work/folder" -type f -exec touch {} +
expect 'touched' "0 0" "$(load documents "$work/folder" --source-name inbox | counts)"
echo 'another memo' >"$work/folder/deeper/notes.md"
echo 'a new one' >"$work/folder/new.txt"
expect 'a new and a changed one' '2 0' "$(load documents "$work/folder" --source-name inbox | counts)"

# One that is too large for a message, one that isn't base64.
head -c 12000000 /dev/zero >"$work/large.bin"
expect 'a large one' '1 0' "$(load documents "$work/large.bin" | counts)"
echo '{"source_file_path": "by hand", "content": "?!"}' | produce documents
settle 60
expect 'the large one' '/bytes: expected an integer from 0 to 11534336 or null, got 12000000' \
    "$(sql "SELECT violations[1] FROM $ODW_DATABASE.dead_letters WHERE source = 'documents' AND class = 'contract'")"
expect 'no base64' 1 "$(sql "SELECT count() FROM $ODW_DATABASE.dead_letters WHERE violations[1] = 'the content is not base64'")"

# A watched folder: files come, change, lie in new folders; SIGTERM ends it.
"$ODW_BUILD/bin/odw" load documents "$work/inbox" --watch --source-name watched --json >"$work/watched" 2>"$work/watched.said" &
watching=$!
text_of() { sql "SELECT text FROM $ODW_DATABASE.documents WHERE source_file_path = 'watched/$1' FORMAT TSVRaw"; }
says() { [ "$(text_of "$1")" = "$2" ]; }
echo one >"$work/inbox/one.txt"
wait_until 60 says one.txt one
mkdir -p "$work/inbox/a/b"
echo two >"$work/inbox/a/b/two.txt"
echo three >"$work/inbox/one.txt"
wait_until 60 says a/b/two.txt two
wait_until 60 says one.txt three
kill "$watching"
wait "$watching" || stack_fail "the watch ended with $?: $(cat "$work/watched.said")"
expect 'what the watch sent' '3 0' "$(counts <"$work/watched")"

# The endpoint, and a letter that is sent again fails again without being taken for mended.
expect 'GET /api/documents' "$(grep -l '^= eml ' "$work/all"/*.expected | wc -l)" "$(curl -sS --fail-with-body "$ODW_SHIM_URL/api/documents?method=eml" | jq '.items | length')"
expect 'by a word' 'eml' "$(curl -sS --fail-with-body "$ODW_SHIM_URL/api/documents?q=lovelace+sch%C3%B6ne" | jq -r '.items[].method')"
letter=$(sql "SELECT id FROM $ODW_DATABASE.dead_letters WHERE violations[1] = 'the PDF is protected with a password'")
odw dlq replay "$letter" --yes >/dev/null 2>&1 || odw dlq replay "$letter" >/dev/null
settle 60
expect 'the letter that failed again' 'open' "$(sql "SELECT status FROM $ODW_DATABASE.dead_letters WHERE origin = '$letter'")"
odw audit >"$work/audit" || stack_fail "$(cat "$work/audit")"
echo ok
