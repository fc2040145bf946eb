-- about: one row per record of which messages with different content came, as odw audit found it; the newest of them is the row
-- retention: 90d
CREATE TABLE IF NOT EXISTS conflicts
(
    source     LowCardinality(String),
    identity   UInt64 COMMENT 'as in the ledger',
    record_day Date32,
    messages   Array(String) COMMENT 'topic/partition/offset, oldest first; ten at most',
    found_at   DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(found_at)
ORDER BY (source, identity)
TTL toDateTime(found_at) + INTERVAL 90 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
