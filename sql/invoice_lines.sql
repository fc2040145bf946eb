-- about: one row per line of an invoice, as its document was read last
CREATE VIEW IF NOT EXISTS invoice_lines AS
SELECT
    document,
    invoice_number,
    line,
    description,
    quantity,
    unit_price,
    amount,
    extracted_at
FROM
(
    SELECT *
    FROM invoice_lines_rows FINAL
) AS read
INNER JOIN
(
    SELECT document, invoice_number, extracted_at
    FROM invoices_rows FINAL
) AS invoice USING (document, extracted_at)
