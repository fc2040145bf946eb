-- about: one row per partition of a topic, each time it was proven: every offset below is accounted for
-- version: proven_at
CREATE TABLE IF NOT EXISTS ledger_proofs
(
    source        LowCardinality(String),
    topic         LowCardinality(String),
    partition     UInt32,
    proven_offset UInt64,
    lines         UInt64 COMMENT 'lines proven so far, of the start on',
    proven_at     DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(proven_at)
ORDER BY (source, topic, partition)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
