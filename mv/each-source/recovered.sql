-- about: one row per {source} message that holds and was sent again for a dead letter: it closes that letter
-- kind: dead-letters
CREATE MATERIALIZED VIEW IF NOT EXISTS {source}_recovered TO dead_letter_states AS
SELECT
    origin AS letter,
    'recovered' AS status,
    judged_at AS changed_at,
    concat(topic, '/', toString(partition), '/', toString(offset)) AS offspring,
    attempt,
    'odw' AS changed_by,
    '' AS reason,
    '' AS payload
FROM {source}_intake
WHERE verdict = 'ok' AND origin != '' AND attempt > 0
