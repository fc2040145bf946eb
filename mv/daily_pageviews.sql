-- about: one row per day (UTC) each time it is counted: days that events came for are counted again, late ones too
-- kind: aggregate
CREATE MATERIALIZED VIEW IF NOT EXISTS daily_pageviews_refresh
REFRESH AFTER 6 SECOND APPEND TO daily_pageviews_rows AS
WITH
    -- An event is written a moment after it was judged: look back over what was judged while the last count ran.
    (SELECT max(counted_at) - INTERVAL 2 MINUTE FROM daily_pageviews_rows) AS since,
    touched AS
    (
        SELECT DISTINCT record_day AS day
        FROM touched_days
        WHERE source = 'events' AND touched_at >= since
    )
SELECT
    touched.day AS day,
    counted.page_views AS page_views,
    counted.unique_visitors AS unique_visitors,
    now64(3, 'UTC') AS counted_at
FROM touched
LEFT JOIN
(
    SELECT
        toDate32(timestamp) AS day,
        count() AS page_views,
        uniqExact(distinct_id) AS unique_visitors
    FROM events_rows FINAL
    WHERE toDate32(timestamp) IN (touched) AND event_name = '$pageview'
    GROUP BY day
) AS counted ON counted.day = touched.day
SETTINGS max_threads = 1, do_not_merge_across_partitions_select_final = 1
