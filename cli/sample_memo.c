/* cli/sample_memo: free text of a dental practice, in fifteen kinds: each speaks of one appointment, and of what only looks like
 * it. */
#include <stdio.h>

#include "cli/sample.h"

/* The words: name, first, age, phone, date, procedure, doctor are to be found; written, practice, practice_phone, clerk are not. */
static const struct {
    const char *kind, *text;
    bool columns;
} kinds[] = {
    { "letter",
      "{practice}\nTel. {practice_phone}\n\n{written}\n\nRe: {name}[, {age} years old]\n\nDear Sir or Madam,\n\n"
      "I am pleased to confirm that {name} has been scheduled for a {procedure} at our practice[ with {doctor}][ on {date}]. "
      "Please remind the patient not to eat for two hours before.[\n\nIf anything changes we shall call {phone}.]\n\nYours "
      "faithfully,\n"
      "{clerk}, reception\n",
      false },
    { "phone_note",
      "WHILE YOU WERE OUT\nTaken by: {clerk}   {written}\nCaller: {name}[ ({age})]\n[Call back: {phone}\n]"
      "Message: needs a {procedure}[, wants to see {doctor}]. [Booked for {date}. ]Was a bit nervous, please be kind.\n",
      false },
    { "email",
      "From: {clerk} <reception@example.com>\nTo: team@example.com\nDate: {written}\nSubject: new booking\n\nHi all,\n\n"
      "just booked {name} in for a {procedure}[ on {date}].[ {doctor} is taking this one.][ The patient is {age}, so please check "
      "the consent form.][ Best number to reach: {phone}.]\n\nThanks\n{clerk}\n",
      false },
    { "sms",
      "Hi {first}, this is {practice}: your {procedure}[ w/ {doctor}] is set[ for {date}]. Reply YES to confirm. "
      "(Pt: {name}[, age {age}][, cell {phone}])\n",
      false },
    { "form",
      "APPOINTMENT FORM                                  {practice}\n\nPatient name:      {name}\n[Age:               {age}\n]"
      "[Phone:             {phone}\n][Appointment:       {date}\n]Procedure:         {procedure}\n[Dentist:           {doctor}\n]"
      "Form received:     {written} by {clerk}\nSignature:         ____________________\n",
      true },
    { "table",
      "Day list {practice}\n\n| Field       | Entry                                  "
      "|\n|-------------|----------------------------------------|\n"
      "| Patient     | {name} |\n[| Age         | {age} |\n][| Telephone   | {phone} |\n][| When        | {date} |\n]"
      "| Treatment   | {procedure} |\n[| Dentist     | {doctor} |\n]| Entered by  | {clerk} |\n",
      true },
    { "dictation",
      "okay this is {clerk} dictating on {written} new entry patient is {name}[ aged {age}] came in with pain on the lower left we "
      "decided on a {procedure}[ comma appointment is {date}][ the treating dentist will be {doctor}][ phone on file is {phone}] "
      "full stop end of dictation\n",
      false },
    { "referral",
      "REFERRAL\nFrom: {clerk}, general practice\nTo: [{doctor}, ]{practice}\nDate of referral: {written}\n\nThank you for seeing "
      "this[ {age}-year-old] patient, {name}, for {procedure}.[ You kindly offered a slot on {date}.][ The patient can be reached "
      "at {phone}.] No known allergies.\n",
      false },
    { "sticky_note", "!! {name}\n{procedure}\n[{date}\n][{doctor}\n][tel {phone}\n][age {age}\n]-- {clerk}\n", false },
    { "voicemail",
      "[Voicemail transcript, received {written}, 0:41]\nHello, my name is {name}[, I'm {age} years old] and I was told I need a "
      "{procedure}.[ I think my appointment is {date}, is that right?][ It should be with {doctor}.][ Could you call me back on "
      "{phone}, please.] Thank you, bye.\n",
      false },
    { "insurance",
      "PRE-AUTHORISATION REQUEST                         Claim received {written}\nInsured person: {name}\n[Age at treatment: "
      "{age}\n]"
      "Planned treatment: {procedure}\n[Treating dentist: {doctor}\n][Planned date: {date}\n][Contact of the insured: {phone}\n]"
      "Submitted by {practice}, {practice_phone}\nReviewer: {clerk}\n",
      true },
    { "reminder",
      "*** APPOINTMENT REMINDER ***\n\n{name}\n\nWe look forward to seeing you[ on\n    {date}\n]for your {procedure}[\nwith "
      "{doctor}].\n\n"
      "Need to change it? Call {practice_phone}.\n[We have {phone} as your number.\n][Age on file: {age}\n]{practice}\n",
      false },
    { "chat",
      "{clerk} (09:02): good morning, who is next on the waiting list?\nfront desk (09:03): {name}[, {age}]\n"
      "{clerk} (09:03): what for?\nfront desk (09:04): {procedure}[, {doctor} would do it]\n[{clerk} (09:05): ok, give them "
      "{date}\n]"
      "[front desk (09:06): done, I called {phone}\n]",
      false },
    { "chart",
      "PROGRESS NOTE  {written}\nPt: {name}[  Age: {age}][  Ph: {phone}]\nS: intermittent pain, sensitive to cold.\nO: caries on "
      "radiograph, no swelling.\nA: treatment indicated.\nP: {procedure}[ with {doctor}][, scheduled {date}].\nNote by {clerk}, "
      "RDH\n",
      false },
    { "fax",
      "FAX   {practice}   {practice_phone}   page 1 of 1\nSent: {written} by "
      "{clerk}\n------------------------------------------------------\n"
      "RE: patient {name}[, {age} yrs][, phone {phone}]\n\nPlease note that the {procedure} of the above patient will take place"
      "[ on {date}][ and will be performed by {doctor}].\nConfidential: if this fax is not for you, destroy it.\n",
      true },
};

