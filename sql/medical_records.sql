-- about: one row per document of contract dental_appointment: the appointment that it speaks of
CREATE VIEW IF NOT EXISTS medical_records AS
SELECT
    document,
    source_file_path,
    patient_name,
    patient_age,
    phone_number,
    scheduled_appointment_date,
    appointment_day,
    dental_procedure_name,
    doctor,
    grounding,
    model,
    modified_at,
    extracted_at
FROM medical_records_rows FINAL
