-- about: one row per document each time an invoice was read from it
-- kind: records
-- contract: invoice
CREATE MATERIALIZED VIEW IF NOT EXISTS invoices_refresh
REFRESH AFTER 2 SECOND APPEND TO invoices_rows AS
WITH {record_function}(asked_at, record) AS r
SELECT
    document,
    modified_at,
    identity,
    source_file_path,
    r.invoice_number AS invoice_number,
    r.invoice_date AS invoice_date,
    r.due_date AS due_date,
    r.currency AS currency,
    r.seller.name AS seller_name,
    r.seller.address AS seller_address,
    r.seller.tax_id AS seller_tax_id,
    r.buyer.name AS buyer_name,
    r.buyer.address AS buyer_address,
    r.buyer.tax_id AS buyer_tax_id,
    toUInt32(length(r.lines)) AS lines,
    r.net_total AS net_total,
    r.tax_total AS tax_total,
    r.total AS total,
    grounding,
    model,
    asked_at AS extracted_at
FROM extraction_records
WHERE (asked_at, identity) IN ({new_answers}) AND r.verdict = 'ok'
SETTINGS max_threads = 1
