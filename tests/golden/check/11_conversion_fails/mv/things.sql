-- about: one row per thing
-- kind: transform
CREATE MATERIALIZED VIEW IF NOT EXISTS things_transform TO things_rows AS
SELECT
    record.id AS id,
    record.at AS at,
    concat('no', record.id) AS size,
    appended_at
FROM things_intake
WHERE record.verdict = 'ok'
