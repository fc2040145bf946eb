-- about: things, newest first
-- order: at desc, id desc
-- param from: not before this moment
SELECT id, at, size
FROM things_rows
WHERE 1
  AND at >= {from:DateTime64(3)}    -- if given
