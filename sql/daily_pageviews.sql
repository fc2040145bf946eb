-- about: one row per day (UTC): page views and unique visitors, exact however often an event was delivered
CREATE VIEW IF NOT EXISTS daily_pageviews AS
SELECT
    day,
    page_views,
    unique_visitors,
    counted_at
FROM daily_pageviews_rows FINAL
WHERE page_views > 0
