-- about: things, newest first
-- order: at desc, id desc
SELECT id, at, size
FROM things_rows
WHERE 1
  AND at >= {since:DateTime64(3)}    -- if given
