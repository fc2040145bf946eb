-- about: one row per version of an object and delivery; listings of an unchanged object (the same time, bucket and path) merge into the newest
-- identity: modified_at, bucket_name, file_path
-- version: appended_at
-- content: file_size, etag
CREATE TABLE IF NOT EXISTS blobs_rows
(
    id           String,
    bucket_name  LowCardinality(String),
    file_path    String CODEC(ZSTD(1)),
    file_name    String CODEC(ZSTD(1)),
    file_size    UInt64 CODEC(T64, ZSTD(1)),
    permissions  Array(LowCardinality(String)),
    content_type LowCardinality(Nullable(String)),
    etag         Nullable(String),
    modified_at  DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    ingested_at  DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    deleted_at   Nullable(DateTime64(3, 'UTC')),
    appended_at  DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    processed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    _topic       LowCardinality(String),
    _partition   UInt32,
    _offset      UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_bucket_name bucket_name TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_content_type content_type TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_file_path file_path TYPE ngrambf_v1(4, 65536, 3, 0) GRANULARITY 1,
    INDEX by_file_size file_size TYPE minmax GRANULARITY 1,
    INDEX by_ingested_at ingested_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(appended_at)
PARTITION BY toYear(modified_at)
ORDER BY (modified_at, bucket_name, file_path)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1,
    min_bytes_for_wide_part = 134217728,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
