-- about: one row per order and delivery
-- identity: placed_at, id
-- version: appended_at
CREATE TABLE IF NOT EXISTS orders_rows
(
    id String,
    placed_at DateTime64(3, 'UTC'),
    customer_email String,
    total_cents UInt32,
    skus Array(String),
    appended_at DateTime64(3, 'UTC'),
    processed_at DateTime64(3, 'UTC'),
    _topic LowCardinality(String),
    _partition UInt32,
    _offset UInt64
)
ENGINE = ReplacingMergeTree(appended_at)
PARTITION BY toYYYYMM(placed_at)
ORDER BY (placed_at, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