static const char *const first_names[] = { "Anna",  "Ben",   "Carla",       "Dmitri", "Elif", "Farid",
                                           "Grace", "Hiro",  "In\xc3\xa9s", "Jonas",  "Kofi", "Lena",
                                           "Mateo", "Nadia", "Oscar",       "Priya",  "Rosa", "Ren\xc3\xa9",
                                           "Tara",  "Umar",  "Vera",        "Walter", "Yara", "J\xc3\xbcrgen" };
static const char *const last_names[] = { "Okafor", "Schmidt", "Garcia",   "Ivanov",    "Tanaka",  "Nguyen",
                                          "Rossi",  "Dubois",  "Kowalski", "Andersson", "Patel",   "Silva",
                                          "Haddad", "Murphy",  "Novak",    "Jensen",    "O'Brien", "Mu\xc3\xb1oz",
                                          "Larsen", "Weber",   "van Dijk", "Smith-Lee", "Johnson", "Thompson" };
static const char *const procedures[] = { "root canal treatment", "teeth cleaning",      "wisdom tooth extraction",
                                          "dental crown fitting", "cavity filling",      "teeth whitening",
                                          "dental implant",       "bridge replacement",  "gum graft",
                                          "deep scaling",         "veneer consultation", "night guard fitting",
                                          "braces adjustment",    "denture repair",      "fluoride treatment",
                                          "tooth extraction" };
static const char *const dentists[] = { "Lovelace", "Hopper",   "Turing",  "Noether", "Ramanujan",
                                        "Curie",    "Franklin", "Meitner", "Chen",    "Abebe" };
static const char *const practices[] = { "Riverside Dental Care", "Bright Smile Clinic", "Dental Practice at the Park",
                                         "Old Town Dentistry" };
static const char *const clerks[] = { "Mona", "Trudy", "Pat", "Quinn", "Sasha" };

static void put_phone(char *out, size_t size, struct dice *d)
{
    static const char *const formats[] = { "(%03d) %03d-%04d", "%03d-%03d-%04d", "+1 %03d %03d %04d", "%03d.%03d.%04d" };
    int area = 200 + (int)dice_roll(d, 700), exchange = 200 + (int)dice_roll(d, 700), line = (int)dice_roll(d, 10000);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(out, size, DICE_PICK(d, formats), area, exchange, line);
#pragma GCC diagnostic pop
}

