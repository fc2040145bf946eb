-- about: one row per log line; a line that came without an id is called by its place on the topic
-- kind: transform
CREATE MATERIALIZED VIEW IF NOT EXISTS logs_transform TO logs_rows AS
SELECT
    multiIf(record.id != '', record.id, origin != '', origin, concat(topic, '/', toString(partition), '/', toString(offset))) AS id,
    record.timestamp AS timestamp,
    ifNull(record.level, '') AS level,
    record.source AS source,
    record.message AS message,
    record.trace_id AS trace_id,
    record.span_id AS span_id,
    record.request_id AS request_id,
    record.attributes AS attributes,
    appended_at,
    judged_at AS processed_at,
    topic AS _topic,
    partition AS _partition,
    offset AS _offset
FROM logs_intake
WHERE verdict = 'ok'
