-- about: one row per thing
-- identity: at, size
-- version: appended_at
CREATE TABLE IF NOT EXISTS things_rows
(
    id String,
    at DateTime64(3, 'UTC'),
    size Nullable(UInt32),
    appended_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(appended_at)
ORDER BY (at, size)
