-- about: one row per dead letter of a document that was asked about again: recovered where there is a record now, else open again
-- kind: extraction
CREATE MATERIALIZED VIEW IF NOT EXISTS extraction_recoveries_refresh
REFRESH AFTER 2 SECOND APPEND TO dead_letter_states AS
WITH
    failed AS
    (
        SELECT DISTINCT identity, concat(_topic, '/', toString(_partition), '/', toString(_offset)) AS letter
        FROM extraction_records
        WHERE status != 'ok' AND NOT startsWith(status, 'pending')
    ),
    newest AS
    (
        SELECT identity, max(asked_at) AS last_asked_at, argMax(status, asked_at) AS last_status
        FROM extraction_records
        WHERE NOT startsWith(status, 'pending') AND identity IN (SELECT identity FROM failed)
        GROUP BY identity
    ),
    states AS
    (
        SELECT letter, argMax(status, changed_at) AS state, max(changed_at) AS state_at
        FROM dead_letter_states
        WHERE letter IN (SELECT letter FROM failed)
        GROUP BY letter
    )
SELECT
    failed.letter AS letter,
    if(last_status = 'ok', 'recovered', 'open') AS status,
    now64(3, 'UTC') AS changed_at,
    '' AS offspring,
    0 AS attempt,
    'odw' AS changed_by,
    if(last_status = 'ok', '', 'it failed again') AS reason,
    '' AS payload
FROM failed
INNER JOIN newest ON newest.identity = failed.identity
LEFT ANY JOIN states ON states.letter = failed.letter
WHERE if(last_status = 'ok', state != 'recovered', state = 'replayed' AND state_at < last_asked_at)
SETTINGS max_threads = 1
