-- about: one row per dead letter with its current state; recovered is final, and closes every letter of the same origin
CREATE VIEW IF NOT EXISTS dead_letters AS
WITH
    (SELECT groupUniqArray((source, topic, since)) FROM ledger_starts WHERE since > fromUnixTimestamp64Milli(0, 'UTC')) AS again,
    -- A topic that was deleted and created again has the same offsets once more: there the time tells them apart.
    concat(topic, '/', toString(partition), '/', toString(offset),
        if(arrayExists(t -> t.1 = source AND t.2 = topic AND t.3 <= sent_at, again),
            concat('@', toString(toUnixTimestamp64Milli(sent_at))), '')) AS letter_id,
    states AS
    (
        SELECT
            letter,
            argMax(status, (status = 'recovered', changed_at)) AS last_status,
            argMax(offspring, (status = 'recovered', changed_at)) AS last_offspring,
            argMax(changed_by, (status = 'recovered', changed_at)) AS last_changed_by,
            argMax(reason, (status = 'recovered', changed_at)) AS last_reason,
            argMaxIf(payload, changed_at, payload != '') AS last_payload,
            max(changed_at) AS last_changed_at
        FROM dead_letter_states
        GROUP BY letter
    ),
    -- What was sent again and failed again is a letter of its own: the newest of one origin stands for all of them.
    newest AS
    (
        SELECT origin AS root, argMax(letter_id, (attempt, failed_at, letter_id)) AS letter
        FROM dead_letter_records
        WHERE origin != ''
        GROUP BY origin
    )
SELECT
    records.id AS id,
    source,
    toString(class) AS class,
    violations,
    payload,
    key,
    header_names,
    header_values,
    topic,
    partition,
    offset,
    origin,
    attempt,
    contract,
    appended_at,
    failed_at,
    sent_at,
    multiIf(
        root.last_status = 'recovered', 'recovered',
        own.last_status = 'discarded', 'discarded',
        newest.letter != '' AND newest.letter != records.id, 'replayed',
        own.letter != '', toString(own.last_status),
        'open') AS status,
    multiIf(
        root.last_status = 'recovered', root.last_offspring,
        own.last_offspring = '' AND newest.letter != records.id, newest.letter,
        own.last_offspring) AS offspring,
    own.last_payload AS corrected,
    if(status = 'recovered', '', own.last_reason) AS note,
    own.last_changed_by AS changed_by,
    own.last_changed_at AS changed_at,
    records.root_id AS root_id
FROM
(
    -- As columns: a condition on them reaches the joined sides too, so that one letter is read by the tables' keys (LETTER_BY_ID).
    SELECT *, letter_id AS id, if(origin != '', origin, letter_id) AS root_id
    FROM dead_letter_records FINAL
) AS records
LEFT JOIN states AS own ON own.letter = records.id
LEFT JOIN states AS root ON root.letter = records.root_id
LEFT JOIN newest ON newest.root = records.root_id
