-- about: one row per delivery of a document that a model is still to be asked about, and when: new ones, those that came or were sent again, and those that it had no answer for yet
CREATE VIEW IF NOT EXISTS extractions_pending AS
WITH
    asked AS
    (
        SELECT
            identity,
            max(asked_at) AS last_asked_at,
            argMax(status, asked_at) AS last_status,
            argMax(error, asked_at) AS last_error,
            countIf(startsWith(status, 'pending')) AS waits,
            concat(any(_topic), '/', toString(argMax(_partition, asked_at)), '/', toString(argMax(_offset, asked_at))) AS letter
        FROM extraction_records
        GROUP BY identity
    ),
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
    appended_at,
    last_status,
    last_error,
    waits,
    -- 10 s, 20 s, … 10 min after it was asked in vain.
    if(startsWith(last_status, 'pending') AND last_asked_at >= processed_at,
        last_asked_at + toIntervalSecond(least(600, 5 * exp2(least(waits, 7)))), processed_at) AS due_at
FROM
(
    SELECT id, modified_at, contract, processed_at, appended_at, cityHash64(modified_at, id) AS version
    FROM documents_rows
    WHERE contract != ''
) AS came
LEFT ANY JOIN asked ON asked.identity = came.version
LEFT ANY JOIN again ON again.letter = asked.letter
WHERE (last_asked_at < processed_at OR startsWith(last_status, 'pending') OR sent_at > last_asked_at)
    AND version NOT IN (SELECT identity FROM erased WHERE source = 'documents' AND letter = '')
