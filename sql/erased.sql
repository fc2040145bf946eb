-- about: one row per record or dead letter that was erased; the stream takes neither in again, the audit misses neither
CREATE TABLE IF NOT EXISTS erased
(
    source     LowCardinality(String),
    letter     String COMMENT 'the id of a dead letter; empty: a record',
    identity   UInt64 COMMENT 'of a record, as in the ledger',
    record_day Date32,
    sealed     Bool COMMENT 'it is counted in the seal of its day',
    erasure    UUID,
    erased_at  DateTime64(3, 'UTC'),
    sent_at    DateTime64(3, 'UTC') COMMENT 'of a dead letter: when the broker appended it; 1970: not known'
)
ENGINE = ReplacingMergeTree(erased_at)
ORDER BY (source, letter, identity)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
