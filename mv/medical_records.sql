-- about: one row per document each time an appointment was read from it
-- kind: records
-- contract: dental_appointment
CREATE MATERIALIZED VIEW IF NOT EXISTS medical_records_refresh
REFRESH AFTER 2 SECOND APPEND TO medical_records_rows AS
WITH
    {record_function}(asked_at, record) AS r,
    -- "Tuesday, March 3rd, 2026 at 2:30 PM" → "March 3, 2026"
    replaceRegexpAll(ifNull(r.scheduled_appointment_date, ''),
        '(?i)\\b(mon|tues|wednes|thurs|fri|satur|sun)day\\b,?|\\b(mon|tue|wed|thu|fri|sat|sun)\\b,?|\\b(at|on)\\b|[T, ]+[0-9]{1,2}(:[0-9]{2})+.*$|[T, ]+[0-9]{1,2} *[ap]m\\b.*$', ' ') AS day,
    trim(replaceRegexpAll(day, '(?i)([0-9])(st|nd|rd|th)\\b', '\\1')) AS plain_day
SELECT
    document,
    modified_at,
    identity,
    source_file_path,
    r.patient_name AS patient_name,
    r.patient_age AS patient_age,
    r.phone_number AS phone_number,
    r.scheduled_appointment_date AS scheduled_appointment_date,
    toDate32(if(match(plain_day, '^[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]{4}$'), parseDateTimeBestEffortOrNull(plain_day, 'UTC'),
        parseDateTimeBestEffortUSOrNull(plain_day, 'UTC'))) AS appointment_day,
    r.dental_procedure_name AS dental_procedure_name,
    r.doctor AS doctor,
    grounding,
    model,
    asked_at AS extracted_at
FROM extraction_records
WHERE (asked_at, identity) IN ({new_answers}) AND r.verdict = 'ok'
SETTINGS max_threads = 1
