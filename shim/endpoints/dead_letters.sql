-- about: dead letters, newest first: what did not hold, why, and what became of it; GET /dead_letters/ID has its payload
-- order: failed_at desc, id desc
-- scope: dead_letters
-- param source: only this source's
-- param class: only this kind of failure: parse, contract, simulated, empty, document, extraction
-- param status: only these: open, replayed, recovered, discarded
-- param reason: only those with this text in one of their reasons
-- param from: failed not before this moment
-- param to: failed before this moment
SELECT
    id, source, class, status, note, violations, origin, attempt, offspring, contract, length(payload) AS bytes, appended_at, failed_at
FROM dead_letters
WHERE 1
  AND source = {source:String}                                                                             -- if given
  AND class = {class:String}                                                                               -- if given
  AND status = {status:String}                                                                             -- if given
  AND arrayExists(v -> positionCaseInsensitiveUTF8(v, {reason:String}) > 0, arrayPushBack(violations, note)) -- if given
  AND failed_at >= {from:DateTime64(3)}                                                                    -- if given
  AND failed_at < {to:DateTime64(3)}                                                                       -- if given
