-- about: one row per version of a document each time a model was asked about it: what came back; facts only
-- derived-from: documents
CREATE TABLE IF NOT EXISTS extraction_records
(
    document         String CODEC(ZSTD(1)),
    modified_at      DateTime64(3, 'UTC') COMMENT 'of the version of the document' CODEC(Delta, ZSTD(1)),
    identity         UInt64 COMMENT 'of that version, as in the ledger' CODEC(NONE),
    source_file_path String CODEC(ZSTD(1)),
    contract         LowCardinality(String),
    contract_hash    LowCardinality(String),
    instructions     String CODEC(ZSTD(1)),
    status           LowCardinality(String) COMMENT 'ok; pending: …, which is tried again; else why there is no record: a dead letter',
    record           String COMMENT 'JSON, as the contract has it; of what failed, the last answer' CODEC(ZSTD(1)),
    grounding        Array(Tuple(field String, words String, start UInt32, end UInt32, how LowCardinality(String)))
                     COMMENT 'where each value stands in the text: bytes from start to before end' CODEC(ZSTD(1)),
    model            LowCardinality(String),
    tokens_in        UInt32,
    tokens_out       UInt32,
    cost             Float64,
    latency_ms       UInt32,
    cached           Bool,
    attempts         UInt8,
    error            String CODEC(ZSTD(1)),
    asked_at         DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    came_at          DateTime64(3, 'UTC') COMMENT 'of the delivery of the document: its processed_at' CODEC(Delta, ZSTD(1)),
    appended_at      DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    _topic           LowCardinality(String),
    _partition       UInt32,
    _offset          UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_identity identity TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_document document TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_contract contract TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_status status TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(asked_at)
ORDER BY (asked_at, identity)
TTL toDateTime(asked_at) + INTERVAL 7 DAY DELETE WHERE startsWith(status, 'pending')
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024,
    min_bytes_for_wide_part = 134217728
