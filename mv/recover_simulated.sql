-- about: one row per open letter that was asked to fail: its text, every value marked [DLQ] now marked [RECOVERED]
-- kind: recovery
CREATE VIEW IF NOT EXISTS recover_simulated AS
SELECT
    id,
    replaceRegexpAll(payload, '(:\\s*")\\[DLQ\\]', '\\1[RECOVERED]') AS payload
FROM dead_letters
WHERE status = 'open' AND class = 'simulated'
