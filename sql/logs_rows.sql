-- about: one row per log line and delivery; deliveries of one line (the same timestamp and id) merge into the newest
-- identity: timestamp, id
-- version: appended_at
-- retention: 90d
CREATE TABLE IF NOT EXISTS logs_rows
(
    id           String CODEC(ZSTD(1)),
    timestamp    DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    level        LowCardinality(String),
    source       LowCardinality(Nullable(String)),
    message      String CODEC(ZSTD(1)),
    trace_id     Nullable(String) CODEC(ZSTD(1)),
    span_id      Nullable(String) CODEC(ZSTD(1)),
    request_id   Nullable(String) CODEC(ZSTD(1)),
    attributes   Nullable(String) CODEC(ZSTD(1)),
    appended_at  DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    processed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    _topic       LowCardinality(String),
    _partition   UInt32,
    _offset      UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_level level TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_source source TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_trace_id trace_id TYPE bloom_filter(0.0001) GRANULARITY 1,
    INDEX by_request_id request_id TYPE bloom_filter(0.0001) GRANULARITY 1,
    INDEX by_word message TYPE text(tokenizer = 'splitByNonAlpha', preprocessor = lower(message))
)
ENGINE = ReplacingMergeTree(appended_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (timestamp, id)
TTL toDateTime(appended_at) + INTERVAL 90 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024,
    min_bytes_for_wide_part = 134217728,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
