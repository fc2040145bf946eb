-- about: one row per thing, to be sent again
-- kind: recovery
CREATE VIEW IF NOT EXISTS again AS
SELECT id, 1 AS payload
FROM things_rows
