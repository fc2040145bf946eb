-- about: one row per source and record day, each time its identities were proven: how many there are and the sum of their hashes
CREATE TABLE IF NOT EXISTS ledger_seals
(
    source       LowCardinality(String),
    record_day   Date32,
    identities   UInt64,
    identity_sum UInt64 COMMENT 'of the 64-bit hashes, modulo 2^64',
    sealed_at    DateTime64(3, 'UTC') COMMENT 'counts once ledger_proofs has the same moment'
)
ENGINE = MergeTree
ORDER BY (source, record_day, sealed_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
