-- about: one row per thing, its newest delivery
CREATE VIEW IF NOT EXISTS things AS
SELECT id, at, size
FROM things_rows FINAL
