-- about: one row per day (UTC) and count; the newest count of a day stands
-- version: counted_at
CREATE TABLE IF NOT EXISTS daily_pageviews_rows
(
    day             Date32,
    page_views      UInt64,
    unique_visitors UInt64,
    counted_at      DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(counted_at)
ORDER BY day
