-- about: one row per partition of a topic, and again when the topic was deleted and created anew: the first offset that odw answers for
CREATE TABLE IF NOT EXISTS ledger_starts
(
    source       LowCardinality(String),
    topic        LowCardinality(String),
    partition    UInt32,
    start_offset UInt64,
    noted_at     DateTime64(3, 'UTC'),
    since        DateTime64(3, 'UTC') COMMENT 'the topic that was created again: its messages were appended from then on; 1970: the first'
)
ENGINE = MergeTree
ORDER BY (source, topic, partition, noted_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
