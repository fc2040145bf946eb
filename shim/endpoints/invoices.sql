-- about: invoices that were read from documents, newest first, each with its lines
-- order: extracted_at desc, document desc
-- scope: read:invoices
-- json: items, grounding
-- param document: only what was read from this document
-- param number: only the invoice of this number
-- param seller: only those of a seller with this in the name, in any case. 1 to 200
-- param buyer: only those to a buyer with this in the name, in any case. 1 to 200
-- param from: only those issued on this day or later
-- param to: only those issued before this day
-- param grounding: with where each value stands in the document: its words, and the bytes of the text from start to before end. default false
SELECT document, source_file_path, invoice_number, invoice_date, due_date, currency, seller_name, seller_address, seller_tax_id,
    buyer_name, buyer_address, buyer_tax_id, net_total, tax_total, total, ifNull(items, '[]') AS items, model, extracted_at,
    if({grounding:Bool}, toJSONString(grounding), 'null') AS grounding
FROM invoices
LEFT ANY JOIN
(
    SELECT
        document,
        toNullable(toJSONString(arraySort(i -> i.line, groupArray(CAST((line, description, quantity, unit_price, amount),
            'Tuple(line UInt32, description String, quantity Nullable(Float64), unit_price Nullable(Float64), amount Nullable(Float64))'))))) AS items
    FROM invoice_lines
    GROUP BY document
) AS read USING document
WHERE 1
  AND document = {document:String}                                            -- if given
  AND invoice_number = {number:String}                                        -- if given
  AND positionCaseInsensitiveUTF8(ifNull(seller_name, ''), {seller:String}) > 0 -- if given
  AND positionCaseInsensitiveUTF8(ifNull(buyer_name, ''), {buyer:String}) > 0   -- if given
  AND invoice_date >= {from:Date32}                                           -- if given
  AND invoice_date < {to:Date32}                                              -- if given
