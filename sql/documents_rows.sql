-- about: one row per document, version (the same modified_at and id) and delivery; deliveries of one version merge into the newest
-- identity: modified_at, id
-- version: appended_at
-- content: content
CREATE TABLE IF NOT EXISTS documents_rows
(
    id               String CODEC(ZSTD(1)),
    source_file_path String CODEC(ZSTD(1)),
    content_type     LowCardinality(String),
    text             String CODEC(ZSTD(3)),
    pages            UInt32,
    method           LowCardinality(String),
    bytes            UInt64,
    sha256           String CODEC(ZSTD(1)),
    etag             Nullable(String) CODEC(ZSTD(1)),
    contract         LowCardinality(String),
    instructions     String CODEC(ZSTD(1)),
    modified_at      DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    ingested_at      DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    appended_at      DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    processed_at     DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    _topic           LowCardinality(String),
    _partition       UInt32,
    _offset          UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_id id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_contract contract TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_sha256 sha256 TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_processed processed_at TYPE minmax GRANULARITY 1,
    INDEX by_word text TYPE text(tokenizer = 'splitByNonAlpha', preprocessor = lower(text))
)
ENGINE = ReplacingMergeTree(appended_at)
PARTITION BY toYYYYMM(modified_at)
ORDER BY (modified_at, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 512,
    min_bytes_for_wide_part = 134217728,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
