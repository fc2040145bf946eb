-- about: one row per thing
-- identity: at, id
-- version: appended_at
-- retention: 7d
CREATE TABLE IF NOT EXISTS things_rows
(
    id String,
    at DateTime64(3, 'UTC'),
    size Nullable(UInt32),
    appended_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(appended_at)
ORDER BY (at, id)
TTL toDateTime(appended_at) + INTERVAL 90 DAY
