-- about: one row per thing, its newest delivery
CREATE VIEW IF NOT EXISTS things AS
SELECT id, at, size, ipAnonymise(id) AS network
FROM things_rows FINAL
