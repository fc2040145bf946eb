#!/usr/bin/env bash
# docText through a real ClickHouse: hostile documents beside good ones in one block, the process of one of them killed, files that don't fit.
set -euo pipefail
. tests/lib/stack.sh
stack_start clickhouse
"$ODW_BUILD/bin/odw" functions install >/dev/null
work=$STACK_DIR/work
python3 tests/lib/documents.py "$work"
files=(bomb.docx bomb2.docx corrupt.pdf cut.pdf cut.docx cut.png password.pdf laughs.docx laughs.xml huge.png old.doc film.mp4 memo.pdf memo.docx plain.txt mail.eml scan.png)
sql 'CREATE TABLE documents (file String, content String) ENGINE = Memory'
for file in "${files[@]}"; do
    jq -cn --arg file "$file" --rawfile content <(base64 -w 0 "$work/$file") '{ file: $file, content: $content }'
done | curl -sS --fail-with-body "$ODW_CLICKHOUSE_URL/?query=INSERT+INTO+documents+FORMAT+JSONEachRow" --data-binary @-

# One block, all of them.
sql "SELECT file, d.method AS method, d.pages AS pages, d.error AS error, d.text AS text
    FROM (SELECT file, docText(base64Decode(content), '') AS d FROM documents) FORMAT JSONEachRow" >"$work/read.json"
find "$work" -name '*.expected' | while read -r expected; do
    name=${expected##*/}
    case " ${files[*]} " in *" ${name%.expected} "*) ;; *) rm -f "$expected" ;; esac
done
python3 tests/lib/documents_check.py "$work" <"$work/read.json" || stack_fail 'documents were not read as they should be'
expect 'pages' "[(1,'Patient: Ada Lovelace, age 36'),(2,'The quick brown fox jumps over the lazy dog near the river bank.')]" \
    "$(sql "SELECT arrayMap(p -> (p.page, splitByChar('\n', p.text)[1]), docPages(base64Decode(content), 'application/pdf')) FROM documents WHERE file = 'memo.pdf'")"

# The process that reads one of them is killed: that row says so, the others don't mind.
readers() {
    ps -eo pid=,ppid=,comm= | awk -v root="$(cat "$STACK_DIR/clickhouse.pid")" '
        { parent[$1] = $2; name[$1] = $3 }
        END { for (p in name) if (name[p] == "odw-document") { q = p; while (q in parent && q != root) q = parent[q]; if (q == root) print p } }'
}
is_reading() { [ -n "$(readers)" ]; }
sql "SELECT countIf(d.error = ''), countIf(position(d.error, 'could not be') > 0), count()
    FROM (SELECT docText(concat(base64Decode(content), repeat(' ', again)), '') AS d FROM documents ARRAY JOIN range(4) AS again WHERE file = 'scan.png')" >"$work/killed" &
query=$!
wait_until 60 is_reading
readers | head -n 1 | xargs -r kill -9
wait "$query" || stack_fail 'the query whose document was killed failed'
expect 'one killed of four' "$(printf '3\t1\t4')" "$(cat "$work/killed")"

expect 'a file over the limit' 'the file has 66 MiB; at most 64 are read' \
    "$(sql "SELECT docText(arrayStringConcat(arrayMap(i -> repeat('x', 1000000), range(70))), '').error")"
expect 'the next call' "('fine',1,'text','')" "$(sql "SELECT docText('fine', '')")"
