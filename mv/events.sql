-- about: one row per event
-- kind: transform
CREATE MATERIALIZED VIEW IF NOT EXISTS events_transform TO events_rows AS
WITH
    ifNull(record.user_agent, '') AS user_agent,
    uaParse(user_agent) AS agent,
    ipGeo(ifNull(record.ip_address, '')) AS place
SELECT
    record.id AS id,
    record.event_name AS event_name,
    record.timestamp AS timestamp,
    record.distinct_id AS distinct_id,
    record.session_id AS session_id,
    record.project_id AS project_id,
    record.properties AS properties,
    record.ip_address AS ip_address,
    place.country AS country,
    place.asn AS asn,
    place.organisation AS network,
    if(user_agent = '', '', agent.browser) AS browser,
    agent.browser_version AS browser_version,
    if(user_agent = '', '', agent.os) AS os,
    if(user_agent = '', '', agent.device) AS device,
    agent.is_bot AS is_bot,
    appended_at,
    judged_at AS processed_at,
    topic AS _topic,
    partition AS _partition,
    offset AS _offset
FROM events_intake
WHERE verdict = 'ok'
