-- about: one row per document of contract invoice: the invoice that it is
CREATE VIEW IF NOT EXISTS invoices AS
SELECT
    document,
    source_file_path,
    invoice_number,
    invoice_date,
    due_date,
    currency,
    seller_name,
    seller_address,
    seller_tax_id,
    buyer_name,
    buyer_address,
    buyer_tax_id,
    lines,
    net_total,
    tax_total,
    total,
    grounding,
    model,
    modified_at,
    extracted_at
FROM invoices_rows FINAL
