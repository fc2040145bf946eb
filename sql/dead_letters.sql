-- about: one row per dead letter with its current state; recovered is final, and closes every letter of the same origin
CREATE VIEW IF NOT EXISTS dead_letters AS
WITH
    concat(topic, '/', toString(partition), '/', toString(offset)) AS letter_id,
    states AS
    (
        SELECT
            letter,
            argMax(status, (status = 'recovered', changed_at)) AS last_status,
            argMax(offspring, (status = 'recovered', changed_at)) AS last_offspring,
            max(changed_at) AS last_changed_at
        FROM dead_letter_states
        GROUP BY letter
    )
SELECT
    letter_id AS id,
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
    multiIf(root.last_status = 'recovered', 'recovered', own.letter != '', toString(own.last_status), 'open') AS status,
    if(root.last_status = 'recovered', root.last_offspring, own.last_offspring) AS offspring
FROM
(
    SELECT *, if(origin != '', origin, letter_id) AS root_id
    FROM dead_letter_records FINAL
) AS records
LEFT JOIN states AS own ON own.letter = letter_id
LEFT JOIN states AS root ON root.letter = records.root_id
