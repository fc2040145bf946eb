CREATE VIEW IF NOT EXISTS things AS
SELECT id, at, size
FROM things_rows FINAL
