-- about: one row per document that a model is still to be asked about, and when: new ones, those that came or were sent again, and those that it could not answer yet
CREATE VIEW IF NOT EXISTS extractions_pending AS
WITH
    -- Asked in vain: nobody could answer.
    tried AS
    (
        SELECT
            identity,
            came_at,
            count() AS waits,
            max(asked_at) AS last_asked_at,
            argMax(status, asked_at) AS last_status,
            argMax(error, asked_at) AS last_error
        FROM extraction_records
        WHERE startsWith(status, 'pending')
        GROUP BY identity, came_at
    ),
    -- Those that failed once, and when they were answered last, well or not.
    failed AS
    (
        SELECT
            identity,
            max(asked_at) AS answered_at,
            argMaxIf(concat(_topic, '/', toString(_partition), '/', toString(_offset)), asked_at, status != 'ok') AS letter
        FROM extraction_records
        WHERE NOT startsWith(status, 'pending')
            AND identity IN (SELECT identity FROM extraction_records WHERE status != 'ok' AND NOT startsWith(status, 'pending'))
        GROUP BY identity
    ),
    -- Dead letters that somebody sent again.
    again AS
    (
        SELECT letter, max(changed_at) AS sent_at
        FROM dead_letter_states
        WHERE status = 'replayed' AND offspring = ''
        GROUP BY letter
    )
SELECT
    id AS document,
    modified_at,
    contract,
    processed_at,
    last_status,
    last_error,
    waits,
    -- 10 s, 20 s, … 10 min after it was asked in vain.
    if(waits > 0, last_asked_at + toIntervalSecond(least(600, 5 * exp2(least(waits, 7)))), processed_at) AS due_at
FROM
(
    SELECT id, modified_at, contract, processed_at, cityHash64(modified_at, id) AS version
    FROM documents_rows FINAL
    WHERE contract != ''
        AND ((version, processed_at) NOT IN (SELECT identity, came_at FROM extraction_records WHERE NOT startsWith(status, 'pending'))
            OR version IN (SELECT identity FROM failed INNER JOIN again ON again.letter = failed.letter WHERE sent_at > answered_at))
        AND version NOT IN (SELECT identity FROM erased WHERE source = 'documents' AND letter = '')
) AS came
LEFT ANY JOIN tried ON tried.identity = came.version AND tried.came_at = came.processed_at
SETTINGS do_not_merge_across_partitions_select_final = 1
