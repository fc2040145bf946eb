-- about: appointments that were read from documents, newest first
-- order: extracted_at desc, document desc
-- scope: read:medical_records
-- json: grounding
-- param document: only what was read from this document
-- param patient: only patients with this in their name, in any case. 1 to 200
-- param doctor: only those whom a doctor with this in the name treats. 1 to 200
-- param procedure: only procedures with this in their name. 1 to 200
-- param from: only appointments on this day or later
-- param to: only appointments before this day
-- param grounding: with where each value stands in the document: its words, and the bytes of the text from start to before end. default false
SELECT document, source_file_path, patient_name, patient_age, phone_number, scheduled_appointment_date, appointment_day,
    dental_procedure_name, doctor, model, extracted_at,
    if({grounding:Bool}, toJSONString(grounding), 'null') AS grounding
FROM medical_records
WHERE 1
  AND document = {document:String}                                                   -- if given
  AND positionCaseInsensitiveUTF8(patient_name, {patient:String}) > 0                -- if given
  AND positionCaseInsensitiveUTF8(ifNull(doctor, ''), {doctor:String}) > 0           -- if given
  AND positionCaseInsensitiveUTF8(ifNull(dental_procedure_name, ''), {procedure:String}) > 0 -- if given
  AND appointment_day >= {from:Date32}                                               -- if given
  AND appointment_day < {to:Date32}                                                  -- if given
