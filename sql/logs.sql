-- about: one row per log line, its newest delivery
CREATE VIEW IF NOT EXISTS logs AS
SELECT
    id,
    timestamp,
    level,
    source,
    message,
    trace_id,
    span_id,
    request_id,
    attributes,
    appended_at,
    processed_at,
    _topic,
    _partition,
    _offset
FROM logs_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1
