#!/bin/bash
# A disk that is full in the middle of a merge: the merge waits for room, then goes on, and no row is lost.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/fault/small_disk_lib.sh
. tests/lib/stack.sh
STACK_PREPARE=small_disk stack_start clickhouse
if [ -z "$SMALL_DISK" ]; then
    echo 'skipped: this machine lets nobody mount a small disk'
    exit 77
fi

sql 'CREATE TABLE t (k UInt64, s String CODEC(NONE)) ENGINE = MergeTree ORDER BY k'
sql 'SYSTEM STOP MERGES t'
for _ in 1 2; do
    sql 'INSERT INTO t SELECT rand64(), randomPrintableASCII(300) FROM numbers(1000000)'
done
content() { sql 'SELECT count(), sum(cityHash64(k, s)) FROM t FORMAT TSV'; }
before=$(content)
sql 'SYSTEM START MERGES t'
sql 'OPTIMIZE TABLE t FINAL' &
merging() { [ "$(sql "SELECT count() FROM system.merges WHERE table = 't' AND progress > 0")" != 0 ]; }
wait_until 60 merging
fill_disk
waits() { grep -q 'a write waits: No space left' "$STACK_DIR/log/clickhouse.log"; }
wait_until 60 waits
unfill_disk
wait $!
expect 'parts' 1 "$(sql "SELECT count() FROM system.parts WHERE table = 't' AND active")"
expect 'rows and what is in them' "$before" "$(content)"
echo passed
