-- about: events, newest first
-- order: timestamp desc, id desc
-- scope: read:events
-- json: properties
-- param event_name: only events of this name
-- param project_id: only this project's events
-- param distinct_id: only what this user or device did
-- param country: only events from this country, by its ISO 3166 code, such as DE
-- param browser: only events from this browser, such as Chrome Mobile
-- param is_bot: only what programs did, or only what people did
-- param from: not before this moment
-- param to: before this moment
SELECT id, event_name, timestamp, distinct_id, session_id, project_id, properties, ip_address,
    country, asn, network, browser, browser_version, os, device, is_bot
FROM events_rows
WHERE 1
  AND event_name = {event_name:String}      -- if given
  AND project_id = {project_id:String}      -- if given
  AND distinct_id = {distinct_id:String}    -- if given
  AND country = {country:String}            -- if given
  AND browser = {browser:String}            -- if given
  AND is_bot = {is_bot:Bool}                -- if given
  AND timestamp >= {from:DateTime64(3)}     -- if given
  AND timestamp < {to:DateTime64(3)}        -- if given
