-- about: one row per message consumed: what became of it; odw audit proves from it that nothing was lost
CREATE TABLE IF NOT EXISTS ledger
(
    source      LowCardinality(String),
    topic       LowCardinality(String),
    partition   UInt32,
    offset      UInt64 CODEC(DoubleDelta, ZSTD(1)),
    verdict     Enum8('ok' = 1, 'parse' = 2, 'contract' = 3, 'simulated' = 4, 'empty' = 5, 'absent' = 6, 'unprovable' = 7,
                'erased' = 8, 'document' = 9),
    identity    UInt64 CODEC(NONE),
    content     UInt32 COMMENT 'a hash of what the record says beside its identity; 0: not known' CODEC(NONE),
    record_day  Date32,
    appended_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    judged_at   DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    sent_at     DateTime64(3, 'UTC') COMMENT 'when the broker appended this very message: it tells offsets of a topic created again apart'
                CODEC(Delta, ZSTD(1)),
    origin      String,
    contract    LowCardinality(String),
    INDEX by_judged_at judged_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY (source, toYYYYMMDD(appended_at))
PRIMARY KEY (source, topic, partition, offset)
ORDER BY (source, topic, partition, offset, sent_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1,
    min_bytes_for_wide_part = 134217728
