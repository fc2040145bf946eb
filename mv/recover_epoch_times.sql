-- about: one row per open letter with a time in epoch milliseconds where its contract wants a date-time: with that date-time
-- kind: recovery
CREATE VIEW IF NOT EXISTS recover_epoch_times AS
WITH
    '^/([A-Za-z0-9_]+): expected a date-time[^,]*, got "?([0-9]{13})"?( |$)' AS wrong,
    arrayFirst(v -> match(v, wrong), violations) AS violation,
    extractGroups(violation, wrong) AS found,
    concat(replaceOne(toString(fromUnixTimestamp64Milli(toInt64OrZero(found[2]), 'UTC')), ' ', 'T'), 'Z') AS time
SELECT
    id,
    replaceRegexpOne(payload, concat('("', found[1], '"\\s*:\\s*)"?', found[2], '"?'), concat('\\1"', time, '"')) AS payload
FROM dead_letters
WHERE status = 'open' AND class = 'contract' AND violation != ''
