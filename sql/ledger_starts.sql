-- about: one row per partition of a topic that odw answers for: the first offset that must be in the ledger
CREATE TABLE IF NOT EXISTS ledger_starts
(
    source       LowCardinality(String),
    topic        LowCardinality(String),
    partition    UInt32,
    start_offset UInt64,
    noted_at     DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (source, topic, partition, noted_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
