-- about: page views and unique visitors per day (UTC), newest day first
-- order: day desc
-- scope: read:events
-- param from: not before this day
-- param to: before this day
SELECT day, page_views, unique_visitors
FROM daily_pageviews
WHERE 1
  AND day >= {from:Date32}    -- if given
  AND day < {to:Date32}       -- if given
