-- about: one row per event and delivery; deliveries of one event (the same timestamp and id) merge into the newest
-- identity: timestamp, id
-- version: appended_at
CREATE TABLE IF NOT EXISTS events_rows
(
    id              String,
    event_name      LowCardinality(String),
    timestamp       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    distinct_id     String,
    session_id      Nullable(String),
    project_id      LowCardinality(String),
    properties      Nullable(String),
    ip_address      Nullable(String),
    country         LowCardinality(String),
    asn             UInt32,
    network         LowCardinality(String),
    browser         LowCardinality(String),
    browser_version LowCardinality(String),
    os              LowCardinality(String),
    device          LowCardinality(String),
    is_bot          Bool,
    appended_at     DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    processed_at    DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    _topic          LowCardinality(String),
    _partition      UInt32,
    _offset         UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_distinct_id distinct_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_event_name event_name TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_project_id project_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_country country TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_browser browser TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_is_bot is_bot TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(appended_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (timestamp, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1,
    min_bytes_for_wide_part = 134217728,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
