-- about: one row per event
-- kind: transform
CREATE MATERIALIZED VIEW IF NOT EXISTS events_transform TO events_rows AS
SELECT
    record.id AS id,
    record.event_name AS event_name,
    record.timestamp AS timestamp,
    record.distinct_id AS distinct_id,
    record.session_id AS session_id,
    record.project_id AS project_id,
    record.properties AS properties,
    record.ip_address AS ip_address,
    record.country AS country,
    record.asn AS asn,
    record.network AS network,
    record.browser AS browser,
    record.browser_version AS browser_version,
    record.os AS os,
    record.device AS device,
    record.is_bot AS is_bot,
    appended_at,
    judged_at AS processed_at,
    topic AS _topic,
    partition AS _partition,
    offset AS _offset
FROM events_intake
WHERE verdict = 'ok'