static void put_field(struct buf *b, const char *name, const char *value, bool text)
{
    buf_printf(b, "%s\"%s\": ", b->n > 1 ? ", " : "", name);
    if (value == NULL || !text)
        buf_puts(b, value != NULL ? value : "null");
    else
        buf_put_json(b, str_of(value));
}

static void write_memo(struct sample *s, int kind, struct dice *d)
{
    const int64_t base = 20454; /* 2026-01-01 */
    char name[64], age[8], phone[32], doctor[64], written_phone[32];
    struct buf date, written;
    buf_init(&date, 256);
    buf_init(&written, 256);
    const char *first = DICE_PICK(d, first_names);
    snprintf(name, sizeof name, "%s %s", first, DICE_PICK(d, last_names));
    snprintf(age, sizeof age, "%d", 4 + (int)dice_roll(d, 88));
    put_phone(phone, sizeof phone, d);
    put_phone(written_phone, sizeof written_phone, d);
    snprintf(doctor, sizeof doctor, "Dr. %s", DICE_PICK(d, dentists));
    int64_t day = base + (int64_t)dice_roll(d, 300);
    int minute = dice_roll(d, 4) > 0 ? 8 * 60 + 15 * (int)dice_roll(d, 38) : -1;
    /* A roll a statement: in which order a call's arguments are evaluated is the compiler's to say. */
    int format = (int)dice_roll(d, SAMPLE_DATE_FORMATS);
    sample_put_date(&date, day + 3 + (int64_t)dice_roll(d, 60), minute, format);
    sample_put_date(&written, day, -1, (int)dice_roll(d, SAMPLE_DATE_FORMATS));
    /* Three of four documents say it all; what is left out of the others must not be made up. */
    bool whole = dice_roll(d, 4) > 0;
    const char *has_age = whole || dice_roll(d, 2) ? age : NULL, *has_phone = whole || dice_roll(d, 2) ? phone : NULL;
    const char *has_date = whole || dice_roll(d, 3) ? buf_text(&date) : NULL,
               *has_doctor = whole || dice_roll(d, 2) ? doctor : NULL;
    const char *procedure = DICE_PICK(d, procedures);
    const char *const pairs[] = { "name",
                                  name,
                                  "first",
                                  first,
                                  "procedure",
                                  procedure,
                                  "written",
                                  buf_text(&written),
                                  "practice",
                                  DICE_PICK(d, practices),
                                  "clerk",
                                  DICE_PICK(d, clerks),
                                  "practice_phone",
                                  written_phone,
                                  has_age != NULL ? "age" : "",
                                  has_age != NULL ? has_age : "",
                                  has_phone != NULL ? "phone" : "",
                                  has_phone != NULL ? has_phone : "",
                                  has_date != NULL ? "date" : "",
                                  has_date != NULL ? has_date : "",
                                  has_doctor != NULL ? "doctor" : "",
                                  has_doctor != NULL ? has_doctor : "",
                                  NULL };
    s->kind = kinds[kind].kind;
    s->columns = kinds[kind].columns;
    sample_fill(&s->text, kinds[kind].text, pairs);
    buf_putc(&s->truth, '{');
    put_field(&s->truth, "patient_name", name, true);
    put_field(&s->truth, "patient_age", has_age, false);
    put_field(&s->truth, "phone_number", has_phone, true);
    put_field(&s->truth, "scheduled_appointment_date", has_date, true);
    put_field(&s->truth, "dental_procedure_name", procedure, true);
    put_field(&s->truth, "doctor", has_doctor, true);
    buf_puts(&s->truth, "}\n");
    s->text.failed = s->text.failed || date.failed || written.failed;
    buf_fini(&date);
    buf_fini(&written);
}

const struct sampler sampler_dental_appointment = {
    .contract = "dental_appointment",
    .kinds = sizeof kinds / sizeof *kinds,
    .write = write_memo,
};
