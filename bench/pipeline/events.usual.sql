-- The usual way for this source: a typed queue, a table, a view. {database} is the round's; the table's name is rows.
CREATE TABLE {database}.queue (id Nullable(String), event_name Nullable(String), timestamp Nullable(String), distinct_id Nullable(String),
        session_id Nullable(String), project_id Nullable(String), properties Nullable(String), ip_address Nullable(String),
        user_agent Nullable(String))
    ENGINE = Kafka(odw_kafka, kafka_topic_list = 'events', kafka_group_name = '{database}', kafka_format = 'JSONEachRow');
CREATE TABLE {database}.rows (id String, event_name LowCardinality(String), timestamp DateTime64(3, 'UTC'), distinct_id String,
        session_id Nullable(String), project_id LowCardinality(String), properties Nullable(String), ip_address Nullable(String),
        user_agent Nullable(String), appended_at DateTime64(3, 'UTC'))
    ENGINE = ReplacingMergeTree(appended_at) PARTITION BY toYYYYMM(timestamp) ORDER BY (timestamp, id)
    SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
CREATE MATERIALIZED VIEW {database}.view TO {database}.rows AS
    SELECT assumeNotNull(id) AS id, assumeNotNull(event_name) AS event_name,
        assumeNotNull(parseDateTime64BestEffort(timestamp, 3, 'UTC')) AS timestamp, assumeNotNull(distinct_id) AS distinct_id, session_id,
        assumeNotNull(project_id) AS project_id, properties, ip_address, user_agent, assumeNotNull(_timestamp_ms) AS appended_at
    FROM {database}.queue;
