-- about: one row per source and record day, each time its rows were proven: how many identities there are and the sum of their hashes
-- version: sealed_at
CREATE TABLE IF NOT EXISTS ledger_seals
(
    source       LowCardinality(String),
    record_day   Date32,
    identities   UInt64,
    identity_sum UInt64,
    sealed_at    DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(sealed_at)
ORDER BY (source, record_day)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
