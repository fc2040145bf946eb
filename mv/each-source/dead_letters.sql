-- about: one row per {source} message that did not hold: its bytes as received, the reasons, where it came from
-- kind: dead-letters
CREATE MATERIALIZED VIEW IF NOT EXISTS {source}_dead_letters TO dead_letter_records AS
SELECT
    '{source}' AS source,
    toString(verdict) AS class, -- by name: the numbers of the two types differ
    multiIf(
        verdict = 'simulated', ['a field begins with its x-simulated marker: a failure that was asked for'],
        verdict = 'document' AND {document_content} != '' AND tryBase64Decode({document_content}) = '', ['the content is not base64'], -- if {document_content}
        verdict = 'document', [document.error], -- if {document_content}
        record.violations) AS violations,
    message AS payload,
    key,
    header_names,
    header_values,
    topic,
    partition,
    offset,
    origin,
    attempt,
    '{contract_hash}' AS contract,
    appended_at,
    judged_at AS failed_at,
    sent_at
FROM {source}_intake
WHERE verdict NOT IN ('ok', 'erased')
