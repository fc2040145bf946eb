-- about: one row per line of an invoice each time it was read from its document
-- kind: records
-- contract: invoice
CREATE MATERIALIZED VIEW IF NOT EXISTS invoice_lines_refresh
REFRESH AFTER 2 SECOND APPEND TO invoice_lines_rows AS
WITH {record_function}(asked_at, record) AS r
SELECT
    document,
    identity,
    toUInt32(place) AS line,
    item.description AS description,
    item.quantity AS quantity,
    item.unit_price AS unit_price,
    item.amount AS amount,
    asked_at AS extracted_at
FROM extraction_records
ARRAY JOIN r.lines AS item, arrayEnumerate(r.lines) AS place
WHERE (asked_at, identity) IN ({new_answers}) AND r.verdict = 'ok'
SETTINGS max_threads = 1
