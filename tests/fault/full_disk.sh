#!/bin/bash
# A disk that is full in the middle of a merge: the merge waits for room, then goes on, and no row is lost.
set -euo pipefail
cd "$(dirname "$0")/../.."
# A full disk needs a small file system of one's own, which goes with this process.
if [ -z "${OWN_MOUNTS:-}" ]; then
    for how in '-m' '-rm'; do
        if unshare $how true 2>/dev/null; then
            OWN_MOUNTS=1 exec unshare $how "$0" "$@"
        fi
    done
    echo 'left out: this machine lets nobody mount a small disk'
    exit 0
fi
. tests/lib/stack.sh
. tests/fault/campaign_lib.sh
STACK_PREPARE=small_disk stack_start clickhouse
[ -n "$SMALL_DISK" ] || exit 0

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
dd if=/dev/zero of="$SMALL_DISK/fill" bs=1M status=none 2>/dev/null || true
waits() { grep -q 'a write waits: No space left' "$STACK_DIR/log/clickhouse.log"; }
wait_until 60 waits
rm "$SMALL_DISK/fill"
wait $!
expect 'parts' 1 "$(sql "SELECT count() FROM system.parts WHERE table = 't' AND active")"
expect 'rows and what is in them' "$before" "$(content)"
echo passed
