-- about: log lines, newest first
-- order: timestamp desc, id desc
-- scope: read:logs
-- json: attributes
-- param level: only lines of this level: TRACE, DEBUG, INFO, WARN, ERROR or FATAL
-- param source: only what this service, program or logger wrote
-- param trace_id: only lines of this trace
-- param request_id: only lines of this request
-- param q: only lines whose message has all of these words, in any case and order. 1 to 1000
-- param from: not before this moment
-- param to: before this moment
SELECT id, timestamp, level, source, message, trace_id, span_id, request_id, attributes
FROM logs_rows
WHERE 1
  AND level = {level:String}                  -- if given
  AND source = {source:String}                -- if given
  AND trace_id = {trace_id:String}            -- if given
  AND request_id = {request_id:String}        -- if given
  AND hasAllTokens(message, lower({q:String}))  -- if given
  AND timestamp >= {from:DateTime64(3)}       -- if given
  AND timestamp < {to:DateTime64(3)}          -- if given
