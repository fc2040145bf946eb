-- about: one row per partition of a topic, each time it was proven: every offset below proven_offset is accounted for
CREATE TABLE IF NOT EXISTS ledger_proofs
(
    source        LowCardinality(String),
    topic         LowCardinality(String),
    partition     UInt32,
    proven_offset UInt64,
    proven_at     DateTime64(3, 'UTC'),
    since         DateTime64(3, 'UTC') COMMENT 'as in ledger_starts'
)
ENGINE = MergeTree
ORDER BY (source, topic, partition, proven_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
