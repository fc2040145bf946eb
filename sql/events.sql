-- about: one row per event, its newest delivery
CREATE VIEW IF NOT EXISTS events AS
SELECT
    id,
    event_name,
    timestamp,
    distinct_id,
    session_id,
    project_id,
    properties,
    ip_address,
    country,
    asn,
    network,
    browser,
    browser_version,
    os,
    device,
    is_bot,
    appended_at,
    processed_at,
    _topic,
    _partition,
    _offset
FROM events_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1
