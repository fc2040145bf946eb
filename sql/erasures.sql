-- about: one row per step of an erasure: begun, recorded (the stream takes its records no more), done
CREATE TABLE IF NOT EXISTS erasures
(
    erasure      UUID,
    source       LowCardinality(String),
    status       Enum8('begun' = 1, 'recorded' = 2, 'done' = 3),
    changed_at   DateTime64(3, 'UTC'),
    changed_by   String,
    condition    FixedString(16) COMMENT 'SHA-256 of the condition, cut to 64 bits: the condition itself may be personal',
    identities   UInt64,
    identity_sum UInt64 COMMENT 'of the 64-bit hashes, modulo 2^64',
    letters      UInt64,
    days         Array(Date32) COMMENT 'whose rows were touched: aggregates count them again'
)
ENGINE = MergeTree
ORDER BY (source, erasure, changed_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
