-- The usual way for this source: a typed queue, a table, a view. {database} is the round's; the table's name is rows.
CREATE TABLE {database}.queue (id Nullable(String), timestamp Nullable(String), level Nullable(String), source Nullable(String),
        message Nullable(String), trace_id Nullable(String), span_id Nullable(String), request_id Nullable(String), attributes Nullable(String))
    ENGINE = Kafka(odw_kafka, kafka_topic_list = 'logs', kafka_group_name = '{database}', kafka_format = 'JSONEachRow');
CREATE TABLE {database}.rows (id String, timestamp DateTime64(3, 'UTC'), level LowCardinality(String), source LowCardinality(Nullable(String)),
        message String, trace_id Nullable(String), span_id Nullable(String), request_id Nullable(String), attributes Nullable(String),
        appended_at DateTime64(3, 'UTC'),
        INDEX by_trace_id trace_id TYPE bloom_filter(0.0001) GRANULARITY 1,
        INDEX by_request_id request_id TYPE bloom_filter(0.0001) GRANULARITY 1,
        INDEX by_word message TYPE text(tokenizer = 'splitByNonAlpha', preprocessor = lower(message)))
    ENGINE = ReplacingMergeTree(appended_at) PARTITION BY toYYYYMM(timestamp) ORDER BY (timestamp, id)
    SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024;
CREATE MATERIALIZED VIEW {database}.view TO {database}.rows AS
    SELECT assumeNotNull(id) AS id, assumeNotNull(parseDateTime64BestEffort(timestamp, 3, 'UTC')) AS timestamp, assumeNotNull(level) AS level,
        source, assumeNotNull(message) AS message, trace_id, span_id, request_id, attributes, assumeNotNull(_timestamp_ms) AS appended_at
    FROM {database}.queue;
