-- about: one row per message that did not hold, as received; facts only, what was done about it is in dead_letter_states
-- retention: 90d
CREATE TABLE IF NOT EXISTS dead_letter_records
(
    source        LowCardinality(String),
    class         Enum8('parse' = 2, 'contract' = 3, 'simulated' = 4, 'empty' = 5, 'document' = 6, 'extraction' = 7),
    violations    Array(String),
    payload       String CODEC(ZSTD(3)),
    key           String,
    header_names  Array(String),
    header_values Array(String),
    topic         LowCardinality(String),
    partition     UInt32,
    offset        UInt64,
    origin        String,
    attempt       UInt16,
    contract      LowCardinality(String),
    appended_at   DateTime64(3, 'UTC'),
    failed_at     DateTime64(3, 'UTC'),
    sent_at       DateTime64(3, 'UTC') COMMENT 'when the broker appended this message itself',
    INDEX by_origin origin TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(appended_at)
PRIMARY KEY (source, topic, partition, offset)
ORDER BY (source, topic, partition, offset, sent_at)
TTL toDateTime(failed_at) + INTERVAL 90 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
